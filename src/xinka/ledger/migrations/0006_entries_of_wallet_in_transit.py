"""Entries say whose money is on its way out. They are as many as the shop is old: none is read here."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_wallet_in_transit'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_owner',
        ),
        AddConstraintNotValid(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owner_id__isnull', True), models.Q(('account__in', [7, 8, 9, 10, 11, 12, 13, 22, 25]), _negated=True)), models.Q(('owner_id__isnull', False), ('account__in', [7, 8, 9, 10, 11, 12, 13, 22, 25])), _connector='OR'), name='entry_owner'),
        ),
    ]
