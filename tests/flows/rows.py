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


def grown(before: dict[str, int]) -> dict[str, int]:
    """Return by how many rows each table has grown since, only those that have."""
    return {table: count - before[table] for table, count in counted().items() if count != before[table]}


def broken() -> list[str]:
    """Return the names of the auditor's rules that do not hold."""
    keyring = Keyring(settings.ENVIRONMENT.master_key)
    return [finding.check.name for finding in run(check_all(keyring=keyring)) if not finding.holds]


def leaves_nothing(action: Callable[[], Answer]) -> Answer:
    """Do something, and prove that no table has another count after it; return its answer."""
    before = counted()
    answer = action()
    assert grown(before) == {}
    return answer
