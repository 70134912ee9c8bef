"""What a test looks at in the tables: how many rows each has, and what the auditor finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import connection

from xinka.flows.audit import check_all
from xinka.platform.database.django_drive import run
from xinka.platform.vault.envelope import Keyring

Answer = TypeVar("Answer")
_TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


def counted() -> dict[str, int]:
    """Return how many rows every table has."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name from the catalogue, quoted by it
            found[table] = int(cursor.fetchone()[0])
    return found


def contents() -> dict[str, str]:
    """Return how many rows every table has, and a mark that changes with what is in them."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        mark = "concat(count(*), ':', sum(hashtextextended(t::text, 0)))"
        # How often somebody came is what a guard remembers of him, also of what it refused.
        marks = {table: "count(*)::text" if table == "ratelimit_counter" else mark for table in tables}
        parts = [f"SELECT '{table}', {mark} FROM {table} t" for table, mark in marks.items()]  # noqa: S608 - as below
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def grown(before: dict[str, int]) -> dict[str, int]:
    """Return by how many rows each table has grown since, only those that have."""
    return {table: count - before[table] for table, count in counted().items() if count != before[table]}


def broken() -> list[str]:
    """Return the names of the auditor's rules that do not hold."""
    keyring = Keyring(settings.ENVIRONMENT.master_key)
    return [finding.check.name for finding in run(check_all(keyring=keyring)) if not finding.holds]


def leaves_nothing(action: Callable[[], Answer]) -> Answer:
    """Do something, and prove that no row of any table is another after it; return its answer."""
    before = contents()
    answer = action()
    after = contents()
    changed = sorted(table for table in after if after[table] != before[table])
    assert changed == [], f"something was left in {changed}"
    return answer
