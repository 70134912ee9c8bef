"""The relay: turns events of committed transactions into the jobs they mean, each exactly once.

An event is deleted and its job written by one statement, so a relay that is killed loses nothing and repeats nothing,
and any number of relays share the work. The same statement makes the escrow holds of delivered orders, which the till
so need not pay for. It needs no connection of Django's.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import psycopg

from xinka.flows.escrow.statements import holds_of
from xinka.flows.settle import DELIVERED, REFUND_DUE, SHORT_PAID
from xinka.kernel.flow import Flow, Query
from xinka.platform.database.arrays import plain_array, text_array
from xinka.platform.database.drive import drive_async
from xinka.platform.jobs.queue import CHORES, MAIL, MONEY, Job
from xinka.platform.outbox.sql import NOTIFIED_ON

log = logging.getLogger(__name__)

REFUND_DONE = "refund.done"
BATCH = 200
#: Notifications can be lost with a connection, so the relay looks by itself as often as this, in seconds.
LOOK_EVERY = 0.5

MAIL_GOODS = Job("mail.goods", MAIL, priority=5)
MAIL_SHORT_PAID = Job("mail.short_paid", MAIL)
MAIL_REFUND_DONE = Job("mail.refund_done", MAIL)
EXECUTE_REFUND = Job("refund.execute", MONEY)
UNKNOWN_EVENT = Job("event.unknown", CHORES)

#: What each kind of event means; the job is told the event's subject.
JOBS: Mapping[str, Job] = MappingProxyType(
    {
        DELIVERED: MAIL_GOODS,
        SHORT_PAID: MAIL_SHORT_PAID,
        REFUND_DUE: EXECUTE_REFUND,
        REFUND_DONE: MAIL_REFUND_DONE,
    }
)

_RELAY = """
WITH oldest AS MATERIALIZED (SELECT id FROM outbox_event ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
claimed AS (DELETE FROM outbox_event v USING oldest WHERE v.id = oldest.id RETURNING v.id, v.kind, v.subject),
held AS ({held}),
meant AS (
  SELECT c.id, c.kind, c.subject, coalesce(j.task, $6) AS task, coalesce(j.queue, $7) AS queue,
    coalesce(j.priority, 0) AS priority,
    jsonb_build_object('subject', c.subject)
      || CASE WHEN j.task IS NULL THEN jsonb_build_object('kind', c.kind) ELSE '{{}}' END AS arguments
  FROM claimed c LEFT JOIN unnest($2::text[], $3::text[], $4::text[], $5::int[]) AS j(kind, task, queue, priority)
    ON j.kind = c.kind)
SELECT count(*), procrastinate_defer_jobs_v1(array_agg(
  ROW(queue, task, priority, NULL, NULL, arguments, NULL)
    ::procrastinate_job_to_defer_v1 ORDER BY id))
FROM meant HAVING count(*) > 0
"""
RELAY = _RELAY.format(held=holds_of(f"SELECT subject FROM claimed WHERE kind = '{DELIVERED}'"))
#: The same without a hold, for an event whose hold cannot be made: the sweep of forgotten holds then says why.
SET_ASIDE = _RELAY.format(held="SELECT")


def relay_batch(limit: int = BATCH) -> Flow[int]:
    """Turn up to ``limit`` events into jobs and return how many; an event nobody knows becomes a job that fails."""
    rows = yield Query(RELAY, (limit, *_meanings(JOBS)))
    return int(rows[0][0]) if rows else 0


def set_aside() -> Flow[int]:
    """Turn the oldest event into the job that looks into single ones, and do nothing else for it; return how many."""
    rows = yield Query(SET_ASIDE, (1, *_meanings({})))
    return int(rows[0][0]) if rows else 0


def _meanings(jobs: Mapping[str, Job]) -> tuple[object, ...]:
    return (
        text_array(jobs),
        text_array(job.task for job in jobs.values()),
        text_array(job.queue for job in jobs.values()),
        plain_array(job.priority for job in jobs.values()),
        UNKNOWN_EVENT.task,
        UNKNOWN_EVENT.queue,
    )


async def _relay_some(connection: psycopg.AsyncConnection[Any]) -> int:
    """Relay a batch, or what of it can be relayed; return how many events are gone.

    Raises:
        psycopg.OperationalError: if the database is away, which is no event's fault.
    """
    try:
        return await drive_async(connection, relay_batch())
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        log.warning("relay.batch_failed", extra={"why": type(error).__name__})
    return sum([await _relay_one(connection) for _ in range(BATCH)])


async def _relay_one(connection: psycopg.AsyncConnection[Any]) -> int:
    """Relay the oldest event; one that fails by itself must not keep all letters and refunds of the shop waiting."""
    try:
        return await drive_async(connection, relay_batch(1))
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        log.error("relay.set_aside", extra={"why": type(error).__name__})  # noqa: TRY400 - its words hold a row
        return await drive_async(connection, set_aside())


async def keep_relaying(connection: psycopg.AsyncConnection[Any]) -> None:
    """Relay for ever on a connection of its own, in autocommit: woken or every half second."""
    await connection.execute(f"LISTEN {NOTIFIED_ON}")
    while True:
        while await _relay_some(connection):
            pass
        async for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
            pass
