"""Reads of the stock: how much can be sold now, and which codes a buyer may choose from by their labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from xinka.kernel.flow import Query
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.drive import fetch
from xinka.stock.sql import COUNT_ON_SALE, COUNT_UNSOLD, MOST_LOOKED_THROUGH

#: How many labels one page of "choose your own" shows.
LABELS_PER_PAGE = 24

_ON_OFFER = """
SELECT c.id, c.label FROM stock_unsold u JOIN stock_stockcode c ON c.id = u.code_id
WHERE u.sku_id = %s AND (u.expires_on IS NULL
  OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date) AND c.label <> ''
"""
_LABELS = f"{_ON_OFFER} AND c.label ILIKE %s ORDER BY u.place, u.code_id LIMIT %s"
_LABEL = f"{_ON_OFFER} AND c.id = %s"


@dataclass(frozen=True)
class Label:
    """One code that can be chosen: its number and the text the merchant shows of it."""

    code_id: int
    text: str


def live_counts(sku_ids: Iterable[int]) -> dict[int, int | None]:
    """Return how many pieces of each SKU can be sold now, ``None`` for content without end; one statement."""
    wanted = list(sku_ids)
    if not wanted:
        return {}
    connection.ensure_connection()
    rows = fetch(connection.connection, Query(COUNT_ON_SALE, (plain_array(wanted),)))
    return {int(sku_id): None if count < 0 else int(count) for sku_id, count in rows}


def labels_on_offer(sku_id: int, *, contains: str = "", page: int = 1) -> tuple[list[Label], bool]:
    """Return a page of what may be chosen, each label once with the code sold first, and whether there is more.

    Many codes may have the same label, a region for example: as many rows that look the same would hide all others.
    """
    wanted = min(page * LABELS_PER_PAGE + 1, MOST_LOOKED_THROUGH)
    found, n_read = _different_labels(sku_id, contains, wanted)
    if len(found) < wanted == n_read:  # some are alike, and there are more codes
        found, _n_read = _different_labels(sku_id, contains, MOST_LOOKED_THROUGH)
    begin = (page - 1) * LABELS_PER_PAGE
    return found[begin : begin + LABELS_PER_PAGE], len(found) > begin + LABELS_PER_PAGE


def _different_labels(sku_id: int, contains: str, n_codes: int) -> tuple[list[Label], int]:
    """Return the different labels among the next codes, and how many codes were read."""
    escaped = contains.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [sku_id, f"%{escaped}%", n_codes])
        rows = cursor.fetchall()
    first: dict[str, int] = {}
    for code_id, text in rows:
        first.setdefault(str(text), int(code_id))
    return [Label(code_id, text) for text, code_id in first.items()], len(rows)


def label_on_offer(sku_id: int, code_id: int) -> Label | None:
    """Return one code by its number, if it may be chosen."""
    with connection.cursor() as cursor:
        cursor.execute(_LABEL, [sku_id, code_id])
        return next((Label(int(found), str(text)) for found, text in cursor.fetchall()), None)


def unsold_counts(sku_ids: Iterable[int]) -> dict[int, int]:
    """Return how many rows of each SKU are unsold, content without end included; counting stops at 1,000."""
    wanted = list(sku_ids)
    if not wanted:
        return {}
    connection.ensure_connection()
    rows = fetch(connection.connection, Query(COUNT_UNSOLD, (plain_array(wanted),)))
    return {int(sku_id): int(count) for sku_id, count in rows}
