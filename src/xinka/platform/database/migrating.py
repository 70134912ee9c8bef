"""Changes tables under a shop that sells: one process at a time, and no step waits long for its lock.

Whoever needs a table after a step that waits for it, waits behind that step, the till too. So a step that does not get
its lock within ``LOCK_WAIT`` lets go, everybody passes, and it is tried again; what is done so far stays done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from xinka.platform.database.session import holding_lock, undoing

#: Any number that nobody else uses for an advisory lock in the shop's database.
_ALONE = 0x584B4D49
#: Seconds that a step may wait for a lock: so long, at most, does the till stand behind it.
LOCK_WAIT = 1.0
#: Seconds in which the locks must come; a backup that reads every table may take its time.
PATIENCE = 1800.0
_PAUSE = (1.0, 3.0)
_LOOK_AGAIN = 0.2
_BUSY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

_WHO = """
SELECT coalesce(nullif(application_name, ''), '?') || ' (' || extract(epoch FROM now() - xact_start)::int || ' s)'
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 second'
ORDER BY xact_start LIMIT 5
"""


class TablesAreBusy(RuntimeError):
    """Somebody kept a table all the time; the message names who has been reading or writing longest."""


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait until nobody else changes the tables, and keep others from it meanwhile.

    It asks again and again instead of waiting inside of PostgreSQL: an index that is made concurrently waits for every
    statement that was there before it, and the two would wait for one another.
    """
    while True:
        with holding_lock(connection, _ALONE) as is_alone:
            if is_alone:
                yield
                return
        time.sleep(_LOOK_AGAIN)


def patiently(
    step: Callable[[], object], connection: BaseDatabaseWrapper, say: Callable[[str], None], patience: float = PATIENCE
) -> None:
    """Run steps that change tables, again while a lock does not come; ``step`` must go on where it was.

    Raises:
        TablesAreBusy: if the locks do not come for ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    has_said = False
    _limit_waits(connection, LOCK_WAIT)
    with undoing(connection, lambda: _limit_waits(connection, 0)):
        while True:
            try:
                step()
            except OperationalError as error:
                if not isinstance(error.__cause__, _BUSY):
                    raise
                if time.monotonic() > deadline:
                    raise TablesAreBusy(_who(connection)) from None
            else:
                return
            if not has_said:
                say(f"Waiting for a table that is in use: {_who(connection)} … / 数据表正在使用，稍后再试 …")
                has_said = True
            time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - jitter, not a secret


@contextmanager
def without_limit(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let a step wait as long as it takes: for those that nobody waits behind."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        before = cursor.fetchall()[0][0]
    _set_lock_timeout(connection, "0")
    with undoing(connection, lambda: _set_lock_timeout(connection, before)):
        yield


def _limit_waits(connection: BaseDatabaseWrapper, seconds: float) -> None:
    _set_lock_timeout(connection, f"{round(seconds * 1000)}ms")


def _set_lock_timeout(connection: BaseDatabaseWrapper, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])


def _who(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_WHO)
        return ", ".join(row[0] for row in cursor.fetchall()) or "?"
