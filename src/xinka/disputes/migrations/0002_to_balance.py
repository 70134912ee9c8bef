from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('disputes', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='to_balance',
            field=models.BooleanField(db_default=False, default=False, help_text='what goes back, goes into a balance'),
        ),
    ]
