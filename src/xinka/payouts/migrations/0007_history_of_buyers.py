"""A buyer's payouts, the newest first."""

from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('payouts', '0006_of_buyers_proved'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='payout',
            index=models.Index(condition=models.Q(('buyer__isnull', False)), fields=['buyer', '-asked_at'], name='payout_history_of_buyer'),
        ),
    ]
