"""Statements on orders. Private to orders and the flows that compose them."""

from __future__ import annotations

INSERT_WON = """
placed AS (
  INSERT INTO orders_order (id, merchant_id, sku_id, title, title_en, quantity, amount, currency, state, request_key,
    request_hash,
    contact, contact_key, password_key, language, placed_at, expires_at, chosen_code_id)
  SELECT order_id, merchant_id, sku_id, title, title_en, quantity, amount, currency, 'awaiting_payment', request_key,
    request_hash,
    contact, contact_key, password_key, language, now(), now() + $15::int * interval '1 second', nullif(code_id, 0)
  FROM won)
"""

STATES = "SELECT id, state FROM orders_order WHERE id = ANY($1::uuid[])"

LOCK_ONE = """
SELECT id, sku_id, quantity, amount, currency, state, chosen_code_id FROM orders_order WHERE id = $1 FOR UPDATE
"""

#: Who asked for this earlier: the answer to a repeated request.
BY_REQUEST = """
SELECT o.id, o.request_hash, o.amount,
  (SELECT p.id FROM payments_payment p WHERE p.order_id = o.id ORDER BY p.created_at, p.id LIMIT 1)
FROM orders_order o WHERE o.request_key = $1::uuid
"""

#: The key of an order that can still be paid, if it was asked for in just these words.
OPEN_REQUEST = """
SELECT o.request_key FROM orders_order o
WHERE o.id = $1 AND o.request_hash = $2 AND o.state IN ('awaiting_payment', 'part_paid') AND o.expires_at > now()
"""

DELIVER_ONE = """
UPDATE orders_order SET state = 'delivered', paid_at = coalesce(paid_at, now()), delivered_at = now()
WHERE id = $1 AND state = ANY($2::text[])
"""

MOVE_ONE = """
UPDATE orders_order SET state = $2::text, closed_at = CASE WHEN $2::text IN ('expired', 'cancelled', 'refunded') THEN
  now() ELSE closed_at END
WHERE id = $1 AND state = ANY($3::text[])
"""
