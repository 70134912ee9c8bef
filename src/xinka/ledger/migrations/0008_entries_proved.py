"""Prove what a migration before put down, while the shop goes on taking money."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0007_balances_proved'),
    ]

    operations = [
        ValidateConstraint(model_name='entry', name='entry_owner'),
    ]
