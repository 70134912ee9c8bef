"""The relay: turns events of committed transactions into the jobs they mean, each exactly once.

An event is deleted and its job written by one statement, so a relay that is killed loses nothing and repeats nothing,
and any number of relays share the work. The same statement makes the escrow holds of delivered orders, which the till
so need not pay for. It needs no connection of Django's.
"""

from __future__ import annotations

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

RELAY = f"""
WITH claimed AS (
  DELETE FROM outbox_event WHERE id IN (SELECT id FROM outbox_event ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING id, kind, subject),
held AS ({holds_of(f"SELECT subject FROM claimed WHERE kind = '{DELIVERED}'")}),
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


def relay_batch(limit: int = BATCH) -> Flow[int]:
    """Turn up to ``limit`` events into jobs and return how many; an event nobody knows becomes a job that fails."""
    kinds, jobs = list(JOBS), list(JOBS.values())
    rows = yield Query(
        RELAY,
        (
            limit,
            text_array(kinds),
            text_array(job.task for job in jobs),
            text_array(job.queue for job in jobs),
            plain_array(job.priority for job in jobs),
            UNKNOWN_EVENT.task,
            UNKNOWN_EVENT.queue,
        ),
    )
    return int(rows[0][0]) if rows else 0


async def keep_relaying(connection: psycopg.AsyncConnection[Any]) -> None:
    """Relay for ever on a connection of its own, in autocommit: woken or every half second."""
    await connection.execute(f"LISTEN {NOTIFIED_ON}")
    while True:
        while await drive_async(connection, relay_batch()):
            pass
        async for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
            pass
