from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False  # orders use sales meanwhile

    dependencies = [
        ('promotions', '0004_uses_of_a_coupon'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='use',
            index=models.Index(condition=models.Q(('sale__isnull', False)), fields=['sale', '-at'], name='use_of_sale'),
        ),
    ]
