"""Sees that a process finds the tables it was written for. No Django, so that it costs the till a moment only.

``xinka run`` brings the tables up to date before it starts anything. So a process that is newer than its tables was
started anew after somebody had changed the checkout under the running shop; each of its statements might fail.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from xinka.config.environment import load
from xinka.config.prepared import PACKAGE

_MOST_NAMED = 5


def migrations_of(package: Path = PACKAGE) -> set[tuple[str, str]]:
    """Return the migrations that lie in the rooms of the shop, by room and name."""
    files = [file for where in ("*", "platform/*") for file in package.glob(f"{where}/migrations/0*.py")]
    return {(file.parent.parent.name, file.stem) for file in files}


def missing_in(database_url: str) -> list[str]:
    """Return which of our migrations the database has not seen; none if it is away, for that is told elsewhere."""
    import psycopg  # here, because `xinka --help` does without

    applied: set[tuple[str, str]] = set()
    try:
        with psycopg.connect(database_url, connect_timeout=10) as connection, suppress(psycopg.errors.UndefinedTable):
            applied = set(connection.execute("SELECT app, name FROM django_migrations").fetchall())
    except psycopg.Error:
        return []
    return sorted(f"{room}.{name}" for room, name in migrations_of() - applied)


def see_that_tables_fit() -> None:
    """End this process, with what to do, if the tables are older than it is.

    Raises:
        SystemExit: if so.
    """
    missing = missing_in(load().database_url)
    if missing:
        sys.exit(
            f"xinka: the tables are older than the program ({', '.join(missing[:_MOST_NAMED])}): the checkout was "
            "changed while the shop ran; start the shop anew, which brings them up to date\n"
            "信卡：数据表比程序旧（见上一行）：商店运行时代码被更换了；请重新启动商店，数据表会随之更新"
        )
