from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False  # as many as orders, and they move meanwhile

    dependencies = [
        ('escrow', '0007_live_holds'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='hold',
            index=models.Index(condition=models.Q(('n_stops__gt', 0)), fields=['delivered_at'], name='hold_stopped'),
        ),
    ]
