"""Refunds get a key of their own and a destination, channels their fees and devices, and other notices a place."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

FILL = "UPDATE payments_refund SET key = channel_id || '/' || trade_no || '/' || reason"
REASONS = ("late", "overpaid", "double", "underpaid", "seller", "dispute", "staff", "recall")


class Migration(migrations.Migration):

    dependencies = [("payments", "0002_storage")]

    operations = [
        migrations.AddField("channel", "devices", models.CharField(max_length=8, choices=[("all", "Everywhere"), ("phone", "On phones"), ("desktop", "On computers")], default="all", db_default="all")),
        migrations.AddField("channel", "fee_bps", models.PositiveIntegerField(default=0, db_default=0)),
        migrations.AddField("channel", "fee_fixed", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddConstraint("channel", models.CheckConstraint(name="channel_devices", condition=models.Q(devices__in=["all", "phone", "desktop"]))),
        migrations.AddConstraint("channel", models.CheckConstraint(name="channel_fees", condition=models.Q(fee_bps__lte=10_000, fee_fixed__gte=0))),
        migrations.RemoveConstraint("refund", "refund_once"),
        migrations.AlterField("refund", "reason", models.CharField(max_length=10, choices=[(r, r) for r in REASONS])),
        migrations.AddField("refund", "key", models.TextField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("refund", "key", models.TextField(unique=True)),
        migrations.AddField("refund", "goes_to", models.CharField(max_length=8, choices=[("channel", "channel"), ("wallet", "wallet")], default="channel", db_default="channel")),
        migrations.AddField("refund", "gateway_refund_no", models.TextField(default="", db_default="")),
        migrations.AddConstraint("refund", models.CheckConstraint(name="refund_goes_to", condition=models.Q(goes_to__in=["channel", "wallet"]))),
        migrations.CreateModel(
            name="ProviderEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.TextField()),
                ("about", models.CharField(max_length=8)),
                ("subject_no", models.TextField(default="", db_default="")),
                ("out_trade_no", models.TextField(default="", db_default="")),
                ("trade_no", models.TextField(default="", db_default="")),
                ("amount", models.BigIntegerField(default=0, db_default=0)),
                ("currency", models.CharField(max_length=3)),
                ("status", models.TextField(default="", db_default="")),
                ("received_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(null=True)),
                ("channel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="payments.channel")),
            ],
            options={
                "indexes": [models.Index(fields=["received_at"], condition=models.Q(handled_at=None), name="provider_event_open")],
                "constraints": [models.UniqueConstraint(fields=("channel", "event_id"), name="provider_event_once")],
            },
        ),
    ]
