# Orders of the time before stay as they are: which English title they were sold under is not known any more.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0003_chosen_code'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='title_en',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
