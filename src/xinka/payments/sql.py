"""Statements on payments, receipts and refunds. Private to payments and the flows that compose them."""

from __future__ import annotations

INSERT_WON = """
attempted AS (
  INSERT INTO payments_payment (id, order_id, channel_id, amount, currency, state, created_at)
  SELECT payment_id, order_id, channel_id, amount, currency, 'pending', now() FROM won)
"""

#: Without a lock, which order a payment belongs to: orders are locked before payments, everywhere.
ORDER_OF = "SELECT order_id, channel_id, amount, currency, state FROM payments_payment WHERE id = $1"

RECEIPT_OF = """
SELECT payment_id, amount, currency, outcome, order_id FROM payments_receipt WHERE channel_id = $1 AND trade_no = $2
"""

INSERT_RECEIPT = """
INSERT INTO payments_receipt (channel_id, trade_no, payment_id, order_id, amount, currency, outcome, journal_id,
  received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())
ON CONFLICT (channel_id, trade_no) DO NOTHING RETURNING 1
"""

LOCK_RECEIPT = "SELECT 1 FROM payments_receipt WHERE channel_id = $1 AND trade_no = $2 FOR UPDATE"
#: The journal of money that belongs to no order and does not go back; true of it only under the receipt's lock.
STRAY_JOURNAL = """
SELECT journal_id FROM payments_receipt r WHERE channel_id = $1 AND trade_no = $2 AND outcome = 'unmatched'
  AND NOT EXISTS (SELECT FROM payments_refund f WHERE f.channel_id = r.channel_id AND f.trade_no = r.trade_no)
"""

#: Whoever changes the row has the money: $3 and $4 are the amount and currency the reader saw, $5 the order, $6 the
#: outcome. Where people found the order the receipt keeps naming no payment ($7): the gateway knows this money by its
#: own number alone.
TAKE_OVER = """
UPDATE payments_receipt SET order_id = $5, outcome = $6, payment_id = $7
WHERE channel_id = $1 AND trade_no = $2 AND outcome = 'unmatched' AND order_id IS NULL AND amount = $3 AND currency = $4
RETURNING 1
"""

MARK_PAID = "UPDATE payments_payment SET state = 'paid', paid_at = now() WHERE id = $1 AND state <> 'paid'"

#: $8 is the key that makes it happen once; without one, a payment is refunded once for a reason.
INSERT_REFUND = """
INSERT INTO payments_refund (id, order_id, channel_id, trade_no, amount, currency, reason, key, goes_to, state,
  created_at)
VALUES ($1, $2, $3::int, $4::text, $5, $6, $7::text, coalesce($8::text, $3::int || '/' || $4::text || '/' || $7::text),
  $9::text, 'due', now()) ON CONFLICT (key) DO NOTHING RETURNING 1
"""

#: Money held for an order that did not buy its goods yet.
HELD_RECEIPTS = """
SELECT channel_id, trade_no, amount, currency FROM payments_receipt
WHERE order_id = $1 AND outcome = 'short' ORDER BY received_at
"""

RELEASE_HELD = """
UPDATE payments_receipt SET outcome = 'short_refunded' WHERE channel_id = $1 AND trade_no = $2 AND outcome = 'short'
"""

#: A notice about a refund or a dispute, once per channel and event.
KEEP_EVENT = """
INSERT INTO payments_providerevent (channel_id, event_id, about, subject_no, out_trade_no, trade_no, amount, currency,
  status, due_at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now()) ON CONFLICT (channel_id, event_id) DO NOTHING RETURNING id
"""

#: Attempts to pay these orders that a gateway knows of; $2 names the kinds of gateway that cannot close any.
PREPARED_OF = """
SELECT p.id FROM payments_payment p JOIN payments_channel c ON c.id = p.channel_id
WHERE p.order_id = ANY($1::uuid[]) AND p.state = 'pending' AND (p.pay_url IS NOT NULL OR p.qr_text IS NOT NULL)
  AND c.provider <> ALL($2::text[])
"""
