"""What is done to a session of the database for a while, and is undone whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def undoing(connection: BaseDatabaseWrapper, undo: Callable[[], object]) -> Iterator[None]:
    """Call ``undo`` when the block is over; where that cannot work any more, end the session, which undoes it too.

    Ctrl-C may leave a connection in the middle of a statement. Whatever is asked of it then fails, and would be told
    in the place of what happened.
    """
    try:
        yield
    except BaseException:
        try:
            undo()
        except Error:
            connection.close()
        raise
    undo()


@contextmanager
def holding_lock(connection: BaseDatabaseWrapper, *key: int) -> Iterator[bool]:
    """Hold an advisory lock of the session; false, and no lock, when another session has it.

    ``key`` is one number of 64 bits or two of 32 (PostgreSQL, "Advisory Lock Functions").
    """
    marks = ", ".join(["%s"] * len(key))
    if not _ask(connection, f"SELECT pg_try_advisory_lock({marks})", key):
        yield False
        return
    with undoing(connection, lambda: _ask(connection, f"SELECT pg_advisory_unlock({marks})", key)):
        yield True


def _ask(connection: BaseDatabaseWrapper, statement: str, key: tuple[int, ...]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, key)
        return bool(cursor.fetchall()[0][0])
