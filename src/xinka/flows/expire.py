"""Expiry: reservations whose time is over go back to the queue, and part payments go back to the buyer. No Django here.

Whoever deletes the reservation has the codes, so a payment that arrives in the same moment either finds them still
reserved or finds the order expired and is treated as late money; there is no third case.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from xinka.flows.promotions.returning import give_back
from xinka.kernel.flow import Flow, Query
from xinka.kernel.ids import new_uuid
from xinka.ledger import sql as ledger_sql
from xinka.ledger.accounts import Account, JournalKind
from xinka.payments import sql as payments_sql
from xinka.payments.states import RefundReason, RefundTo
from xinka.platform.database.arrays import plain_array, text_array
from xinka.platform.jobs.queue import MONEY, Job, defer
from xinka.platform.outbox import sql as outbox_sql
from xinka.stock import sql as stock_sql

REFUND_DUE = "refund.due"
CLOSE_PAYMENT = Job("payment.close", MONEY, priority=-1)
#: Kinds of gateway that cannot close a payment, so that no job is spent on them.
NEVER_CLOSES = ("epay",)
#: How many orders one transaction expires; small, so that a till never waits long for their rows.
BATCH = 500

EXPIRE = f"""
WITH due AS MATERIALIZED (
  SELECT o.id, o.state FROM stock_reservation v JOIN orders_order o ON o.id = v.order_id
  WHERE v.expires_at < now() - $2::int * interval '1 second' AND ($3::uuid IS NULL OR v.order_id = $3::uuid)
  ORDER BY o.id LIMIT $1 FOR UPDATE OF o SKIP LOCKED),
freed AS (
  DELETE FROM stock_reservation v USING due d WHERE v.order_id = d.id
  RETURNING v.order_id, v.sku_id, v.code_ids, v.reusable),
{stock_sql.PUT_BACK},
closed AS (
  UPDATE orders_order o SET state = 'expired', closed_at = now()
  FROM freed f WHERE o.id = f.order_id AND o.state IN ('awaiting_payment', 'part_paid'))
SELECT d.id, d.state FROM due d JOIN freed f ON f.order_id = d.id
"""

OVERDUE = "SELECT order_id FROM stock_reservation WHERE expires_at < now() ORDER BY expires_at LIMIT $1"

#: The same for one order, because its buyer cancels it.
CANCEL = f"""
WITH due AS MATERIALIZED (
  SELECT id, state FROM orders_order WHERE id = $1 AND state IN ('awaiting_payment', 'part_paid') FOR UPDATE),
freed AS (
  DELETE FROM stock_reservation v USING due d WHERE v.order_id = d.id
  RETURNING v.order_id, v.sku_id, v.code_ids, v.reusable),
{stock_sql.PUT_BACK},
closed AS (UPDATE orders_order o SET state = 'cancelled', closed_at = now() FROM due d WHERE o.id = d.id)
SELECT id, state FROM due
"""


def expire_due(*, grace_for: int = 0, limit: int = BATCH, only: UUID | None = None) -> Flow[int]:
    """Expire up to ``limit`` orders, or ``only`` one, whose time is over since ``grace_for`` seconds; return how many.

    Run it in a transaction of its own, again and again until it returns less than ``limit``.
    """
    rows = yield Query(EXPIRE, (limit, grace_for, only))
    yield from give_back([order_id for order_id, _ in rows])
    yield from _ask_to_close([order_id for order_id, _ in rows])
    for order_id, state in rows:
        if state == "part_paid":
            yield from _return_held(order_id)
    return len(rows)


def overdue(limit: int = BATCH) -> Flow[list[UUID]]:
    """Return the orders that should have expired, the longest overdue first."""
    return [row[0] for row in (yield Query(OVERDUE, (limit,)))]


def cancel(order_id: object) -> Flow[bool]:
    """Cancel one unpaid order for its buyer; return whether it was still open."""
    rows = yield Query(CANCEL, (order_id,))
    yield from give_back([identifier for identifier, _ in rows])
    yield from _ask_to_close([identifier for identifier, _ in rows])
    for identifier, state in rows:
        if state == "part_paid":
            yield from _return_held(identifier)
    return bool(rows)


def _ask_to_close(order_ids: Sequence[object]) -> Flow[None]:
    """Queue the closing of what these orders have open at gateways."""
    if order_ids:
        rows = yield Query(payments_sql.PREPARED_OF, (plain_array(order_ids), text_array(NEVER_CLOSES)))
        yield from defer(CLOSE_PAYMENT, [{"payment_id": row[0]} for row in rows])


def _return_held(order_id: object) -> Flow[None]:
    """Promise back what was paid short: out of escrow, into refunds in transit."""
    for channel_id, trade_no, amount, currency in (yield Query(payments_sql.HELD_RECEIPTS, (order_id,))):
        refund_id = new_uuid()
        yield Query(payments_sql.RELEASE_HELD, (channel_id, trade_no))
        yield Query(
            ledger_sql.POST,
            (
                new_uuid(),
                int(JournalKind.REFUND_DECIDED),
                order_id,
                channel_id,
                currency,
                plain_array([int(Account.ESCROW), int(Account.REFUND_IN_TRANSIT)]),
                plain_array([amount, -amount]),
            ),
        )
        yield Query(
            payments_sql.INSERT_REFUND,
            (
                refund_id,
                order_id,
                channel_id,
                trade_no,
                amount,
                currency,
                RefundReason.UNDERPAID.value,
                None,
                RefundTo.CHANNEL.value,
            ),
        )
        yield Query(outbox_sql.APPEND, (REFUND_DUE, plain_array([refund_id])))
