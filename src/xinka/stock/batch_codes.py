"""The codes of a batch with their states, for those who own them: all, or those that are in one state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import connection

from xinka.stock.models import StockBatch


class CodeState(StrEnum):
    """Where a code is; one that is held waits for an order's payment, or is set aside for a flash sale."""

    AVAILABLE = "available"
    HELD = "held"
    SOLD = "sold"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class CodeRow:
    """One code as its merchant's list shows it; the envelope stays closed until the page masks it."""

    id: int
    label: str
    expires_on: date | None
    envelope: bytes
    state: CodeState


#: A code's place in the queue follows from its number, so that the queue's index finds it, unless places are random.
_IN_QUEUE = "EXISTS (SELECT 1 FROM stock_unsold q WHERE q.sku_id = %(sku)s AND q.place = {place} AND q.code_id = c.id)"
_IN_QUEUE_BY_CHANCE = "c.id IN (SELECT code_id FROM stock_unsold WHERE sku_id = %(sku)s)"
#: Few, so they are looked up first.
_HELD = """c.id = ANY(ARRAY(
  SELECT unnest(code_ids) FROM stock_reservation WHERE sku_id = %(sku)s AND NOT reusable
  UNION ALL SELECT code_id FROM stock_aside WHERE sku_id = %(sku)s))"""
_OF_STATE = {
    None: "true",
    CodeState.AVAILABLE: "c.withdrawn_at IS NULL AND {queued}",
    CodeState.HELD: "c.withdrawn_at IS NULL AND {held}",
    CodeState.SOLD: "c.withdrawn_at IS NULL AND NOT {queued} AND NOT {held}",
    CodeState.WITHDRAWN: "c.withdrawn_at IS NOT NULL",
}
#: The page first, and then of its codes alone where each is.
_CODES = """
WITH page AS MATERIALIZED (
  SELECT id, label, expires_on, envelope, withdrawn_at FROM stock_stockcode c
  WHERE batch_id = %(batch)s AND id BETWEEN %(first)s AND %(last)s AND id > %(after)s AND {wanted}
  ORDER BY id LIMIT %(limit)s)
SELECT c.id, c.label, c.expires_on, c.envelope,
  CASE WHEN c.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN {queued} THEN 'available' WHEN {held} THEN 'held'
       ELSE 'sold' END
FROM page c ORDER BY c.id
"""


def codes_of_batch(
    batch: StockBatch, *, delivery_order: str, state: CodeState | None = None, after: int = 0, limit: int = 50
) -> list[CodeRow]:
    """Return a stretch of a batch's codes in the order they came in, beginning after a code's number.

    With ``state`` those alone that are in it.
    """
    values = {
        "batch": batch.id,
        "sku": batch.sku_id,
        "first": batch.first_code_id or 0,
        "last": batch.last_code_id or 0,
        "after": after,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(delivery_order, state), values)
        return [CodeRow(row[0], row[1], row[2], bytes(row[3]), CodeState(row[4])) for row in cursor.fetchall()]


def _statement(delivery_order: str, state: CodeState | None) -> str:
    place = {"oldest": "c.id", "newest": "-c.id"}.get(delivery_order)
    queued = _IN_QUEUE.format(place=place) if place else _IN_QUEUE_BY_CHANCE
    wanted = _OF_STATE[state].format(queued=queued, held=_HELD)
    return _CODES.format(wanted=wanted, queued=queued, held=_HELD)
