"""Statements on holds. Private to the escrow and the flows that compose them; no Django here.

A hold is locked before it is moved, after its order if that is locked too; timers skip what somebody else has locked.
"""

from __future__ import annotations

from xinka.escrow.hold import NAMES
from xinka.escrow.terms import COMMISSION_BPS, RESERVE_BPS, RESERVE_FOR, WINDOWS

_KINDS = ", ".join(f"('{kind}', {window.confirm_for}, {window.after_sale_for})" for kind, window in WINDOWS.items())
_OTHER = WINDOWS["card_code"]
COLUMNS = ", ".join(NAMES)

#: How long before the end of the time to check the buyer is reminded, as SQL of its length in seconds.
_LEAD = "least(86400, {0} / 4)"


def holds_of(source: str) -> str:
    """Return the statement that makes the holds of delivered orders, which ``source`` names in its column ``subject``.

    The terms of the moment are written into each hold: of the category, else of the kind, else built in.
    """
    return f"""
INSERT INTO escrow_hold (order_id, merchant_id, kind, amount, discount_platform, currency, commission_bps, reserve_bps, reserve_seconds,
  confirm_seconds, after_sale_seconds, due_at, remind_at, delivered_at)
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

LOCK = f"SELECT {COLUMNS} FROM escrow_hold WHERE order_id = $1 FOR UPDATE"

#: What a timer finds: $1 now, $2 how many at most, $3 the timer.
LOCK_DUE = f"""
SELECT {COLUMNS} FROM escrow_hold WHERE due_at <= $1::timestamptz AND due_event = $3 AND n_stops = 0
ORDER BY due_at, order_id LIMIT $2 FOR UPDATE SKIP LOCKED
"""

#: Take the reminders that are due; who is reminded is who still has time.
TAKE_REMINDERS = """
WITH due AS (
  SELECT order_id FROM escrow_hold WHERE remind_at <= $1::timestamptz ORDER BY remind_at, order_id LIMIT $2
  FOR UPDATE SKIP LOCKED)
UPDATE escrow_hold h SET remind_at = NULL FROM due d WHERE h.order_id = d.order_id
RETURNING h.order_id, h.state = 'held' AND h.n_stops = 0 AND coalesce(h.due_at > $1::timestamptz, false)
"""

#: Write moved holds and a line of history for each, if each still has the version it was read with.
SAVE = """
WITH new AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::text[], $10::smallint[], $11::timestamptz[], $12::text[], $13::int[], $14::timestamptz[],
    $15::timestamptz[], $16::timestamptz[], $17::bigint[], $18::text[])
  AS t(order_id, version, state, refunded, released, commission, reserved, subsidy, frozen_from, n_stops, due_at,
    due_event, rest_seconds, remind_at, released_at, settled_at, moved, source)),
saved AS (
  UPDATE escrow_hold h SET version = h.version + 1, state = n.state, refunded = n.refunded, released = n.released,
    commission = n.commission, reserved = n.reserved, subsidy = n.subsidy, frozen_from = n.frozen_from,
    n_stops = n.n_stops, due_at = n.due_at, due_event = n.due_event, rest_seconds = n.rest_seconds,
    remind_at = n.remind_at, released_at = n.released_at, settled_at = n.settled_at
  FROM new n WHERE h.order_id = n.order_id AND h.version = n.version
  RETURNING h.order_id, h.version, n.source, n.state, n.moved),
told AS (
  INSERT INTO escrow_holdstep (order_id, version, event, source, target, amount, role, by_id, note, at)
  SELECT order_id, version, $19, source, state, moved, $20, $21::bigint, $22, $23::timestamptz FROM saved)
SELECT order_id FROM saved
"""

OPEN_STOP = """
INSERT INTO escrow_stop (order_id, cause, ref, since) VALUES ($1, $2, $3, $4::timestamptz)
ON CONFLICT (order_id, cause, ref) DO UPDATE SET ended_at = NULL WHERE escrow_stop.ended_at IS NOT NULL RETURNING id
"""

CLOSE_STOP = """
UPDATE escrow_stop SET ended_at = $4::timestamptz WHERE order_id = $1 AND cause = $2 AND ref = $3 AND ended_at IS NULL
RETURNING id
"""

#: The receipts that paid an order, with what of each did not go back yet: newest first, as a person would give back.
RETURNABLE = """
SELECT r.channel_id, r.trade_no, r.currency, r.amount - coalesce((
    SELECT sum(f.amount) FROM payments_refund f WHERE f.channel_id = r.channel_id AND f.trade_no = r.trade_no), 0)
FROM (
  SELECT channel_id, trade_no, currency, amount, received_at FROM payments_receipt
  WHERE order_id = $1 AND outcome <> 'settled' AND outcome IN ('short', 'over', 'late_settled')
  UNION ALL
  SELECT r.channel_id, r.trade_no, r.currency, r.amount, r.received_at FROM payments_receipt r
  JOIN orders_order o ON o.id = $1 AND r.received_at = o.paid_at
  WHERE r.order_id = $1 AND r.outcome = 'settled') r
ORDER BY r.received_at DESC, r.channel_id, r.trade_no
"""

GIVEN_BACK = "SELECT order_id, asked, amount, reason, goes_to FROM escrow_givenback WHERE key = $1"

RECORD_GIVEN_BACK = """
INSERT INTO escrow_givenback (key, order_id, asked, amount, reason, goes_to, role, by_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz)
"""

#: What sellers have in reserve: claims on other orders may have used it.
RESERVES = """
SELECT owner_id, currency, -amount FROM ledger_balance WHERE account = $1 AND owner_id = ANY($2::bigint[])
"""

INSERT_SPLIT = """
INSERT INTO escrow_split (id, key, order_id, action, state, channel_id, trade_no, amount, currency, receiver,
  origin_id, created_at)
VALUES ($1, $2, $3, $4, 'due', $5, $6, $7, $8, coalesce(
  (SELECT account FROM escrow_receiver WHERE merchant_id = $9 AND channel_id = $5), ''), $10, $11::timestamptz)
ON CONFLICT (key) DO NOTHING RETURNING id
"""

SPLITS = """
SELECT id, action, state, channel_id, trade_no, amount FROM escrow_split
WHERE order_id = $1 AND action = ANY($2::text[]) AND state <> 'dropped' ORDER BY created_at, id FOR UPDATE
"""

DROP_SPLITS = "UPDATE escrow_split SET state = 'dropped' WHERE id = ANY($1::uuid[]) AND state = 'due'"
