"""The worker process: relays events, and runs the jobs and the periodic tasks that the applications have declared.

Two crews work side by side: one for mail, which waits for other people's servers, and one for everything else. When
anything fails that a job cannot answer for (the database went away), the process ends and its supervisor starts it
anew.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

from xinka.config.behind import BEHIND_THE_TILL, connections_step_behind, step_behind
from xinka.config.crews import worker_jobs, worker_mails
from xinka.config.fitting import see_that_tables_fit

log = logging.getLogger(__name__)

#: Seconds that a job in progress gets to finish after SIGTERM; what does not is taken up again by the next worker.
_DRAIN_SECONDS = 25


async def work() -> None:
    """Work until a signal says otherwise.

    Raises:
        Exception: whatever ended a crew or the relay.
    """
    from django.conf import settings  # these exist only after django.setup()
    from procrastinate import PsycopgConnector, periodic
    from procrastinate.contrib.django import app, db_cleanup, utils

    from xinka.platform.jobs.beat import Beat
    from xinka.platform.jobs.crew import Crew
    from xinka.platform.jobs.versions import TasksOfAnyVersion

    periodic.PeriodicDeferrer = Beat  # type: ignore[misc]  # procrastinate knows no other way to have another
    n_mail, n_other = worker_mails(), worker_jobs()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(n_mail + n_other, thread_name_prefix="job"))
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    parameters = utils.connector_params("default")
    connector = PsycopgConnector(kwargs={**parameters, "application_name": "xinka-worker"}, min_size=1, max_size=4)
    stalled_after = settings.WORKER_STALLED_AFTER
    with app.replace_connector(connector) as worker_app:
        async with worker_app.open_async():
            # perform_import_paths() has run by now, so every task is known.
            others = sorted({task.queue for task in worker_app.tasks.values()} - {"mail"})
            worker_app.tasks = TasksOfAnyVersion(worker_app)
            common: dict[str, Any] = {
                "install_signal_handlers": False,
                "task_middleware": [
                    db_cleanup.close_db_connections,
                    db_cleanup.close_db_connections_async,
                ],
                "shutdown_graceful_timeout": _DRAIN_SECONDS,
                "delete_jobs": "successful",
                "fetch_job_polling_interval": 5.0,
                "update_heartbeat_interval": max(0.5, stalled_after / 4),
                "stalled_worker_timeout": stalled_after,
            }
            crews = [
                Crew(worker_app, queues=["mail"], name="mail", concurrency=n_mail, **common),
                Crew(worker_app, queues=others, name="other", concurrency=n_other, **common),
            ]
            working = [crew.run() for crew in crews]  # type: ignore[no-untyped-call]  # procrastinate has no types for it
            parts = [asyncio.create_task(part) for part in (*working, _relay(parameters))]
            await _until(asked_to_stop, parts)


async def _relay(parameters: dict[str, Any]) -> None:
    import psycopg

    from xinka.flows.relay import keep_relaying

    options = {**parameters, "application_name": "xinka-relay", "autocommit": True}
    async with await psycopg.AsyncConnection.connect(**options) as connection:
        await keep_relaying(connection)


async def _until(asked_to_stop: asyncio.Event, parts: list[asyncio.Task[None]]) -> None:
    """Wait for the signal, or for the first part to end, which none does by itself; then end the others in order."""
    stop = asyncio.create_task(asked_to_stop.wait())
    await asyncio.wait([stop, *parts], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    for part in parts:
        part.cancel()
    outcomes = await asyncio.gather(*parts, return_exceptions=True)
    faults = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    _leave_jobs_behind(faults, is_failure=not asked_to_stop.is_set())
    if not asked_to_stop.is_set():
        raise faults[0] if faults else RuntimeError("a crew of the worker stopped by itself")


def _leave_jobs_behind(faults: list[Exception], *, is_failure: bool) -> None:
    """End the process here and now if jobs do not end: Python waits for their threads as long as those take."""
    from xinka.platform.jobs.crew import JobsDoNotEnd

    if any(isinstance(fault, JobsDoNotEnd) for fault in faults):
        for fault in faults:
            log.error("worker.failed", exc_info=fault)
        os._exit(1 if is_failure else 0)


def main() -> None:
    """Load Django and work; the exit status is 1 when something failed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    see_that_tables_fit()
    step_behind(BEHIND_THE_TILL)
    connections_step_behind(BEHIND_THE_TILL)
    django.setup()
    try:
        asyncio.run(work())
    except Exception:
        log.exception("worker.failed")
        sys.exit(1)


if __name__ == "__main__":
    main()
