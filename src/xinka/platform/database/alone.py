"""Work that only one process may do at a time, by a lock that ends with the process however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection


@contextmanager
def alone_with(space: int, about: UUID) -> Iterator[bool]:
    """Hold the lock on one thing of a kind (``space``); yields false when another process has it."""
    key = [space, int.from_bytes(about.bytes[-4:], "big", signed=True)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (alone,) = cursor.fetchone() or (False,)
    try:
        yield bool(alone)
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
