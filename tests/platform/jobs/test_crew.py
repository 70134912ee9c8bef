"""A crew keeps no job whose end it could not note, waits for none without limit, and forgets what is well again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.worker import Worker

from xinka.platform.jobs import crew as crews
from xinka.platform.jobs.crew import Crew, JobsDoNotEnd
from xinka.platform.jobs.housekeeping import rescue_stalled

_OPTIONS: dict[str, Any] = {
    "queues": ["chores"],
    "install_signal_handlers": False,
    "delete_jobs": "successful",
    "fetch_job_polling_interval": 0.1,
    "update_heartbeat_interval": 0.1,
    "shutdown_graceful_timeout": 0.5,
    "concurrency": 2,
}
#: So many ends of jobs meet a full disk.
_FULL = """
CREATE SEQUENCE n_refused;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('n_refused') <= {times} THEN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER refuse BEFORE DELETE ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def house(shop_database: str) -> App:
    """A house with two jobs by the hour: one that is done at once, and one that has no end."""
    app = App(connector=PsycopgConnector(conninfo=shop_database))

    @app.task(name="tidy", queue="chores", queueing_lock="tidy")
    def tidy() -> None:
        """Do nothing much."""

    return app


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "_PAUSES", (0.05, 0.05))
    monkeypatch.setattr(crews, "_LAST_WORDS", 0.3)


@pytest.fixture
def ask(shop_database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of somebody else's."""
    with psycopg.connect(shop_database, autocommit=True) as connection:
        yield connection


def _jobs(ask: psycopg.Connection[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return ask.execute("SELECT status::text, worker_id IS NULL FROM procrastinate_jobs ORDER BY id").fetchall()


async def _work(house: App, kind: type[Worker], seconds: float) -> bool:
    """Let a crew do what there is; return whether it ended by itself."""
    async with house.open_async():
        await house.configure_task("tidy", queueing_lock="tidy").defer_async()
        working = asyncio.ensure_future(kind(house, **_OPTIONS).run())
        done, _ = await asyncio.wait({working}, timeout=seconds)
        await rescue_stalled(house.job_manager, stalled_for=10.0)
        if not done:
            working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return bool(done)


def test_an_end_that_cannot_be_written_down_at_once_is_written_a_moment_later(
    house: App, ask: psycopg.Connection[tuple[Any, ...]]
) -> None:
    ask.execute(_FULL.format(times=2).encode())
    assert asyncio.run(_work(house, Crew, 1.5)) is False
    assert _jobs(ask) == []


def test_a_crew_that_cannot_write_down_how_a_job_ended_ends_and_others_take_the_job_up(
    house: App, ask: psycopg.Connection[tuple[Any, ...]]
) -> None:
    ask.execute(_FULL.format(times=1_000).encode())
    assert asyncio.run(_work(house, Crew, 10)) is True
    assert [status for status, _ in _jobs(ask)] == ["todo"]


def test_without_that_the_job_is_kept_by_a_worker_that_does_not_work_on_it(
    house: App, ask: psycopg.Connection[tuple[Any, ...]]
) -> None:
    """The control."""
    ask.execute(_FULL.format(times=1).encode())

    async def scenario() -> list[tuple[Any, ...]]:
        async with house.open_async():
            await house.configure_task("tidy").defer_async()
            working = asyncio.ensure_future(Worker(house, **_OPTIONS).run())
            await asyncio.sleep(1.5)
            assert await rescue_stalled(house.job_manager, stalled_for=1.0) == 0
            kept = _jobs(ask)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            return kept

    assert asyncio.run(scenario()) == [("doing", False)]


def test_a_job_that_another_has_ended_meanwhile_costs_nobody_his_place(
    house: App, ask: psycopg.Connection[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    @house.task(name="slow", queue="chores")
    def slow() -> None:
        ask.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'slow'")

    async def scenario() -> bool:
        async with house.open_async():
            await slow.defer_async()
        return await _work(house, Crew, 1.5)

    assert asyncio.run(scenario()) is False
    assert [record.message for record in caplog.records if record.name == crews.__name__] == ["job.ended_elsewhere"]
    assert _jobs(ask) == []


def test_a_crew_that_ends_does_not_wait_without_limit_for_a_job_in_a_thread(
    house: App, ask: psycopg.Connection[tuple[Any, ...]]
) -> None:
    over = threading.Event()

    @house.task(name="endless", queue="chores")
    def endless() -> None:
        over.wait(60)

    async def scenario() -> float:
        async with house.open_async():
            await endless.defer_async()
            working = asyncio.ensure_future(Crew(house, **_OPTIONS).run())
            await asyncio.sleep(0.5)
            began = time.monotonic()
            working.cancel()
            with pytest.raises(JobsDoNotEnd, match="endless"):
                await working
            took = time.monotonic() - began
            over.set()
            return took

    assert asyncio.run(scenario()) < 5
    assert [status for status, _ in _jobs(ask)] in (["doing"], [])  # it was not noted as given up


def _failed(ask: psycopg.Connection[tuple[Any, ...]], task: str, lock: str | None) -> int:
    row = ask.execute(
        "WITH dead AS (INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status, attempts) "
        "VALUES ('chores', %s, %s, 'failed', 1) RETURNING id) "
        "INSERT INTO job_problem (job_id, at, problem) SELECT id, now(), 'OSError: down' FROM dead RETURNING job_id",
        [task, lock],
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_job_by_the_hour_that_was_done_forgets_its_last_failure_and_no_other(
    house: App, ask: psycopg.Connection[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger=crews.__name__)
    mine, another, of_nobody = _failed(ask, "tidy", "tidy"), _failed(ask, "books", "books"), _failed(ask, "mail", None)
    assert asyncio.run(_work(house, Crew, 1.0)) is False
    left = [row[0] for row in ask.execute("SELECT id FROM procrastinate_jobs ORDER BY id")]
    assert left == [another, of_nobody]
    told = [record for record in caplog.records if record.message == "job.well_again"]
    assert [(one.__dict__["job"], one.__dict__["failed"]) for one in told] == [(mine, "OSError: down")]


def test_a_job_that_fails_every_few_seconds_is_one_dead_letter_that_says_why(
    house: App, ask: psycopg.Connection[tuple[Any, ...]]
) -> None:
    another, of_nobody = _failed(ask, "books", "books"), _failed(ask, "mail", None)

    @house.task(name="rescue", queue="chores", queueing_lock="rescue")
    async def rescue() -> None:
        raise OSError("550 <cy@shop.example> unknown")

    async def scenario() -> None:
        async with house.open_async():
            working = asyncio.ensure_future(Crew(house, **_OPTIONS).run())
            for _ in range(3):
                await rescue.defer_async()
                await asyncio.sleep(0.5)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    asyncio.run(scenario())
    left = ask.execute(
        "SELECT id, task_name, problem FROM procrastinate_jobs JOIN job_problem ON job_id = id "
        "WHERE status = 'failed' ORDER BY id"
    ).fetchall()
    assert left[:2] == [(another, "books", "OSError: down"), (of_nobody, "mail", "OSError: down")]
    assert [row[1:] for row in left[2:]] == [("rescue", "OSError: 550 <•••@•••> unknown")]


def test_it_looks_for_failures_once_a_minute_however_often_the_job_comes(
    house: App, ask: psycopg.Connection[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> list[int]:
        counts = list[int]()
        async with house.open_async():
            working = asyncio.ensure_future(Crew(house, **_OPTIONS).run())
            for _ in range(2):
                _failed(ask, "tidy", "tidy")
                await house.configure_task("tidy", queueing_lock="tidy").defer_async()
                await asyncio.sleep(0.7)
                counts.append(len(_jobs(ask)))
            monkeypatch.setattr(crews, "_LOOK_AGAIN", 0.0)
            await house.configure_task("tidy", queueing_lock="tidy").defer_async()
            await asyncio.sleep(0.7)
            counts.append(len(_jobs(ask)))
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        return counts

    assert asyncio.run(scenario()) == [0, 1, 0]
