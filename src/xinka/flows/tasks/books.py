"""The jobs of the books: days are closed, and the bills of gateways are fetched once they are ready."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from procrastinate.contrib.django import app

from xinka.flows.closing_days import close_days
from xinka.flows.reconciling.bills import READ_BILL, queue_bills, reconcile_from_gateway
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import CHORES


@app.periodic(cron="25 * * * *")
@app.task(name="books.close_days", queue=CHORES, queueing_lock="books.close_days", priority=-5)
def close_books(timestamp: int) -> None:
    """Sum up the days that are over."""
    close_days(timezone.now())


@app.periodic(cron="35 * * * *")
@app.task(name="books.queue_bills", queue=CHORES, queueing_lock="books.queue_bills", priority=-5)
def fetch_bills(timestamp: int) -> None:
    """Have the bills of the last days read that have not been read yet."""
    run(queue_bills(timezone.now()))


@app.task(name=READ_BILL.task, queue=READ_BILL.queue, priority=READ_BILL.priority)
def read_bill(channel_id: int, day: str) -> None:
    """Fetch a channel's bill and compare it; what cannot be had now is asked for again within the hour."""
    reconcile_from_gateway(channel_id, date.fromisoformat(day))
