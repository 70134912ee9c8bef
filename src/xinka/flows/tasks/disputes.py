"""The jobs of cases: timers, what gateways tell of chargebacks, letters."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from xinka.flows.disputes import chargebacks, mailing, timers
from xinka.platform.jobs.queue import MAIL, MONEY
from xinka.platform.jobs.retries import Backoff

_PATIENT = Backoff(first=5.0)


@app.task(name=mailing.MAIL_MOVE.task, queue=MAIL, retry=_PATIENT)
def mail_case_move(case_id: str, version: int) -> None:
    """Write to both sides about a move."""
    mailing.mail_move(UUID(case_id), version)


@app.task(name=mailing.MAIL_MESSAGE.task, queue=MAIL, retry=_PATIENT)
def mail_case_message(message_id: str) -> None:
    """Tell the others that something was said."""
    mailing.mail_message(UUID(message_id))


@app.periodic(cron="* * * * * */30")
@app.task(name="case.timers", queue=MONEY, queueing_lock="case.timers")
def fire_timers(timestamp: int) -> None:
    """Do what is due in cases because somebody was silent."""
    timers.fire_due(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="case.gateway_events", queue=MONEY, queueing_lock="case.gateway_events")
def take_in_events(timestamp: int) -> None:
    """Read what gateways told of chargebacks."""
    chargebacks.take_in_events(timezone.now())
