"""The sweeper: finds what should not be and mends it, or raises an alarm where a person must look.

What should not be: paid without goods, codes held for nobody, refunds nobody works on, letters nobody wrote, money that
stays where it is though its time has come.

Everything here may run twice, at once, or after a long pause: each mend is conditional and small. Recent orders are
found by their numbers, which grow with time, so a round reads hours, not years.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from xinka.flows import audit
from xinka.flows.escrow.timers import fire_timers
from xinka.flows.expire import BATCH, expire_due, overdue
from xinka.flows.merchant_letters import MAIL_LOW_STOCK, MAIL_MUCH_LOW, MOST_LOW_ALONE, MOST_LOW_NAMED
from xinka.flows.relay import JOBS
from xinka.flows.settle import DELIVERED, REFUND_DUE
from xinka.kernel import ids
from xinka.kernel.flow import Flow, Query
from xinka.platform.audit.actions import report
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.away import is_away
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed, each_alone
from xinka.platform.jobs.queue import defer
from xinka.platform.jobs.retries import in_words
from xinka.platform.outbox import sql as outbox_sql
from xinka.platform.vault.envelope import Keyring
from xinka.stock import sql as stock_sql

log = logging.getLogger(__name__)

#: How long the quick ways (relay, jobs, the till) have before the sweeper takes something for forgotten.
FORGOTTEN_AFTER = timedelta(minutes=10)
#: How far back a round looks; what is older is the nightly check's.
LOOK_BACK = timedelta(hours=3)
_ROUNDS = 40

_PAID_WITHOUT_GOODS = """
SELECT o.id FROM orders_order o
WHERE o.id >= $1::uuid AND o.placed_at < $2::timestamptz
  AND (o.state = 'paid' OR (o.state IN ('awaiting_payment', 'part_paid', 'expired', 'cancelled')
    AND (SELECT coalesce(sum(r.amount), 0) FROM payments_receipt r
         WHERE r.order_id = o.id AND r.outcome IN ('short', 'over', 'late_settled', 'matched')) >= o.amount)
    OR (o.state = 'delivered' AND NOT EXISTS (SELECT 1 FROM delivery_code d WHERE d.order_id = o.id)))
LIMIT 100
"""

#: Reservations whose order cannot be paid any more. Codes that were delivered meanwhile stay delivered.
_FREE_ORPHANS = f"""
WITH orphan AS MATERIALIZED (
  SELECT v.order_id FROM stock_reservation v LEFT JOIN orders_order o ON o.id = v.order_id
  WHERE v.expires_at < $1::timestamptz AND (o.id IS NULL OR o.state NOT IN ('awaiting_payment', 'part_paid'))
  ORDER BY v.order_id LIMIT 100 FOR UPDATE OF v SKIP LOCKED),
removed AS (
  DELETE FROM stock_reservation v USING orphan p WHERE v.order_id = p.order_id
  RETURNING v.order_id, v.sku_id, v.code_ids, v.reusable),
freed AS (
  SELECT r.order_id, r.sku_id, r.reusable, ARRAY(SELECT c FROM unnest(r.code_ids) AS c
    WHERE NOT EXISTS (SELECT 1 FROM delivery_code d WHERE d.code_id = c)
      AND NOT EXISTS (SELECT 1 FROM stock_unsold u WHERE u.sku_id = r.sku_id AND u.code_id = c)) AS code_ids
  FROM removed r),
{stock_sql.PUT_BACK}
SELECT order_id FROM freed
"""

_FORGOTTEN_REFUNDS = """
SELECT f.id FROM payments_refund f
WHERE f.state IN ('due', 'sending') AND f.created_at < $1::timestamptz
  AND NOT EXISTS (SELECT 1 FROM outbox_event e WHERE e.kind = $2 AND e.subject = f.id)
  AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
    WHERE j.status IN ('todo', 'doing') AND j.task_name = $3 AND j.args ->> 'subject' = f.id::text)
LIMIT 100
"""

#: A failed job is not forgotten: it is a dead letter, which staff see.
_FORGOTTEN_LETTERS = """
SELECT o.id FROM orders_order o
WHERE o.id >= $1::uuid AND o.state = 'delivered' AND o.delivered_at < $2::timestamptz
  AND NOT EXISTS (SELECT 1 FROM mail_letter l WHERE l.kind = 'goods' AND l.subject = o.id)
  AND NOT EXISTS (SELECT 1 FROM outbox_event e WHERE e.kind = $3 AND e.subject = o.id)
  AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.task_name = $4 AND j.args ->> 'subject' = o.id::text)
LIMIT 500
"""

#: Timers of holds that did not fire when they should have.
_LATE_TIMERS = """
SELECT order_id FROM escrow_hold
WHERE due_at < $1::timestamptz AND due_event IN ('confirm', 'mature', 'free_reserve') AND n_stops = 0
ORDER BY due_at LIMIT 100
"""

#: Each shortage is told twice at most: when it runs low, and when nothing is left. A piece that a reservation gave back
#: begins no other shortage; only stock above the alert's number ends one. What a flash sale sells now counts as stock.
#: What was never stocked is no shortage: it was just put on the shelf, and its codes come next.
_LOW_STOCK = """
WITH counted AS (
  SELECT k.id, p.merchant_id, k.low_stock_at, (SELECT count(*) FROM (
    SELECT 1 FROM stock_unsold u WHERE u.sku_id = k.id AND (u.expires_on IS NULL
      OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
    LIMIT k.low_stock_at + 1) few)
    + (SELECT count(*) FROM stock_aside a WHERE a.sku_id = k.id AND a.sold_from <= now()) AS unsold
  FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id
  WHERE k.mode = 'unique' AND k.on_sale AND p.state = 'live'),
stocked AS (
  UPDATE catalog_sku k SET low_stock_alerted_at = NULL, sold_out_alerted_at = NULL FROM counted c
  WHERE k.id = c.id AND c.unsold > c.low_stock_at AND k.low_stock_alerted_at IS NOT NULL)
UPDATE catalog_sku k SET low_stock_alerted_at = coalesce(k.low_stock_alerted_at, $1::timestamptz),
  sold_out_alerted_at = CASE WHEN c.unsold = 0 THEN $1::timestamptz ELSE k.sold_out_alerted_at END
FROM counted c
WHERE k.id = c.id AND c.unsold <= c.low_stock_at
  AND (k.low_stock_alerted_at IS NULL OR (c.unsold = 0 AND k.sold_out_alerted_at IS NULL))
  AND EXISTS (SELECT 1 FROM stock_stockbatch b WHERE b.sku_id = k.id AND b.state <> 'waiting')
RETURNING c.merchant_id, k.id, c.unsold
"""

_ORDERS_OF_DAY = "SELECT state, count(*) FROM orders_order WHERE id >= $1::uuid GROUP BY state"


def expire_orders() -> int:
    """Expire what is due, in small transactions, and return how many orders that were.

    An order that cannot expire keeps no other's goods from the shelf.

    Raises:
        SomeFailed: after all others, if any could not expire.
    """
    try:
        return _expire_together()
    except Exception as error:
        if is_away(error):
            raise
        log.warning("expiry.batch_failed", extra={"why": in_words(error)})
    late = run(overdue())
    return sum(each_alone((ids.show("ord", order_id), partial(_expire_one, order_id)) for order_id in late).values())


def _expire_one(order_id: UUID) -> int:
    return run(expire_due(only=order_id))


def _expire_together() -> int:
    total = 0
    for _ in range(_ROUNDS):
        expired = run(expire_due())
        total += expired
        if expired < BATCH:
            break
    return total


def sweep(now: datetime | None = None) -> dict[str, int]:
    """Make one round; return how many of each kind were found, which the system page shows."""
    now = now or timezone.now()
    started = time.monotonic()
    unsent = run(_paid_without_goods(now))
    for order_id in unsent:
        log.error("order.paid_without_goods", extra={"order": order_id})
    with suppress(SomeFailed):  # a worker that was away for hours has not come to all of them yet
        fire_timers(now)
    late = run(_late_timers(now))
    found = {
        "paid_without_goods": len(unsent),
        "overdue_timers": len(late),
        "orphan_reservations": run(_free_orphans(now)),
        "forgotten_refunds": run(_remember_refunds(now)),
        "forgotten_letters": run(_remember_letters(now)),
    }
    if any(found.values()):
        log.warning("sweep.found", extra=found)
    alarms = [*unsent, *late]
    details = {**found, "alarms": alarms[:20]}
    report("sweep", details, holds=not alarms, took_ms=round((time.monotonic() - started) * 1000))
    return found


def _paid_without_goods(now: datetime) -> Flow[list[str]]:
    """Return orders whose money is there and whose goods are not: settlement is one commit, so this is a fault."""
    rows = yield Query(_PAID_WITHOUT_GOODS, (_number_at(now), now - FORGOTTEN_AFTER))
    return [ids.show("ord", row[0]) for row in rows]


def _late_timers(now: datetime) -> Flow[list[str]]:
    rows = yield Query(_LATE_TIMERS, (now - FORGOTTEN_AFTER,))
    return [ids.show("ord", row[0]) for row in rows]


def _free_orphans(now: datetime) -> Flow[int]:
    rows = yield Query(_FREE_ORPHANS, (now - FORGOTTEN_AFTER,))
    for (order_id,) in rows:
        log.error("stock.orphan_reservation", extra={"order": ids.show("ord", order_id)})
    return len(rows)


def _remember_refunds(now: datetime) -> Flow[int]:
    task = JOBS[REFUND_DUE].task
    rows = yield Query(_FORGOTTEN_REFUNDS, (now - FORGOTTEN_AFTER, REFUND_DUE, task))
    yield Query(outbox_sql.APPEND, (REFUND_DUE, plain_array(row[0] for row in rows)))
    return len(rows)


def _remember_letters(now: datetime) -> Flow[int]:
    task = JOBS[DELIVERED].task
    rows = yield Query(_FORGOTTEN_LETTERS, (_number_at(now), now - FORGOTTEN_AFTER, DELIVERED, task))
    yield Query(outbox_sql.APPEND, (DELIVERED, plain_array(row[0] for row in rows)))
    return len(rows)


def _number_at(now: datetime) -> object:
    return ids.first_of((now - LOOK_BACK).timestamp())


def watch_stock() -> int:
    """Have merchants told, once per shortage, which products run low, and once which are sold out; return how many.

    Many at once are one letter.
    """
    return run(_watch_stock(timezone.now()))


def _watch_stock(now: datetime) -> Flow[int]:
    rows = yield Query(_LOW_STOCK, (now,))
    by_merchant: dict[int, list[tuple[int, int]]] = {}
    for merchant_id, sku_id, unsold in rows:
        by_merchant.setdefault(merchant_id, []).append((unsold, sku_id))
    for merchant_id, short in by_merchant.items():
        if len(short) <= MOST_LOW_ALONE:
            yield from defer(MAIL_LOW_STOCK, [{"sku_id": sku_id, "unsold": unsold} for unsold, sku_id in short])
        else:
            first = [sku_id for _unsold, sku_id in sorted(short)[:MOST_LOW_NAMED]]
            told = {"merchant_id": merchant_id, "n": len(short), "sku_ids": first, "at": now.isoformat()}
            yield from defer(MAIL_MUCH_LOW, [told])
    return len(rows)


def count_orders() -> None:
    """Keep how many orders of the last day are in which state, for the system page and the metrics."""
    rows = run(_count_orders(timezone.now()))
    report("orders_of_day", rows)


def _count_orders(now: datetime) -> Flow[dict[str, int]]:
    rows = yield Query(_ORDERS_OF_DAY, (ids.first_of((now - timedelta(days=1)).timestamp()),))
    return {str(state): int(count) for state, count in rows}


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome of the whole audit, as it is kept."""

    holds: bool
    details: dict[str, Any]


def check_books() -> bool:
    """Run the whole audit in one snapshot and keep its outcome; return whether everything holds."""
    started = time.monotonic()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = examine()
    report("books", found.details, holds=found.holds, took_ms=round((time.monotonic() - started) * 1000))
    return found.holds


def examine() -> Examination:
    """Run the whole audit in the transaction that is open."""
    findings = run(audit.check_all(keyring=Keyring(settings.ENVIRONMENT.master_key)))
    broken = [finding for finding in findings if not finding.holds]
    for finding in broken:
        log.error("audit.broken", extra={"rule": finding.check.name, "rows": len(finding.rows)})
    told = [
        {
            "name": finding.check.name,
            "rule_en": finding.check.rule_en,
            "rule_zh": finding.check.rule_zh,
            "mend_en": finding.check.mend_en,
            "mend_zh": finding.check.mend_zh,
            "orders": [str(row[0]) for row in finding.rows] if finding.check.names_orders else [],
            "rows": [[str(value) for value in row] for row in finding.rows],
        }
        for finding in broken
    ]
    return Examination(holds=not broken, details={"n_checks": len(findings), "broken": told})
