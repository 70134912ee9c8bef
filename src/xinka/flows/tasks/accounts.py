"""The jobs of accounts."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from xinka.accounts.notifying import MAIL_NOTICE, send_notice
from xinka.platform.jobs.queue import MAIL
from xinka.platform.jobs.retries import Backoff


@app.task(name=MAIL_NOTICE.task, queue=MAIL, retry=Backoff(first=5.0))
def mail_notice(subject: str) -> None:
    """Tell somebody what happened to their account."""
    send_notice(UUID(subject))
