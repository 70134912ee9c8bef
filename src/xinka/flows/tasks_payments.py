"""The jobs about payments at their gateways: closing them, and looking into what gateways told by themselves."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from xinka.flows.events import HANDLE_EVENT
from xinka.flows.expire import CLOSE_PAYMENT
from xinka.flows.paying.closing import close_payment
from xinka.flows.provider_events import handle_event, handle_forgotten
from xinka.platform.jobs.queue import CHORES
from xinka.platform.jobs.retries import Backoff


@app.task(name=CLOSE_PAYMENT.task, queue=CLOSE_PAYMENT.queue, retry=Backoff(first=10.0, attempts=4))
def close(payment_id: str) -> None:
    """Close a payment that nobody should make any more."""
    close_payment(UUID(payment_id))


@app.task(name=HANDLE_EVENT.task, queue=HANDLE_EVENT.queue, retry=Backoff(first=10.0, attempts=6))
def event(event_id: int) -> None:
    """Look into what a gateway told of a refund or a dispute."""
    handle_event(event_id)


@app.periodic(cron="7,37 * * * *")
@app.task(name="provider.events", queue=CHORES, queueing_lock="provider.events")
def forgotten_events(timestamp: int) -> None:
    """Look into events whose jobs were lost."""
    handle_forgotten()
