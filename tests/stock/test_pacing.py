"""The pace of an import: large steps in a quiet shop, small ones with rests while the till sells."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from xinka.platform.outbox.models import OutboxEvent
from xinka.stock.importing import pacing
from xinka.stock.importing.pacing import Pace

pytestmark = pytest.mark.django_db


class Time:
    """A clock that only moves when it is told to, and by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    connection.ensure_connection()
    # A fresh sequence stands at its first number before that number was given: one event makes the count exact.
    sell(1)
    return Pace(connection.connection, clock=lambda: time.now, sleep=time.sleep)


def sell(n: int) -> None:
    """Leave what the till leaves when it delivers."""
    for _ in range(n):
        OutboxEvent.objects.create(kind="order.delivered", subject=uuid4(), at=timezone.now())


def test_the_first_step_is_small_for_nobody_knows_yet(pace: Pace) -> None:
    assert (pace.is_busy, pace.chunk) == (True, pacing.SMALL_CHUNK)


def test_in_a_quiet_shop_steps_are_large_and_nobody_rests(pace: Pace, time: Time) -> None:
    time.now += 1
    sell(20)
    pace.rest()
    assert (pace.is_busy, pace.chunk, time.slept) == (False, pacing.CHUNK, [])


def test_while_the_till_sells_steps_are_small_and_rests_four_times_as_long_as_the_work(pace: Pace, time: Time) -> None:
    time.now += 0.0625
    sell(6)
    pace.rest()
    assert (pace.is_busy, pace.chunk, time.slept) == (True, pacing.SMALL_CHUNK, [0.25])


def test_no_rest_is_longer_than_half_a_second(pace: Pace, time: Time) -> None:
    time.now += 2
    sell(41)
    pace.rest()
    assert time.slept == [0.5]


def test_events_that_were_handled_meanwhile_count_too(pace: Pace, time: Time) -> None:
    time.now += 0.25
    sell(6)
    OutboxEvent.objects.all().delete()
    pace.rest()
    assert pace.is_busy


def test_when_the_rush_is_over_steps_are_large_again(pace: Pace, time: Time) -> None:
    time.now += 0.25
    sell(6)
    pace.rest()
    time.now += 0.25
    pace.rest()
    assert (pace.is_busy, pace.chunk, time.slept) == (False, pacing.CHUNK, [0.5])
