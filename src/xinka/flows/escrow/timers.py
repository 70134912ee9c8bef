"""What the hour brings for holds: reminders first, then releases, then maturity; and what was forgotten is mended.

Each batch is a transaction of its own, so any number of workers share the work and a killed one leaves nothing half
done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone

from xinka.escrow.states import Timer
from xinka.flows.escrow.holding import ensure_holds
from xinka.flows.escrow.releasing import BATCH, Which, confirm_due, due, free_reserve_due, mature_due, remind_due
from xinka.flows.escrow.splits import EXECUTE_SPLIT
from xinka.flows.settle import DELIVERED
from xinka.kernel import ids
from xinka.kernel.flow import Flow, Query
from xinka.platform.database.away import is_away
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import each_alone
from xinka.platform.jobs.queue import defer
from xinka.platform.jobs.retries import in_words

log = logging.getLogger(__name__)

#: How long the relay and the jobs have before something counts as forgotten, and how far back is looked for it.
_FORGOTTEN_AFTER = timedelta(minutes=10)
_LOOK_BACK = timedelta(days=2)
_ROUNDS = 100

_FORGOTTEN_HOLDS = """
SELECT o.id FROM orders_order o
WHERE o.id >= $1::uuid AND o.state = 'delivered' AND o.delivered_at < $2::timestamptz
  AND NOT EXISTS (SELECT 1 FROM escrow_hold h WHERE h.order_id = o.id)
  AND NOT EXISTS (SELECT 1 FROM outbox_event v WHERE v.kind = $3 AND v.subject = o.id)
ORDER BY o.id LIMIT 500
"""

_FORGOTTEN_SPLITS = """
SELECT s.id FROM escrow_split s
WHERE s.state IN ('due', 'sending') AND s.created_at < $1::timestamptz
  AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
    WHERE j.status IN ('todo', 'doing') AND j.task_name = $2 AND j.args ->> 'split_id' = s.id::text)
LIMIT 100
"""


def fire_timers(now: datetime | None = None) -> dict[str, int]:
    """Fire every timer of holds that is due; return how many of each.

    One that cannot fire keeps no other waiting; the sweep raises an alarm for it.

    Raises:
        SomeFailed: after all others, if any could not fire.
    """
    now = now or timezone.now()
    return each_alone(
        [
            ("reminded", lambda: _all(remind_due, now)),  # first: while there is still time
            ("released", lambda: _each(Timer.CONFIRM, confirm_due, now)),
            ("matured", lambda: _each(Timer.MATURE, mature_due, now)),
            ("reserves", lambda: _each(Timer.FREE_RESERVE, free_reserve_due, now)),
        ]
    )


def _all(timer: Callable[[datetime, int], Flow[int]], now: datetime) -> int:
    total = 0
    for _ in range(_ROUNDS):
        fired = run(timer(now, BATCH))
        total += fired
        if fired < BATCH:
            break
    return total


def _each(timer: Timer, fire: Callable[[datetime, Which], Flow[int]], now: datetime) -> int:
    """Fire a timer for all whose time has come, in batches; where a batch fails, for each by itself."""
    try:
        return _all(fire, now)
    except Exception as error:
        if is_away(error):
            raise
        log.warning("escrow.batch_failed", extra={"timer": timer.value, "why": in_words(error)})
    waiting = run(due(timer, now, BATCH))
    return sum(
        each_alone(
            (ids.show("ord", order_id), partial(_fire_one, fire, now, order_id)) for order_id in waiting
        ).values()
    )


def _fire_one(fire: Callable[[datetime, Which], Flow[int]], now: datetime, order_id: UUID) -> int:
    return run(fire(now, order_id))


def mend(now: datetime | None = None) -> dict[str, int]:
    """Make holds that the relay did not make, and queue splits nobody works on; return how many of each."""
    now = now or timezone.now()
    found = each_alone([("holds", lambda: _make_holds(now)), ("splits", lambda: run(_queue_splits(now)))])
    if any(found.values()):
        log.warning("escrow.mended", extra=found)
    return found


def _make_holds(now: datetime) -> int:
    forgotten = run(_forgotten_holds(now))
    try:
        run(ensure_holds(forgotten))
    except Exception as error:
        if is_away(error):
            raise
        log.warning("escrow.batch_failed", extra={"timer": "holds", "why": in_words(error)})
        each_alone((ids.show("ord", order_id), partial(_make_hold, order_id)) for order_id in forgotten)
    return len(forgotten)


def _make_hold(order_id: UUID) -> None:
    run(ensure_holds([order_id]))


def _forgotten_holds(now: datetime) -> Flow[list[UUID]]:
    since = ids.first_of((now - _LOOK_BACK).timestamp())
    rows = yield Query(_FORGOTTEN_HOLDS, (since, now - _FORGOTTEN_AFTER, DELIVERED))
    return [row[0] for row in rows]


def _queue_splits(now: datetime) -> Flow[int]:
    rows = yield Query(_FORGOTTEN_SPLITS, (now - _FORGOTTEN_AFTER, EXECUTE_SPLIT.task))
    yield from defer(EXECUTE_SPLIT, [{"split_id": row[0]} for row in rows])
    return len(rows)
