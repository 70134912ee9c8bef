"""Processes that die at a named place: in a flow after its k-th statement, or between the commit and the answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg

from tests.resilience.house import eventually, number
from xinka.kernel.flow import Flow
from xinka.platform.database.drive import drive, fetch

AFTER_COMMIT = -1
_NAME = "crash-test"


def count_statements(database_url: str, make: Callable[[], Flow[Any]]) -> int:
    """Return how many statements a flow asks for, and leave nothing of it."""
    with psycopg.connect(database_url) as connection:
        n = _step(connection, make(), stop_after=None)
        connection.rollback()
        return n


def die_in(database_url: str, make: Callable[[], Flow[Any]], after: int) -> None:
    """Run a flow in a process of its own that is killed after so many statements, or right after the commit."""
    child = os.fork()
    if child == 0:
        try:
            connection = psycopg.connect(database_url, application_name=_NAME)
            if after == AFTER_COMMIT:
                drive(connection, make())
                connection.commit()
            else:
                _step(connection, make(), stop_after=after)
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(70)  # it did not get as far as its death
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process should have been killed in its flow"
    assert os.WTERMSIG(status) == signal.SIGKILL
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    eventually(lambda: number(database_url, left, _NAME) == 0, "the server to notice that its client is dead")


def _step(connection: psycopg.Connection[Any], flow: Flow[Any], *, stop_after: int | None) -> int:
    """Send a flow its rows until its end, or until so many statements have run; return how many have."""
    rows, n = None, 0
    while n != stop_after:
        try:
            query = flow.send(rows) if rows is not None else next(flow)
        except StopIteration:
            break
        rows = fetch(connection, query)
        n += 1
    return n
