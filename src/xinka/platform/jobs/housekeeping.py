"""Brings back the jobs of killed workers, and clears away what is done."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from xinka.platform.jobs.retries import MAX_ATTEMPTS

log = logging.getLogger(__name__)

_KEEP_FOR = timedelta(days=90)


async def rescue_stalled(manager: JobManager, *, stalled_for: float) -> int:
    """Queue the jobs of workers without a heartbeat again; return how many.

    A job under which workers died ``MAX_ATTEMPTS`` times is what kills them: it becomes a dead letter.
    """
    n_rescued = 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_for):
        try:
            if job.attempts + 1 >= MAX_ATTEMPTS:
                await manager.finish_job(job=job, status=Status.FAILED, delete_job=False)
                log.error("job.kills_workers", extra={"job": job.id, "task": job.task_name})
            else:
                await manager.retry_job(job=job)
                log.warning("job.rescued", extra={"job": job.id, "task": job.task_name})
            n_rescued += 1
        except ConnectorException:
            continue  # another rescuer, or the worker itself, was quicker
    return n_rescued


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
