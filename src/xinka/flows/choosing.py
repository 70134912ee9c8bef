"""Codes that buyers choose by their labels: a page shows each label once, however many have it. No Django here."""

from __future__ import annotations

from xinka.kernel.flow import Flow, Query
from xinka.stock import sql as stock_sql


def next_alike(sku_id: int, chosen: int) -> Flow[int | None]:
    """Return another code with the label of the one that is gone, held for the caller, or nothing if there is none.

    Whoever chooses a label in the same minute is shown the same code, and means the label. Of labels that are told
    apart, one phone number for example, there is no other, and nobody gets another.
    """
    labels = yield Query(stock_sql.LABEL_OF, (sku_id, chosen))
    if not labels:
        return None
    found = yield Query(stock_sql.NEXT_ALIKE, (sku_id, labels[0][0], stock_sql.MOST_LOOKED_THROUGH))
    return int(found[0][0]) if found else None
