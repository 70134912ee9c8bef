"""The days of the books. They are fixed to one time zone for ever, since a closed day must not move."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """Return the day of the books that a moment belongs to."""
    return moment.astimezone(ZONE).date()


def start_of(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time.min, ZONE)


def end_of(day: date) -> datetime:
    """Return the first moment after a day."""
    return start_of(day + timedelta(days=1))
