"""What a page's statements read, told by PostgreSQL itself: never how long they took."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connection

from benchmarks.pages_grown import Watch, rows_read


def statements_of(act: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Return the statements that something sends, with their parameters."""
    watch = Watch()
    with connection.execute_wrapper(watch):
        act()
    return [(sql, params) for sql, params, _ms in watch.seen]


def read_by(act: Callable[[], Any], *, about: str) -> Counter[str]:
    """Return how many rows of each table the statements about one table read, where they may not scan tables whole.

    The few rows of a test are always scanned whole; in a shop that has grown, what has no index to go by is.
    """
    total: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = [
            one for one in statements_of(act) if about in one[0] and one[0].lstrip().startswith(("SELECT", "WITH"))
        ]
        assert found, f"nothing was asked of {about}"
        for sql, params in found:
            total += rows_read(sql, params)
        cursor.execute("SET LOCAL enable_seqscan = on")
    return total


def walks_over(table: str, act: Callable[[], Any]) -> int:
    """Return how often the statements of something begin to walk over one table or an index of it."""
    total = 0
    with connection.cursor() as cursor:
        for sql, params in statements_of(act):
            if table in sql:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
                ((found,),) = cursor.fetchall()
                total += _walks((json.loads(found) if isinstance(found, str) else found)[0]["Plan"], table)
    return total


def _walks(node: dict[str, Any], table: str) -> int:
    here = int(node["Actual Loops"]) if node.get("Relation Name") == table else 0
    return here + sum(_walks(child, table) for child in node.get("Plans", ()))
