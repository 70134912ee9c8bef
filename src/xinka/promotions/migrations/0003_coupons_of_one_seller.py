"""A coupon of the platform may be good for one merchant alone."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

SCOPES = [
    ("all", "Everything"),
    ("merchant", "One merchant"),
    ("category", "One category"),
    ("product", "One product"),
    ("sku", "One variant"),
]


class Migration(migrations.Migration):

    dependencies = [("promotions", "0002_booked_amount")]

    operations = [
        migrations.RemoveConstraint("coupon", "coupon_scope"),
        migrations.AddField("coupon", "seller", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant")),
        migrations.AlterField("coupon", "scope", models.CharField(choices=SCOPES, default="all", max_length=8)),
        migrations.AddConstraint("coupon", models.CheckConstraint(condition=models.Q(("scope__in", [scope for scope, _ in SCOPES])), name="coupon_scope")),
    ]
