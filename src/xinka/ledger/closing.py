"""Closing days: a day that nothing can be entered into any more is summed up once, so that reports read sums."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from xinka.kernel.flow import Flow, Query
from xinka.ledger.days import day_of, end_of, start_of

#: How long after midnight a day stays open at least.
GRACE = timedelta(minutes=10)

_NEXT_OPEN = """
SELECT coalesce((SELECT max(day) + 1 FROM ledger_closed_day),
  (SELECT (min(at) AT TIME ZONE 'Asia/Shanghai')::date FROM ledger_entry))
"""
#: An entry carries the time at which its transaction began, so only transactions that run since then can add to a day.
_OLDEST_RUNNING = """
SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_CLOSE = "INSERT INTO ledger_closed_day (day, closed_at) VALUES ($1, now()) ON CONFLICT DO NOTHING RETURNING 1"
_SUM_UP = """
INSERT INTO ledger_day_total (day, account, currency, channel_id, amount, n_entries)
SELECT $1, account, currency, channel_id, sum(amount), count(*) FROM ledger_entry
WHERE at >= $2 AND at < $3 GROUP BY account, currency, channel_id
"""


def close_next_day(now: datetime) -> Flow[date | None]:
    """Close the oldest open day, if it is over for everybody, and return it; run it in a transaction of its own."""
    ((day,),) = yield Query(_NEXT_OPEN)
    if day is None or day >= day_of(now - GRACE):
        return None
    ((oldest,),) = yield Query(_OLDEST_RUNNING)
    if oldest is not None and oldest < end_of(day):
        return None
    closed = yield Query(_CLOSE, (day,))
    if not closed:
        return None  # another worker does
    yield Query(_SUM_UP, (day, start_of(day), end_of(day)))
    assert isinstance(day, date)  # noqa: S101 - what the column's type promises
    return day
