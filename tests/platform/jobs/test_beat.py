"""Periodic jobs go on when the clock is set, and a machine that slept does not make up for every moment it missed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from procrastinate import App, PsycopgConnector, periodic, testing

from xinka.platform.jobs import beat as beating
from xinka.platform.jobs.beat import Beat


@dataclass
class Running:
    """Seconds since the start of the machine."""

    seconds: float = 1000.0


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


@pytest.fixture
def registry() -> periodic.PeriodicRegistry:
    """A job of every five seconds and one of every night at 04:20."""
    app = App(connector=testing.InMemoryConnector())

    @app.periodic(cron="* * * * * */5")
    @app.task(name="quick")
    def quick(timestamp: int) -> None:
        """Do nothing."""

    @app.periodic(cron="20 4 * * *")
    @app.task(name="nightly")
    def nightly(timestamp: int) -> None:
        """Do nothing."""

    return app.periodic_registry


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    """How long the machine has been running, by the hand of the test."""
    made = Running()
    monkeypatch.setattr(beating, "since_boot", lambda: made.seconds)
    return made


def _queued(beat: periodic.PeriodicDeferrer, at: float) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for task, moment in beat.get_previous_tasks(at=at):
        found.setdefault(task.task.name, []).append(moment - NOON)
    return found


def test_each_moment_once(registry: periodic.PeriodicRegistry) -> None:
    beat = Beat(registry=registry)
    assert _queued(beat, NOON + 0.5)["quick"] == [0]
    assert _queued(beat, NOON + 0.9) == {}
    assert _queued(beat, NOON + 5.5) == {"quick": [5]}


def test_a_start_makes_up_for_the_night(shop_database: str, registry: periodic.PeriodicRegistry) -> None:
    """And only where a night was missed: the first start of a shop does none of it."""
    night = NOON - 7 * HOUR - 40 * 60
    app = App(connector=PsycopgConnector(conninfo=shop_database))
    app.periodic_registry = registry
    for task in registry.periodic_tasks.values():
        task.task.blueprint = app

    async def at_noon() -> dict[str, list[float]]:
        async with app.open_async():
            beat = Beat(registry=registry)
            await beat.recall()
            return _queued(beat, NOON + 0.5)

    def note(moment: float) -> None:
        with psycopg.connect(shop_database) as connection:
            connection.execute(
                "INSERT INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp) "
                "VALUES ('nightly', '', %s)",
                [moment],
            )

    assert asyncio.run(at_noon()) == {"quick": [0]}
    note(night - 24 * HOUR)
    assert asyncio.run(at_noon()) == {"quick": [0], "nightly": [night - NOON]}
    note(night)
    assert asyncio.run(at_noon()) == {"quick": [0]}


def test_set_back_by_an_hour_it_goes_on_at_once(registry: periodic.PeriodicRegistry) -> None:
    beat = Beat(registry=registry)
    _queued(beat, NOON + 0.5)
    assert _queued(beat, NOON - HOUR + 0.5) == {"quick": [-HOUR]}
    assert _queued(beat, NOON - HOUR + 5.5) == {"quick": [-HOUR + 5]}
    assert _queued(beat, NOON - HOUR + 5.9) == {}


def test_control_procrastinates_own_waits_out_the_hour(registry: periodic.PeriodicRegistry) -> None:
    beat = periodic.PeriodicDeferrer(registry=registry)
    _queued(beat, NOON + 0.5)
    assert [_queued(beat, NOON - HOUR + second) for second in (0.5, 5.5, 3599)] == [{}, {}, {}]


def test_set_back_by_a_blink_it_waits(registry: periodic.PeriodicRegistry) -> None:
    beat = Beat(registry=registry)
    _queued(beat, NOON + 0.5)
    assert _queued(beat, NOON - 0.2) == {}
    assert _queued(beat, NOON + 5.1) == {"quick": [5]}


def test_a_machine_that_slept_does_each_once(registry: periodic.PeriodicRegistry, running: Running) -> None:
    beat = Beat(registry=registry)
    _queued(beat, NOON + 0.5)
    night = 16 * HOUR + 20 * 60
    running.seconds += 24 * HOUR + 1.5
    assert _queued(beat, NOON + 24 * HOUR + 2) == {"quick": [24 * HOUR], "nightly": [night]}


def test_a_clock_that_leapt_is_given_time_to_be_set_right(
    registry: periodic.PeriodicRegistry, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    beat = Beat(registry=registry)
    _queued(beat, NOON + 0.5)
    with caplog.at_level(logging.WARNING):
        for seconds in (5, 100, 295):
            running.seconds = 1000.0 + seconds
            assert _queued(beat, NOON + 26 * HOUR + seconds + 0.5) == {}, "nothing that would stay done"
    assert [(record.message, record.__dict__["seconds"]) for record in caplog.records] == [("clock.leapt", 26 * 3600)]
    running.seconds = 1297.0
    assert _queued(beat, NOON + 297.5)["quick"] == [295], "it was set right, and all goes on"
    running.seconds += 16 * HOUR + 20 * 60 - 297
    assert _queued(beat, NOON + 16 * HOUR + 20 * 60 + 0.5)["nightly"] == [16 * HOUR + 20 * 60]


def test_a_clock_that_stays_ahead_is_believed_after_five_minutes(
    registry: periodic.PeriodicRegistry, running: Running
) -> None:
    beat = Beat(registry=registry)
    _queued(beat, NOON + 0.5)
    running.seconds += 5
    assert _queued(beat, NOON + 26 * HOUR + 5.5) == {}
    running.seconds += 301
    assert set(_queued(beat, NOON + 26 * HOUR + 306.5)) == {"quick", "nightly"}


def test_what_ends_nothing_goes_on_meanwhile(running: Running) -> None:
    app = App(connector=testing.InMemoryConnector())

    @app.periodic(cron="* * * * * */5")
    @app.task(name="payment.ask_open")
    def ask_open(timestamp: int) -> None:
        """Do nothing."""

    beat = Beat(registry=app.periodic_registry)
    _queued(beat, NOON + 0.5)
    running.seconds += 5
    assert _queued(beat, NOON + 26 * HOUR + 5.5) == {"payment.ask_open": [26 * HOUR + 5]}
