"""A job in parts does all of them that can be done, says which could not, and leaves one dead letter at most."""

from __future__ import annotations

import logging

import pytest
from django.db import connection

from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed, each_alone
from xinka.platform.jobs.queue import revive


def _fail() -> int:
    raise ValueError("no room for cy@example.com")


def test_one_that_fails_keeps_no_other_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    parts = [("first", lambda: done.append("first")), ("second", _fail), ("third", lambda: done.append("third"))]
    with caplog.at_level(logging.ERROR), pytest.raises(SomeFailed, match=r"^second: ValueError: no room for •••@•••$"):
        each_alone(parts)
    assert done == ["first", "third"]
    assert [(record.message, record.__dict__["part"]) for record in caplog.records] == [("job.part_failed", "second")]


def test_where_none_fails_it_says_what_each_did() -> None:
    assert each_alone([("one", lambda: 1), ("two", lambda: 2)]) == {"one": 1, "two": 2}
    assert each_alone([]) == {}


@pytest.mark.django_db(transaction=True)
def test_a_part_that_costs_the_connection_leaves_the_next_a_new_one() -> None:
    def cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 7")
            return int(cursor.fetchone()[0])

    said: list[int] = []
    with pytest.raises(SomeFailed, match="cut"):
        each_alone([("cut", cut), ("ask", lambda: said.append(ask()))])
    assert said == [7]


def _periodic(status: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status, attempts) "
            "VALUES ('chores', 'shop.tidy', 'shop.tidy', %s, 1) RETURNING id",
            [status],
        )
        return int(cursor.fetchone()[0])


def _left() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status::text FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


@pytest.mark.django_db
def test_a_dead_letter_runs_again_beside_the_one_that_waits_by_itself() -> None:
    dead, waits = _periodic("failed"), _periodic("todo")
    assert run(revive(dead)) == "shop.tidy"
    assert _left() == [(dead, "todo"), (waits, "todo")]
