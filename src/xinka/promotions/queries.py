"""Reads of the sales that a product page shows."""

from __future__ import annotations

from datetime import datetime

from xinka.platform.database.rows import Columns, rows_of
from xinka.promotions.models import FlashSale

_COLUMNS = Columns(FlashSale, "s")
#: By hand, because every product page asks.
_GOING_ON = f"""
SELECT {_COLUMNS.sql} FROM promotions_flashsale s
WHERE s.sku_id = %s AND s.stopped_at IS NULL AND s.ends_at > %s AND s.starts_at < %s AND s.n_taken < s.units
ORDER BY s.starts_at, s.id
"""  # noqa: S608 - names of columns


def sales_between(sku_id: int, begin: datetime, end: datetime) -> list[FlashSale]:
    """Return the sales of a variant that have units left and are on at some time of that span, the earliest first."""
    return [_COLUMNS.read(row) for row in rows_of(_GOING_ON, (sku_id, begin, end))]
