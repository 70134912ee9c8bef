"""Merchants hear once that nothing is left. What was told to run low before this counts as told of that as well."""

from __future__ import annotations

from django.db import migrations, models

TOLD = """
UPDATE catalog_sku SET sold_out_alerted_at = low_stock_alerted_at WHERE low_stock_alerted_at IS NOT NULL
"""


class Migration(migrations.Migration):
    """One more column, empty until the next variant sells out."""

    dependencies = [("catalog", "0002_both_languages")]

    operations = [
        migrations.AddField(
            model_name="sku",
            name="sold_out_alerted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(TOLD, migrations.RunSQL.noop),
    ]
