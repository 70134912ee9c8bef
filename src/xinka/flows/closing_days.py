"""Closing the days of the books, one after the other, each in a transaction of its own."""

from __future__ import annotations

import logging
from datetime import datetime

from xinka.ledger.closing import close_next_day
from xinka.ledger.owners import sum_up_next_day
from xinka.platform.database.django_drive import run

log = logging.getLogger(__name__)
#: A shop whose worker was away for long catches up in several rounds.
_MOST = 400


def close_days(now: datetime) -> int:
    """Close every day that is over, sum up what each merchant gained on it, and return how many days were closed."""
    n_closed = 0
    while n_closed < _MOST and (day := run(close_next_day(now))):
        log.info("books.day_closed", extra={"day": day.isoformat()})
        n_closed += 1
    # Also those that were closed before these sums were kept, some each round.
    for _n in range(_MOST):
        if run(sum_up_next_day()) is None:
            break
    return n_closed
