"""Days of the books and of gateways: no moment is in none or in two, over leap days, ends of years and 2038."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest

from xinka.ledger.days import ZONE, day_of, end_of, start_of

FIRST, LAST = date(2024, 1, 1), date(2040, 12, 31)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("zone", [ZONE, UTC])
def test_days_follow_one_another_without_a_gap(zone: tzinfo) -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert {date(2028, 2, 29), date(2038, 1, 19), date(2038, 1, 20)} < set(days)
    for day in days:
        start, end = start_of(day, zone), end_of(day, zone)
        assert (start.date(), start.timetz().isoformat()[:8]) == (day, "00:00:00")
        assert end == start_of(day + timedelta(days=1), zone)
        assert end - start == timedelta(hours=24)


def test_a_moment_belongs_to_the_day_of_the_books_whatever_clock_tells_it() -> None:
    for day in (date(2028, 2, 29), date(2030, 12, 31), date(2038, 1, 19), date(2040, 2, 29)):
        start = start_of(day)
        assert start.astimezone(UTC) == datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
        for moment in (start, end_of(day) - MOMENT):
            assert day_of(moment) == day_of(moment.astimezone(UTC)) == day
        assert day_of(start - MOMENT) == day - timedelta(days=1)
