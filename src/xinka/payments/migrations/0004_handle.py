"""A payment keeps what its provider wants to be asked by, where our own number is not enough."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("payments", "0003_refunds_and_channels")]

    operations = [
        migrations.AddField("payment", "handle", models.TextField(default="", db_default="", help_text="what the provider wants to be asked by")),
    ]
