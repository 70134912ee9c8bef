"""One worker at a time for one row that is being sent to a gateway, however the worker ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from xinka.platform.database.session import holding_lock


@contextmanager
def alone_with(space: int, identifier: UUID) -> Iterator[bool]:
    """Hold an advisory lock, which ends with this process or connection; false when another process has it.

    ``space`` keeps the rows of one table from those of another; the rest of the key is taken from the row's number.
    """
    low = int.from_bytes(identifier.bytes[-4:], "big", signed=True)
    with holding_lock(connection, space, low) as is_alone:
        yield is_alone
