"""Prove what a migration before put down, while the shop goes on taking money."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_entries_of_wallet_in_transit'),
    ]

    operations = [
        ValidateConstraint(model_name='balance', name='balance_overdraft'),
    ]
