"""Drivers: a flow gets the rows it asked for, sees a failure where it asked, and runs alike in both worlds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from xinka.kernel.flow import Flow, Query
from xinka.platform.database.drive import drive, drive_async

Run = Callable[[Flow[Any]], Any]


def run_sync(flow: Flow[Any]) -> Any:
    """Drive on a synchronous connection."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return drive(connection, flow)


def run_async(flow: Flow[Any]) -> Any:
    """Drive on an asynchronous connection."""

    async def story() -> Any:
        async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as connection:
            return await drive_async(connection, flow)

    return asyncio.run(story())


both = pytest.mark.parametrize("run", [run_sync, run_async], ids=["sync", "async"])


@both
def test_rows_come_back_to_where_they_were_asked_for(run: Run) -> None:
    def story() -> Flow[list[int]]:
        first = yield Query("SELECT $1::int + 1", (41,))
        second = yield Query("SELECT n FROM generate_series(1, $1::int) AS n", (3,))
        return [first[0][0], *[row[0] for row in second]]

    assert run(story()) == [42, 1, 2, 3]


@both
def test_a_statement_without_rows_sends_an_empty_list(run: Run) -> None:
    def story() -> Flow[list[Any]]:
        return (yield Query("SET LOCAL work_mem = '4MB'"))

    assert run(story()) == []


@both
def test_a_flow_that_asks_for_nothing_just_answers(run: Run) -> None:
    def story() -> Flow[str]:
        return "done"
        yield Query("never")

    assert run(story()) == "done"


@both
def test_a_failure_is_seen_where_it_was_asked_for_and_never_swallowed(run: Run) -> None:
    seen = []

    def story() -> Flow[None]:
        try:
            yield Query("SELECT 1 / $1::int", (0,))
        except psycopg.errors.DivisionByZero as error:
            seen.append(type(error).__name__)
            raise
        finally:
            seen.append("left")

    with pytest.raises(psycopg.errors.DivisionByZero):
        run(story())
    assert seen == ["DivisionByZero", "left"]


@both
def test_what_a_flow_raises_comes_out(run: Run) -> None:
    def story() -> Flow[None]:
        yield Query("SELECT 1")
        raise KeyError("mine")

    with pytest.raises(KeyError):
        run(story())
