from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False  # orders use coupons meanwhile

    dependencies = [
        ('promotions', '0003_coupons_of_one_seller'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='use',
            index=models.Index(condition=models.Q(('coupon__isnull', False)), fields=['coupon', '-at'], name='use_of_coupon'),
        ),
    ]
