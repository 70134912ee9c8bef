import django.db.models.deletion
from django.db import migrations, models

STATES = ["waiting", "paid", "failed", "expired", "closed", "refunded"]


class Migration(migrations.Migration):

    dependencies = [("sandbox", "0002_many_protocols")]

    operations = [
        migrations.RemoveField("sandboxmerchant", "key"),
        migrations.RemoveField("sandboxmerchant", "sign_type"),
        migrations.RemoveField("sandboxmerchant", "key_label"),
        migrations.AddField("sandboxtrade", "currency", models.CharField(default="CNY", max_length=3)),
        migrations.AddField("sandboxtrade", "facts", models.JSONField(default=dict)),
        migrations.AlterField("sandboxtrade", "trade_no", models.CharField(max_length=64, unique=True)),
        migrations.AlterField("sandboxtrade", "name", models.CharField(max_length=256)),
        migrations.AlterField("sandboxtrade", "param", models.CharField(blank=True, max_length=512)),
        migrations.AlterField("sandboxtrade", "notify_url", models.TextField(blank=True)),
        migrations.AlterField(
            "sandboxtrade",
            "state",
            models.CharField(choices=[(state, state) for state in STATES], default="waiting", max_length=8),
        ),
        migrations.RemoveConstraint("sandboxtrade", "sandbox_trade_state"),
        migrations.AddConstraint(
            "sandboxtrade",
            models.CheckConstraint(condition=models.Q(("state__in", STATES)), name="sandbox_trade_state"),
        ),
        migrations.RemoveField("notifyattempt", "fields"),
        migrations.AddField("notifyattempt", "url", models.TextField(default=""), preserve_default=False),
        migrations.AddField("notifyattempt", "headers", models.JSONField(default=dict)),
        migrations.AddField("notifyattempt", "body", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.CreateModel(
            name="SandboxRefund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("refund_no", models.CharField(max_length=64, unique=True)),
                ("out_refund_no", models.CharField(max_length=64)),
                ("money", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "trade",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="sandbox.sandboxtrade"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("trade", "out_refund_no"), name="sandbox_refund_once")
                ],
            },
        ),
        migrations.AddField(
            "sandboxentry",
            "refund",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="sandbox.sandboxrefund",
            ),
        ),
    ]
