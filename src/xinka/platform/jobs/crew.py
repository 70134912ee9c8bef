"""A crew of the worker: procrastinate's own, but for ends of jobs that cannot be written down or do not come."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext, JobResult
from procrastinate.jobs import Job, Status
from procrastinate.retry import RetryDecision
from procrastinate.worker import Worker
from psycopg.errors import RaiseException

from xinka.platform.jobs import sql
from xinka.platform.jobs.retries import in_words

log = logging.getLogger(__name__)

#: Seconds between the tries to write down how a job ended; after the last the crew ends, and its jobs go to others.
_PAUSES = (0.5, 2.0)
#: Seconds that jobs get to end once they were told to; those in threads cannot be made to.
_LAST_WORDS = 2.0
#: Seconds after which it is looked again whether an older failure of a job by the hour is to be forgotten: some come
#: every few seconds.
_LOOK_AGAIN = 60.0
#: Where the words of a job's failure are until they are written down.
_WORDS = "xinka_words"


class JobsDoNotEnd(RuntimeError):
    """Jobs went on after the time they had to end; the process must go, so that they can be done by another."""


async def keep_words(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:  # noqa: ARG001 - procrastinate's shape of a middleware
    """Do a job; note why it failed, in words without personal data, for when its end is written down."""
    try:
        return await call_next()
    except Exception as error:
        context.additional_context[_WORDS] = in_words(error)
        raise


class Crew(Worker):
    """Does jobs, and keeps none for its own that it does not work on.

    Where the database fails in the very moment in which a job ends, procrastinate forgets how it ended: the job would
    count as being worked on for as long as this process lives, and its letter or refund would wait so long. Here it is
    tried again, and if it cannot be done the crew ends: the jobs of one that is gone are taken up by others.

    A crew that ends does not wait for its jobs without limit, for nobody does the others meanwhile.

    It keeps why a job failed, which procrastinate does not. Of a job by the hour only the newest failure is kept, and
    none once it was done: the same was tried again, so nobody need look.
    """

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, worker_middleware=[keep_words], **options)
        self._looked_at = dict[str, float]()

    async def _persist_job_status(
        self,
        job: Job,
        status: Status,
        retry_decision: RetryDecision | None,
        context: JobContext,
        job_result: JobResult | None,
    ) -> None:
        for pause in (*_PAUSES, None):
            try:
                await super()._persist_job_status(job, status, retry_decision, context, job_result)
            except ConnectorException as error:
                told = {"job": job.id, "task": job.task_name}
                if isinstance(error.__cause__, RaiseException):  # it was taken for dead, or this is the second try
                    log.warning("job.ended_elsewhere", extra=told)
                    return
                if pause is None:
                    log.error("job.end_unwritten", extra={**told, "why": in_words(error.__cause__ or error)})  # noqa: TRY400 - where is known
                    self.stop()  # type: ignore[no-untyped-call]  # procrastinate has no types for it
                    return
                await asyncio.sleep(pause)
            else:
                break
        with suppress(ConnectorException, ValueError):  # how it ended is written; words no database takes are let go
            await self._learn(job, context.additional_context.get(_WORDS))

    async def _learn(self, job: Job, words: str | None) -> None:
        """Keep why a job failed, and forget what is not worth anybody's look any more."""
        connector = self.app.connector
        if words is not None:
            await connector.execute_query_async(sql.REMEMBER_PROBLEM, job=job.id, words=words)
        if not job.queueing_lock or (words is None and self._has_looked(job.queueing_lock)):
            return
        gone = await connector.execute_query_all_async(sql.FORGET_FAILURES, lock=job.queueing_lock, job=job.id)
        for row in gone if words is None else ():
            log.info("job.well_again", extra={"task": job.task_name, "job": row["id"], "failed": row["problem"]})

    def _has_looked(self, lock: str) -> bool:
        """Whether it was looked for older failures a moment ago; if not, it is now."""
        now = time.monotonic()
        if now < self._looked_at.get(lock, -_LOOK_AGAIN) + _LOOK_AGAIN:
            return True
        self._looked_at[lock] = now
        return False

    async def _abort_running_jobs(self) -> None:
        running = dict(self._running_jobs)
        # Not to be cancelled: that would note the jobs as ended, and their threads go on.
        ending = asyncio.ensure_future(super()._abort_running_jobs())  # type: ignore[no-untyped-call]  # as above
        await asyncio.wait({ending}, timeout=_LAST_WORDS)
        if not ending.done():
            names = [context.job.call_string for task, context in running.items() if not task.done()]
            raise JobsDoNotEnd(", ".join(names))
