"""The jobs about payments and refunds at their gateways: asking, closing, sending back, and what gateways told."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from xinka.flows.events import HANDLE_EVENT
from xinka.flows.expire import CLOSE_PAYMENT
from xinka.flows.hints import CONFIRM
from xinka.flows.paying.closing import close_payment, leave_open
from xinka.flows.paying.confirm import (
    ExpiredRounds,
    ask_about_open,
    confirm_payment,
    is_left_to_the_schedule,
)
from xinka.flows.provider_events import handle_event, handle_forgotten
from xinka.flows.refunds.sending import execute_refund
from xinka.flows.relay import EXECUTE_REFUND
from xinka.kernel.errors import ProviderError
from xinka.platform.database.away import is_away
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import CHORES, MONEY
from xinka.platform.jobs.retries import Backoff

_PATIENT_WITH_MONEY = Backoff(first=30.0)
#: A question without an answer is asked again by the schedule anyway.
_BRIEF = Backoff(first=5.0, attempts=3)
_WHILE_IT_MATTERS = Backoff(first=10.0, attempts=4)
_EXPIRED_ROUNDS = ExpiredRounds()


def _may_pass(error: Exception) -> bool:
    """Whether a failure is one of the gateway's or the database's: anything else is for somebody to look at."""
    return isinstance(error, ProviderError) or is_away(error)


@app.task(name=EXECUTE_REFUND.task, queue=MONEY, retry=_PATIENT_WITH_MONEY)
def refund(subject: str, sure: bool = False) -> None:
    """Send money back."""
    execute_refund(UUID(subject), sure=sure)


@app.task(name=CONFIRM.task, queue=MONEY, retry=_BRIEF, pass_context=True)
def confirm(context: JobContext, payment_id: str) -> None:
    """Ask a gateway about one payment.

    A gateway that is away, or a database without room, leaves no dead letter while it is asked again anyway.
    """
    try:
        confirm_payment(UUID(payment_id))
    except Exception as error:
        if not _BRIEF.is_last(context.job) or not _may_pass(error):
            raise
        if not is_left_to_the_schedule(UUID(payment_id), error, timezone.now()):
            raise


@app.periodic(cron="* * * * * */10")
@app.task(name="payment.ask_open", queue=MONEY, queueing_lock="payment.ask_open")
def ask_open(timestamp: int) -> None:
    """Ask about payments that may still come."""
    run(ask_about_open(timezone.now()))


@app.periodic(cron="* * * * *")
@app.task(name="payment.ask_expired", queue=MONEY, queueing_lock="payment.ask_expired")
def ask_expired(timestamp: int) -> None:
    """Ask about payments of orders that have expired."""
    run(_EXPIRED_ROUNDS.ask(timezone.now()))


@app.task(name=CLOSE_PAYMENT.task, queue=CLOSE_PAYMENT.queue, retry=_WHILE_IT_MATTERS, pass_context=True)
def close(context: JobContext, payment_id: str) -> None:
    """Close a payment that nobody should make any more; one that stays open is harmless, so nobody need look at it."""
    try:
        close_payment(UUID(payment_id))
    except Exception as error:
        if not _WHILE_IT_MATTERS.is_last(context.job) or not _may_pass(error):
            raise
        leave_open(UUID(payment_id), error)


@app.task(name=HANDLE_EVENT.task, queue=HANDLE_EVENT.queue, retry=Backoff(first=10.0, attempts=6))
def event(event_id: int) -> None:
    """Look into what a gateway told of a refund or a dispute."""
    handle_event(event_id)


@app.periodic(cron="7,37 * * * *")
@app.task(name="provider.events", queue=CHORES, queueing_lock="provider.events")
def forgotten_events(timestamp: int) -> None:
    """Look into events whose jobs were lost."""
    handle_forgotten()
