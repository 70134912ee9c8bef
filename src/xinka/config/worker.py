"""The worker process: runs the jobs and the periodic tasks that the applications have declared."""

from __future__ import annotations

import asyncio
import os

import django

from xinka.config.environment import read_int

#: Seconds that a job in progress gets to finish after SIGTERM; what does not is taken up again by the next worker.
_DRAIN_SECONDS = 25


async def work() -> None:
    """Work until a signal says otherwise."""
    # Here, because these exist only after django.setup().
    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django import app, utils

    connector = PsycopgConnector(kwargs=utils.connector_params("default"), min_size=1, max_size=4)
    with app.replace_connector(connector) as worker_app:
        async with worker_app.open_async():
            await worker_app.run_worker_async(
                concurrency=read_int("XINKA_WORKER_JOBS", 4, least=1),
                shutdown_graceful_timeout=_DRAIN_SECONDS,
                install_signal_handlers=True,
            )


def main() -> None:
    """Load Django and work."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    django.setup()
    asyncio.run(work())


if __name__ == "__main__":
    main()
