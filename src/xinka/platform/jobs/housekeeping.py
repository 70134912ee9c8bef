"""Brings back the jobs of killed workers, and clears away what is done."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from xinka.platform.jobs.retries import MAX_ATTEMPTS

log = logging.getLogger(__name__)

_KEEP_FOR = timedelta(days=90)
#: By how many seconds jobs that workers died under are kept apart, doubled with each death, and the most of it.
_APART, _APART_AT_MOST = 2.0, 60.0


#: A worker that died under a clock that was ahead would count as alive until the wrong hour has come.
_SET_HEARTBEATS_RIGHT = """
UPDATE procrastinate_workers SET last_heartbeat = now() WHERE last_heartbeat > now() + interval '1 minute'
"""
#: A job that failed under such a clock would be tried again that much later. It waits as long as it was told to. What
#: happened in the future shows such a clock; that something is scheduled for then does not, every job that waits is.
_SET_HOURS_RIGHT = """
WITH wrong AS (
  SELECT id, job_id, at FROM procrastinate_events WHERE at > now() + interval '1 minute' AND type <> 'scheduled'),
noted AS (UPDATE procrastinate_events e SET at = now() FROM wrong w WHERE w.id = e.id),
last AS (SELECT job_id, max(at) AS at FROM wrong GROUP BY job_id)
UPDATE procrastinate_jobs j SET scheduled_at = now() + greatest(j.scheduled_at - l.at, interval '0')
FROM last l WHERE l.job_id = j.id AND j.status = 'todo' AND j.scheduled_at > now()
"""


def set_hours_right() -> int:
    """Set right when jobs are tried again that failed while the clock was ahead; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_SET_HOURS_RIGHT)
        return int(cursor.rowcount)


async def rescue_stalled(manager: JobManager, *, stalled_for: float) -> int:
    """Queue the jobs of workers without a heartbeat again; return how many.

    A job under which workers died ``MAX_ATTEMPTS`` times is what kills them: it becomes a dead letter.
    """
    n_rescued = 0
    await manager.connector.execute_query_async(_SET_HEARTBEATS_RIGHT)
    stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_for)
    for job, wait in _kept_apart(stalled):
        try:
            if job.attempts + 1 >= MAX_ATTEMPTS:
                await manager.finish_job(job=job, status=Status.FAILED, delete_job=False)
                log.error("job.kills_workers", extra={"job": job.id, "task": job.task_name})
            else:
                await manager.retry_job(job=job, retry_at=timezone.now() + timedelta(seconds=wait))
                log.warning("job.rescued", extra={"job": job.id, "task": job.task_name})
            n_rescued += 1
        except ConnectorException:
            continue  # another rescuer, or the worker itself, was quicker
    return n_rescued


def _kept_apart(stalled: Iterable[Job]) -> Iterator[tuple[Job, float]]:
    """Yield jobs with the seconds they wait: none after a first death, which is hardly ever a job's own doing.

    Later one by one, whoever saw most deaths last and further and further behind: what kills its workers does it
    alone then, and what merely happened to run beside it comes to its end before.
    """
    seen = 0.0
    for job in sorted(stalled, key=lambda job: job.attempts):
        yield job, seen
        if job.attempts:
            seen += min(_APART * 2**job.attempts, _APART_AT_MOST)


def forget_old_letters() -> None:
    """Forget letters that were tried long ago.

    Those that were never sent go too: their jobs gave up or were given up, and what stayed here would be counted as
    waiting or refused for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mail_letter WHERE tried_at < %s", [timezone.now() - _KEEP_FOR])


def forget_problems() -> None:
    """Forget why jobs failed that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM job_problem p WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.id = p.job_id)"
        )
