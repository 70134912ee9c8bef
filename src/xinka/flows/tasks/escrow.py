"""The jobs of escrow: timers, reminders, and what a licensed provider is asked to do."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from xinka.flows.escrow import timers
from xinka.flows.escrow.mailing import mail_ends_soon
from xinka.flows.escrow.releasing import MAIL_ENDS_SOON
from xinka.flows.escrow.splits import EXECUTE_SPLIT
from xinka.flows.escrow.splitting import execute_split
from xinka.platform.jobs.queue import CHORES, MAIL, MONEY
from xinka.platform.jobs.retries import Backoff


@app.periodic(cron="* * * * *")
@app.task(name="escrow.timers", queue=MONEY, queueing_lock="escrow.timers")
def fire_timers(timestamp: int) -> None:
    """Remind, release and mature what is due."""
    timers.fire_timers()


@app.periodic(cron="*/10 * * * *")
@app.task(name="escrow.mend", queue=CHORES, queueing_lock="escrow.mend")
def mend(timestamp: int) -> None:
    """Look for holds and splits that were forgotten."""
    timers.mend()


@app.task(name=EXECUTE_SPLIT.task, queue=MONEY, retry=Backoff(first=30.0))
def split(split_id: str) -> None:
    """Have a provider share out, take back or let go."""
    execute_split(UUID(split_id))


@app.task(name=MAIL_ENDS_SOON.task, queue=MAIL, retry=Backoff(first=5.0))
def mail_escrow_ends(order_id: str) -> None:
    """Remind a buyer that the time to check ends."""
    mail_ends_soon(UUID(order_id))
