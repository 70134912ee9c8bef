"""Statements of the escrow that read other rooms' tables; the relay makes holds with one of them."""

from __future__ import annotations

from xinka.escrow.terms import COMMISSION_BPS, RESERVE_BPS, RESERVE_FOR, WINDOWS

_KINDS = ", ".join(f"('{kind}', {window.confirm_for}, {window.after_sale_for})" for kind, window in WINDOWS.items())
_OTHER = WINDOWS["card_code"]

#: How long before the end of the time to check the buyer is reminded, as SQL of its length in seconds.
_LEAD = "least(86400, {0} / 4)"


def holds_of(source: str) -> str:
    """Return the statement that makes the holds of delivered orders, which ``source`` names in its column ``subject``.

    The terms of the moment are written into each hold: of the category, else of the kind, else built in.
    """
    return f"""
INSERT INTO escrow_hold (order_id, merchant_id, kind, amount, discount_platform, currency, commission_bps,
  reserve_bps, reserve_seconds, confirm_seconds, after_sale_seconds, due_at, remind_at, delivered_at)
SELECT o.id, o.merchant_id, p.kind, o.amount,
  coalesce((SELECT sum(u.amount) FROM promotions_use u
    WHERE u.order_id = o.id AND u.funded_by = 'platform' AND u.state <> 'returned'), 0), o.currency,
  coalesce(m.commission_bps, s.commission_bps, {COMMISSION_BPS}), coalesce(m.reserve_bps, s.reserve_bps, {RESERVE_BPS}),
  coalesce(m.reserve_seconds, s.reserve_seconds, {RESERVE_FOR}), w.confirm_for,
  coalesce(c.after_sale_seconds, k.after_sale_seconds, b.after_sale_for, {_OTHER.after_sale_for}),
  o.delivered_at + w.confirm_for * interval '1 second',
  o.delivered_at + (w.confirm_for - {_LEAD.format("w.confirm_for")}) * interval '1 second', o.delivered_at
FROM ({source}) asked JOIN orders_order o ON o.id = asked.subject AND o.state = 'delivered'
JOIN catalog_sku v ON v.id = o.sku_id JOIN catalog_product p ON p.id = v.product_id
LEFT JOIN (VALUES {_KINDS}) AS b(kind, confirm_for, after_sale_for) ON b.kind = p.kind
LEFT JOIN escrow_terms c ON c.scope = 'category:' || p.category_id
LEFT JOIN escrow_terms k ON k.scope = 'kind:' || p.kind
LEFT JOIN escrow_terms m ON m.scope = 'merchant:' || o.merchant_id
LEFT JOIN escrow_terms s ON s.scope = 'shop'
CROSS JOIN LATERAL (SELECT coalesce(c.confirm_seconds, k.confirm_seconds, b.confirm_for, {_OTHER.confirm_for})
  AS confirm_for) w
ORDER BY o.id ON CONFLICT (order_id) DO NOTHING
"""


ENSURE = holds_of("SELECT unnest($1::uuid[]) AS subject")

#: The receipts that paid an order, with what of each did not go back yet: newest first, as a person would give back.
RETURNABLE = """
SELECT r.channel_id, r.trade_no, r.currency, r.amount - coalesce((
    SELECT sum(f.amount) FROM payments_refund f WHERE f.channel_id = r.channel_id AND f.trade_no = r.trade_no), 0)
FROM (
  SELECT channel_id, trade_no, currency, amount, received_at FROM payments_receipt
  WHERE order_id = $1 AND outcome <> 'settled' AND outcome IN ('short', 'over', 'late_settled', 'matched')
  UNION ALL
  SELECT r.channel_id, r.trade_no, r.currency, r.amount, r.received_at FROM payments_receipt r
  JOIN orders_order o ON o.id = $1 AND r.received_at = o.paid_at
  WHERE r.order_id = $1 AND r.outcome = 'settled') r
ORDER BY r.received_at DESC, r.channel_id, r.trade_no
"""

#: What sellers ($2) have in their accounts ($1), kept so until the transaction ends: claims on other orders may use the
#: reserve. Rows are locked in the order in which the books lock them.
BALANCES = """
SELECT account, owner_id, currency, -amount FROM ledger_balance
WHERE account = ANY($1::smallint[]) AND owner_id = ANY($2::bigint[]) ORDER BY account, owner_id, currency FOR UPDATE
"""
