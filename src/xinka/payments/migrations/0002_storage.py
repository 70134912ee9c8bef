"""Leave room in each page of payments, so that settling one stays in its page and touches no index (HOT)."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Storage parameters."""

    dependencies = [("payments", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE payments_payment SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE payments_payment RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        )
    ]
