from django.db import migrations, models

from xinka.platform.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False  # people sign in and up meanwhile

    dependencies = [
        ('accounts', '0007_cache_knows_its_clock'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='user',
            index=models.Index(condition=models.Q(('is_staff', True)), fields=['email'], name='user_staff'),
        ),
    ]
