"""The jobs of the shop: thin names for flows, with their queues, their retries and their times.

Periodic tasks carry a queueing lock, so a worker that was away does not find a heap of them, and two schedulers, which
the database lets defer each moment only once, cannot run one twice.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from xinka.accounts.actions import forget_unconfirmed
from xinka.flows import (
    mailing,
    sweep,
    tasks_books,  # noqa: F401 - procrastinate looks for tasks in this module only
    tasks_disputes,  # noqa: F401 - as above
    tasks_escrow,  # noqa: F401 - as above
    tasks_payments,  # noqa: F401 - as above
    tasks_payouts,  # noqa: F401 - as below
    tasks_promotions,  # noqa: F401 - as below
    tasks_stock,  # noqa: F401 - procrastinate looks for tasks in this module only
)
from xinka.flows.hints import CONFIRM
from xinka.flows.paying.confirm import ask_about_expired, ask_about_open, confirm_payment
from xinka.flows.refunds.sending import execute_refund
from xinka.flows.relay import EXECUTE_REFUND, MAIL_GOODS, MAIL_REFUND_DONE, MAIL_SHORT_PAID, UNKNOWN_EVENT
from xinka.flows.reveal import forget_old_networks
from xinka.kernel.errors import ProviderError
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.housekeeping import clear_away, rescue_stalled
from xinka.platform.jobs.queue import CHORES, MAIL, MONEY
from xinka.platform.jobs.retries import Backoff

log = logging.getLogger(__name__)

#: 5 s, 20 s, 80 s … 5½ h: a mail server may be away for most of a day.
_PATIENT = Backoff(first=5.0)
_PATIENT_WITH_MONEY = Backoff(first=30.0)
#: A question without an answer is asked again by the schedule anyway.
_BRIEF = Backoff(first=5.0, attempts=3)


@app.task(name=MAIL_GOODS.task, queue=MAIL, retry=_PATIENT)
def mail_goods(subject: str) -> None:
    """Mail a delivered order to its buyer."""
    mailing.mail_goods(UUID(subject))


@app.task(name=MAIL_SHORT_PAID.task, queue=MAIL, retry=_PATIENT)
def mail_short_paid(subject: str) -> None:
    """Tell a buyer that part of the price is missing."""
    mailing.mail_short_paid(UUID(subject))


@app.task(name=MAIL_REFUND_DONE.task, queue=MAIL, retry=_PATIENT)
def mail_refund_done(subject: str) -> None:
    """Tell a buyer that money is on its way back."""
    mailing.mail_refund_done(UUID(subject))


@app.task(name=mailing.MAIL_ORDER_LINKS.task, queue=MAIL, retry=_PATIENT)
def mail_order_links(contact_key: str, language: str) -> None:
    """Mail somebody the links to their orders."""
    mailing.mail_order_links(UUID(contact_key), language)


@app.task(name=mailing.MAIL_LOW_STOCK.task, queue=MAIL, retry=_PATIENT)
def mail_low_stock(sku_id: int, unsold: int) -> None:
    """Tell a merchant that a product runs low."""
    mailing.mail_low_stock(sku_id, unsold)


@app.task(name=EXECUTE_REFUND.task, queue=MONEY, retry=_PATIENT_WITH_MONEY)
def refund(subject: str, sure: bool = False) -> None:
    """Send money back."""
    execute_refund(UUID(subject), sure=sure)


@app.task(name=CONFIRM.task, queue=MONEY, retry=_BRIEF)
def confirm(payment_id: str) -> None:
    """Ask a gateway about one payment."""
    confirm_payment(UUID(payment_id))


@app.task(name=UNKNOWN_EVENT.task, queue=CHORES)
def unknown_event(subject: str, kind: str) -> None:
    """Fail at once, so that an event this version does not know is seen and can be run again by the next one."""
    raise ProviderError(f"no job is known for the event {kind} of {subject}", permanent=True)


@app.periodic(cron="* * * * * */5")
@app.task(name="order.expire", queue=MONEY, queueing_lock="order.expire", priority=10)
def expire(timestamp: int) -> None:
    """Give codes back whose time is over."""
    sweep.expire_orders()


@app.periodic(cron="* * * * * */10")
@app.task(name="payment.ask_open", queue=MONEY, queueing_lock="payment.ask_open")
def ask_open(timestamp: int) -> None:
    """Ask about payments that may still come."""
    run(ask_about_open(timezone.now()))


@app.periodic(cron="* * * * *")
@app.task(name="payment.ask_expired", queue=MONEY, queueing_lock="payment.ask_expired")
def ask_expired(timestamp: int) -> None:
    """Ask about payments of orders that have expired."""
    run(ask_about_expired(timezone.now()))


@app.periodic(cron="*/5 * * * *")
@app.task(name="sweep.round", queue=CHORES, queueing_lock="sweep.round")
def sweep_round(timestamp: int) -> None:
    """Look for what was forgotten."""
    sweep.sweep()


@app.periodic(cron="* * * * *")
@app.task(name="sweep.figures", queue=CHORES, queueing_lock="sweep.figures")
def figures(timestamp: int) -> None:
    """Count orders, and see which products run low."""
    sweep.count_orders()
    sweep.watch_stock()


@app.periodic(cron="40 3 * * *")
@app.task(name="audit.check", queue=CHORES, queueing_lock="audit.check", priority=-10)
def check_books(timestamp: int) -> None:
    """Prove that stock, books and deliveries agree."""
    sweep.check_books()


@app.periodic(cron="20 4 * * *")
@app.task(name="shop.tidy", queue=CHORES, queueing_lock="shop.tidy", priority=-10)
def tidy(timestamp: int) -> None:
    """Forget what nobody needs any more."""
    forget_unconfirmed()
    forget_old_networks(timezone.now())
    clear_away()


@app.periodic(cron="* * * * * */5")
@app.task(name="jobs.rescue", queue=CHORES, queueing_lock="jobs.rescue", pass_context=True, priority=20)
async def rescue(context: JobContext, timestamp: int) -> None:
    """Bring back the jobs of workers that were killed."""
    await rescue_stalled(context.app.job_manager, stalled_for=settings.WORKER_STALLED_AFTER)
