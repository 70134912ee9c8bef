"""One worker at a time for one row that is being sent to a gateway, however the worker ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection


@contextmanager
def alone_with(space: int, identifier: UUID) -> Iterator[bool]:
    """Hold an advisory lock, which ends with this process or connection; false when another process has it.

    ``space`` keeps the rows of one table from those of another; the rest of the key is taken from the row's number.
    """
    key = [space, int.from_bytes(identifier.bytes[-4:], "big", signed=True)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (alone,) = cursor.fetchone() or (False,)
    try:
        yield bool(alone)
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
