from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="deliveredcode",
            name="replaces",
            field=models.IntegerField(
                help_text="the position of a bad code that this one was given for", null=True
            ),
        ),
    ]
