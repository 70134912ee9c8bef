"""Brings back the jobs of killed workers, and clears away what is done."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from xinka.platform.jobs.retries import MAX_ATTEMPTS

log = logging.getLogger(__name__)

_KEEP_FOR = timedelta(days=90)


async def rescue_stalled(manager: JobManager, *, stalled_for: float) -> int:
    """Queue the jobs of workers without a heartbeat again; return how many.

    A job under which workers died ``MAX_ATTEMPTS`` times is what kills them: it becomes a dead letter.
    """
    jobs = list(await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_for))
    for job in jobs:
        if job.attempts + 1 >= MAX_ATTEMPTS:
            log.error("job.kills_workers", extra={"job": job.id, "task": job.task_name})
            await manager.finish_job(job=job, status=Status.FAILED, delete_job=False)
        else:
            log.warning("job.rescued", extra={"job": job.id, "task": job.task_name})
            await manager.retry_job(job=job)
    return len(jobs)


def clear_away() -> None:
    """Forget letters that were sent long ago, and the problems of jobs that are gone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mail_letter WHERE state = 'sent' AND tried_at < %s", [timezone.now() - _KEEP_FOR])
        cursor.execute(
            "DELETE FROM job_problem p WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.id = p.job_id)"
        )
