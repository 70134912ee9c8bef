"""The jobs of payouts."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from xinka.flows.payouts import gateway, looking_again, mailing
from xinka.flows.payouts.mailing import News
from xinka.platform.jobs.queue import MAIL, MONEY
from xinka.platform.jobs.retries import Backoff

_PATIENT = Backoff(first=5.0)


@app.task(name=mailing.MAIL_PAYOUT.task, queue=MAIL, retry=_PATIENT)
def mail_payout(subject: str, news: str) -> None:
    """Tell the owners of a payout."""
    mailing.mail_payout(UUID(subject), News(news))


@app.task(name=mailing.MAIL_ACCOUNT.task, queue=MAIL, retry=_PATIENT)
def mail_account(subject: str, news: str) -> None:
    """Tell the owners of a change of accounts."""
    mailing.mail_account(UUID(subject), News(news))


@app.task(name=gateway.SEND_PAYOUT.task, queue=MONEY, retry=Backoff(first=30.0, attempts=2))
def send_payout(subject: str) -> None:
    """Bring a payout through a gateway forward."""
    gateway.execute(UUID(subject))


@app.periodic(cron="* * * * *")
@app.task(name="payout.ask_open", queue=MONEY, queueing_lock="payout.ask_open")
def ask_open(timestamp: int) -> None:
    """Look after payouts that gateways have not finished."""
    gateway.ask_about_open(timezone.now())


@app.task(name=looking_again.LOOK_AGAIN.task, queue=MONEY, retry=Backoff(first=30.0, attempts=2))
def look_again(subject: str) -> None:
    """Ask a gateway about a payout that it paid some days ago."""
    looking_again.look_again(UUID(subject))


@app.periodic(cron="23 * * * *")
@app.task(name="payout.look_after_paid", queue=MONEY, queueing_lock="payout.look_after_paid")
def look_after_paid(timestamp: int) -> None:
    """Look after payouts that were paid: a bank may send them back for some days."""
    looking_again.look_after_paid(timezone.now())
