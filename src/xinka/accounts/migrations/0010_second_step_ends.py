from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_saved_filters'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='second_step_ends_at',
            field=models.DateTimeField(blank=True, help_text='when staff take the second step off, unless its person says no', null=True),
        ),
    ]
