"""Orders that were delivered before there was escrow get their holds, on the terms that are built in."""

from __future__ import annotations

from django.db import migrations

from xinka.escrow.terms import WINDOWS

_KINDS = ", ".join(f"('{kind}', {window.confirm_for}, {window.after_sale_for})" for kind, window in WINDOWS.items())

MAKE = f"""
INSERT INTO escrow_hold (order_id, merchant_id, kind, amount, currency, commission_bps, reserve_bps, reserve_seconds,
  confirm_seconds, after_sale_seconds, due_at, remind_at, delivered_at)
SELECT o.id, o.merchant_id, w.kind, o.amount, o.currency, 0, 0, 0, w.confirm_for, w.after_sale_for,
  greatest(o.delivered_at, now()) + w.confirm_for * interval '1 second',
  greatest(o.delivered_at, now()) + w.confirm_for * interval '0.75 second', o.delivered_at
FROM orders_order o JOIN catalog_sku s ON s.id = o.sku_id JOIN catalog_product p ON p.id = s.product_id
JOIN (VALUES {_KINDS}) AS w(kind, confirm_for, after_sale_for) ON w.kind = p.kind
WHERE o.state = 'delivered' ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """The time to check begins now, so that nobody's ends without a letter."""

    dependencies = [("escrow", "0002_receipts_by_time"), ("orders", "0003_chosen_code"), ("catalog", "0001_initial")]
    operations = [migrations.RunSQL(MAKE, migrations.RunSQL.noop)]
