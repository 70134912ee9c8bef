"""Queue tables live by deletion: vacuum them early, or every sale walks over the rows of those before it."""

from __future__ import annotations

from django.db import migrations

_EARLY = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0"
_EARLY_NAMES = "autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay"


class Migration(migrations.Migration):
    """Storage parameters."""

    dependencies = [("stock", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE stock_unsold SET ({_EARLY}); ALTER TABLE stock_reservation SET ({_EARLY});",
            f"ALTER TABLE stock_unsold RESET ({_EARLY_NAMES}); ALTER TABLE stock_reservation RESET ({_EARLY_NAMES});",
        ),
        # An envelope is random bytes: compressing it only costs.
        migrations.RunSQL(
            "ALTER TABLE stock_stockcode ALTER COLUMN envelope SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
    ]
