"""Payouts that are paid and still asked about, by when."""

from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('payouts', '0010_returns'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='payout',
            index=models.Index(condition=models.Q(('due_at__isnull', False), ('state', 'paid')), fields=['due_at'], name='payout_looked_after'),
        ),
    ]
