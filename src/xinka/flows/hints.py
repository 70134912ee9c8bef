"""Notices that prove too little for money to move: a worker asks the gateway and settles its answer. No Django."""

from __future__ import annotations

from uuid import UUID

from xinka.kernel.flow import Flow
from xinka.platform.jobs.queue import MONEY, Job, defer

CONFIRM = Job("payment.confirm", MONEY)


def take_hint(payment_id: UUID) -> Flow[None]:
    """Queue a question to the gateway about one payment; a second hint only asks again."""
    yield from defer(CONFIRM, [{"payment_id": payment_id}])
