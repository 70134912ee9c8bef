"""Buyers' balances can be paid out by the same machine as merchants' money."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0003_stopped_for_closing'),
        ('payouts', '0004_called_back'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='payout',
            name='buyer',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payoutaccount',
            name='buyer',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payouthold',
            name='buyer',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='payout',
            name='merchant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='merchants.merchant'),
        ),
        migrations.AlterField(
            model_name='payoutaccount',
            name='merchant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='merchants.merchant'),
        ),
        migrations.AlterField(
            model_name='payouthold',
            name='merchant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='merchants.merchant'),
        ),
        migrations.AddIndex(
            model_name='payoutaccount',
            index=models.Index(condition=models.Q(('buyer__isnull', False)), fields=['buyer'], name='payout_account_of_buyer'),
        ),
        migrations.AddIndex(
            model_name='payouthold',
            index=models.Index(condition=models.Q(('lifted_at', None)), fields=['buyer'], name='payout_hold_of_buyer'),
        ),
        AddConstraintNotValid(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('buyer__isnull', False), ('merchant__isnull', True)), models.Q(('buyer__isnull', True), ('merchant__isnull', False)), _connector='OR'), name='payout_of_one'),
        ),
        migrations.AddConstraint(
            model_name='payoutaccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('buyer__isnull', False), ('merchant__isnull', True)), models.Q(('buyer__isnull', True), ('merchant__isnull', False)), _connector='OR'), name='payout_account_of_one'),
        ),
        migrations.AddConstraint(
            model_name='payouthold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('buyer__isnull', False), ('merchant__isnull', True)), models.Q(('buyer__isnull', True), ('merchant__isnull', False)), _connector='OR'), name='payout_hold_of_one'),
        ),
    ]
