"""What is done to a session for a while ends with the block, however the block ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from xinka.platform.database.session import holding_lock, undoing

_KEY = (20_011, 7)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """Another session on the same database."""
    copied = connection.copy()
    yield copied
    copied.close()


def _is_free(other: BaseDatabaseWrapper) -> bool:
    with holding_lock(other, *_KEY) as is_held:
        return is_held


def _send_half() -> None:
    """Leave the connection as Ctrl-C may: a statement is sent, its answer is not read."""
    connection.connection.pgconn.send_query(b"SELECT 1")


def _tell(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('xinka.told', %s, false)", [name])


def _told() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('xinka.told', true), '')")
        return cursor.fetchall()[0][0]


def test_a_lock_is_held_for_the_block_and_no_longer(other: BaseDatabaseWrapper) -> None:
    with holding_lock(connection, *_KEY) as is_held:
        assert is_held
        assert not _is_free(other)
    assert _is_free(other)


def test_a_lock_is_let_go_by_a_block_that_fails_and_the_session_stays(other: BaseDatabaseWrapper) -> None:
    _tell("before")
    with pytest.raises(LookupError), holding_lock(connection, *_KEY):
        raise LookupError
    assert _is_free(other)
    assert _told() == "before"


@pytest.mark.parametrize("what", [KeyboardInterrupt, LookupError], ids=lambda what: what.__name__)
def test_a_statement_that_is_half_sent_hides_nothing_and_keeps_no_lock(
    other: BaseDatabaseWrapper, what: type[BaseException]
) -> None:
    def work() -> None:
        with holding_lock(connection, *_KEY):
            _send_half()
            raise what

    with pytest.raises(what):
        work()
    assert _told() == ""  # the next that is asked of the database gets a session of its own
    assert _is_free(other)


def test_what_was_set_is_undone_once_when_all_is_well() -> None:
    with undoing(connection, lambda: _tell("undone")):
        _tell("meanwhile")
    assert _told() == "undone"


@pytest.mark.parametrize(
    ("statement", "words"),
    [("SELECT 1/0", "division"), ("SELECT pg_terminate_backend(pg_backend_pid())", "administrator command")],
)
def test_what_went_wrong_is_told_and_not_what_could_not_be_undone(statement: str, words: str) -> None:
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises(DatabaseError, match=words), undoing(connection, lambda: _tell("undone")):
        fail()
    assert _told() == ("undone" if "1/0" in statement else "")


def test_what_cannot_be_undone_after_all_went_well_is_told() -> None:
    with pytest.raises(DatabaseError, match="division"), undoing(connection, _divide):
        pass


def _divide() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")
