"""Leave room in each page of orders, so that the settling update stays in its page and touches no index (HOT)."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Storage parameters."""

    dependencies = [("orders", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE orders_order SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE orders_order RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        )
    ]
