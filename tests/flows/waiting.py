"""Several who act at the same moment, and two who meet at a lock without chance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from xinka.kernel.errors import Refusal


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Do everything at the same moment, each on a connection of its own; a refusal is an answer."""
    start = threading.Barrier(len(actions))

    def one(action: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return action()
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


def while_uncommitted(first: Callable[[], object], second: Callable[[], object]) -> object:
    """Do the first, and the second on a connection of its own until it waits or is done; commit; return its answer.

    A refusal is an answer, and so is any other error.
    """
    told: list[object] = []

    def act() -> None:
        try:
            told.append(second())
        except Refusal as refusal:
            told.append(refusal.code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to see it
            told.append(repr(error))
        finally:
            connection.close()

    with transaction.atomic():
        first()
        thread = threading.Thread(target=act)
        thread.start()
        while thread.is_alive() and not somebody_waits():
            pass
    thread.join()
    return told[0]


def somebody_waits() -> bool:
    """Whether anybody waits for a lock of this transaction; PostgreSQL looks at locks anew each time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
