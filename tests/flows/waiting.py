"""Two who meet at a lock, without chance: the first has not committed yet when the second waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection, transaction

from xinka.kernel.errors import Refusal


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
        while thread.is_alive() and not _somebody_waits():
            pass
    thread.join()
    return told[0]


def _somebody_waits() -> bool:
    """Whether anybody waits for a lock of this transaction; PostgreSQL looks at locks anew each time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
