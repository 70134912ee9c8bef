"""The jobs of the house: codes come back in time, what was forgotten is found, what is old is cleared away."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from xinka.accounts.actions import forget_unconfirmed
from xinka.accounts.losing_second_factor import drop_due
from xinka.accounts.notifying import forget_old_notices
from xinka.accounts.sessions import forget_ended_sessions
from xinka.flows import sweep
from xinka.flows.back_in_stock import tell_waiting
from xinka.flows.closing_accounts import close_due
from xinka.flows.closing_shops import open_left_behind
from xinka.flows.forgetting import forget_old_contacts
from xinka.flows.relay import JOBS, UNKNOWN_EVENT
from xinka.flows.reveal import forget_old_networks
from xinka.flows.track_records import count_records
from xinka.merchants.invitations import forget_old_invitations
from xinka.merchants.teams import forget_former_owners
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import each_alone
from xinka.platform.jobs.housekeeping import forget_old_letters, forget_problems, rescue_stalled, set_hours_right
from xinka.platform.jobs.queue import CHORES, MONEY, defer
from xinka.platform.jobs.retries import Backoff
from xinka.platform.jobs.versions import FIRST_WAIT, OfAnotherVersion
from xinka.stock.back_notes import forget_old_notes


@app.task(name=UNKNOWN_EVENT.task, queue=CHORES, retry=Backoff(first=FIRST_WAIT))
def unknown_event(subject: str, kind: str) -> None:
    """Queue the job of an event that the worker of an older version did not know; wait for a newer one if need be."""
    job = JOBS.get(kind)
    if job is None:
        raise OfAnotherVersion(f"no job is known for the event {kind} of {subject}")
    run(defer(job, [{"subject": subject}]))


@app.periodic(cron="* * * * * */5")
@app.task(name="order.expire", queue=MONEY, queueing_lock="order.expire", priority=10)
def expire(timestamp: int) -> None:
    """Give codes back whose time is over."""
    sweep.expire_orders()


@app.periodic(cron="*/5 * * * *")
@app.task(name="sweep.round", queue=CHORES, queueing_lock="sweep.round")
def sweep_round(timestamp: int) -> None:
    """Look for what was forgotten."""
    each_alone(
        [
            ("shops", lambda: open_left_behind(timezone.now())),
            ("hours", set_hours_right),
            ("forgotten", lambda: len(sweep.sweep())),
            ("problems", forget_problems),  # of jobs that were done since, hundreds after an hour of faults
        ]
    )


@app.periodic(cron="* * * * *")
@app.task(name="sweep.figures", queue=CHORES, queueing_lock="sweep.figures")
def figures(timestamp: int) -> None:
    """Count orders, see which products run low, and have those told who wait for what is back."""
    each_alone(
        [
            ("orders", sweep.count_orders),
            ("stock", sweep.watch_stock),
            ("back in stock", lambda: tell_waiting(timezone.now())),
        ]
    )


@app.periodic(cron="40 3 * * *")
@app.task(name="audit.check", queue=CHORES, queueing_lock="audit.check", priority=-10)
def check_books(timestamp: int) -> None:
    """Prove that stock, books and deliveries agree."""
    sweep.check_books()


@app.periodic(cron="20 4 * * *")
@app.task(name="shop.tidy", queue=CHORES, queueing_lock="shop.tidy", priority=-10)
def tidy(timestamp: int) -> None:
    """Forget what nobody needs any more."""
    now = timezone.now()
    each_alone(
        [
            ("unconfirmed accounts", forget_unconfirmed),
            ("sessions", lambda: forget_ended_sessions(now)),
            ("notices", lambda: forget_old_notices(now)),
            ("networks", lambda: forget_old_networks(now)),
            ("invitations", lambda: forget_old_invitations(now)),
            ("notes", lambda: forget_old_notes(now)),
            ("former owners", lambda: forget_former_owners(now)),
            ("letters", forget_old_letters),
        ]
    )


@app.periodic(cron="30 4 * * *")
@app.task(name="merchants.count_records", queue=CHORES, queueing_lock="merchants.count_records", priority=-10)
def count_merchants_records(timestamp: int) -> None:
    """Count how merchants did lately, for the pages of their goods."""
    run(count_records(timezone.now()))


@app.periodic(cron="10 4 * * *")
@app.task(name="orders.forget", queue=CHORES, queueing_lock="orders.forget", priority=-10)
def forget_contacts(timestamp: int) -> None:
    """Forget whom old orders went to."""
    forget_old_contacts(timezone.now())


@app.periodic(cron="50 * * * *")
@app.task(name="accounts.close", queue=CHORES, queueing_lock="accounts.close", priority=-10)
def close_accounts(timestamp: int) -> None:
    """End the accounts, and take off the lost second steps, whose time to think is over."""
    now = timezone.now()
    each_alone([("accounts", lambda: close_due(now)), ("second steps", lambda: drop_due(now))])


@app.periodic(cron="* * * * * */5")
@app.task(name="jobs.rescue", queue=CHORES, queueing_lock="jobs.rescue", pass_context=True, priority=20)
async def rescue(context: JobContext, timestamp: int) -> None:
    """Bring back the jobs of workers that were killed."""
    await rescue_stalled(context.app.job_manager, stalled_for=settings.WORKER_STALLED_AFTER)
