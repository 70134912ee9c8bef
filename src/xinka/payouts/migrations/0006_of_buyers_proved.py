"""Prove what the migration before put down, while payouts go on."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payouts', '0005_of_buyers'),
    ]

    operations = [
        ValidateConstraint(model_name='payout', name='payout_of_one'),
    ]
