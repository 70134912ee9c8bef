"""A gift card is booked in proportion to what the seller got, so the flag becomes an amount."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("promotions", "0001_initial")]

    operations = [
        migrations.RemoveField("use", "booked"),
        migrations.AddField("use", "booked", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("giftcard", "redeemed", models.BigIntegerField(default=0, db_default=0)),
    ]
