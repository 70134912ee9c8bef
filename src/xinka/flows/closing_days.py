"""Closing the days of the books, one after the other, each in a transaction of its own."""

from __future__ import annotations

import logging
from datetime import datetime

from xinka.ledger.closing import close_next_day
from xinka.platform.database.django_drive import run

log = logging.getLogger(__name__)
#: A shop whose worker was away for long catches up in several rounds.
_MOST = 400


def close_days(now: datetime) -> int:
    """Close every day that is over and return how many that were."""
    for n in range(_MOST):
        day = run(close_next_day(now))
        if day is None:
            return n
        log.info("books.day_closed", extra={"day": day.isoformat()})
    return _MOST
