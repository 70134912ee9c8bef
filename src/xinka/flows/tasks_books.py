"""The jobs of the books."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from xinka.flows.closing import close_days
from xinka.platform.jobs.queue import CHORES


@app.periodic(cron="25 * * * *")
@app.task(name="books.close_days", queue=CHORES, queueing_lock="books.close_days", priority=-5)
def close_books(timestamp: int) -> None:
    """Sum up the days that are over."""
    close_days(timezone.now())
