from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False  # holds are as many as orders, and they move meanwhile

    dependencies = [
        ('escrow', '0006_staff_refunds'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='hold',
            index=models.Index(condition=models.Q(('state__in', ['held', 'aftersale', 'frozen'])), fields=['merchant_id', 'state'], name='hold_live'),
        ),
    ]
