"""The days of the books. They are fixed to one time zone for ever, since a closed day must not move."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
#: Nothing was booked before, and nothing will be after; days beyond are typing mistakes that no clock can tell.
_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 31)


def day_of(moment: datetime) -> date:
    """Return the day of the books that a moment belongs to."""
    return moment.astimezone(ZONE).date()


def start_of(day: date, zone: tzinfo = ZONE) -> datetime:
    """Return the first moment of a day; of one out of all reach, that of the nearest within.

    Days are those of the books, unless ``zone`` says by whose calendar else, as that of a gateway.
    """
    return datetime.combine(min(max(day, _FIRST), _LAST), time.min, zone)


def end_of(day: date, zone: tzinfo = ZONE) -> datetime:
    """Return the first moment after a day."""
    return start_of(min(day, _LAST) + timedelta(days=1), zone)
