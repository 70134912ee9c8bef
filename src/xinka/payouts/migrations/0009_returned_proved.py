"""Prove what the migration before put down, while payouts go on."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payouts', '0008_returned'),
    ]

    operations = [
        ValidateConstraint(model_name='payout', name='payout_state'),
        ValidateConstraint(model_name='payout', name='payout_finished'),
    ]
