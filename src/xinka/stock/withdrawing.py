"""Codes leave the stock unsold: all of a batch, single ones, those set aside for a sale, those whose last day has come.

A sale and a withdrawal of the same code meet at its row in the queue: whoever deletes the row has the code. A code that
was withdrawn keeps its fingerprint and loses its envelope: nobody can read it any more, and it may come back some day.
One content for every buyer keeps its envelope, for who bought it, or holds an order of it, reads it for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from xinka.stock.actions import PORTION, raw_connection
from xinka.stock.errors import NothingToUndo
from xinka.stock.importing.pacing import Pace
from xinka.stock.models import BatchState, StockBatch

_WITHDRAW = """
WITH gone AS (
  DELETE FROM stock_unsold u USING (
    SELECT u.sku_id, u.place, u.code_id FROM stock_unsold u JOIN stock_stockcode c ON c.id = u.code_id
    WHERE {which} ORDER BY u.sku_id, u.place, u.code_id LIMIT %(portion)s FOR UPDATE OF u SKIP LOCKED) d
  WHERE u.sku_id = d.sku_id AND u.place = d.place AND u.code_id = d.code_id RETURNING u.sku_id, u.place, u.code_id)
UPDATE stock_stockcode c
SET withdrawn_at = now(), envelope = CASE WHEN s.mode = 'reusable' THEN c.envelope ELSE '' END
FROM gone g JOIN catalog_sku s ON s.id = g.sku_id WHERE c.id = g.code_id
RETURNING c.batch_id, g.place, g.code_id
"""
#: What a sale has set aside is in another table than the queue; its lock, which the caller holds, keeps tills from it.
_WITHDRAW_ASIDE = """
WITH gone AS (
  DELETE FROM stock_aside a USING (
    SELECT code_id FROM stock_aside WHERE sale_id = %(sale)s ORDER BY code_id LIMIT %(most)s) d
  WHERE a.code_id = d.code_id RETURNING a.code_id),
withdrawn AS (
  UPDATE stock_stockcode c SET withdrawn_at = now(), envelope = '' FROM gone g WHERE c.id = g.code_id
  RETURNING c.batch_id),
counted AS (
  UPDATE stock_stockbatch b SET n_undone = b.n_undone + w.n
  FROM (SELECT batch_id, count(*) AS n FROM withdrawn GROUP BY 1) w WHERE b.id = w.batch_id)
SELECT count(*) FROM withdrawn
"""
#: Each portion goes on in the queue where the last one ended, and only codes that may be the batch's are looked up.
_OF_BATCH = """u.sku_id = %(sku)s AND (u.place, u.code_id) > (%(place)s, %(code)s)
  AND u.code_id BETWEEN %(first)s AND %(last)s AND c.batch_id = %(batch)s"""
_IS_HELD = """
SELECT EXISTS (
  SELECT 1 FROM stock_reservation r CROSS JOIN LATERAL unnest(r.code_ids) AS held(code_id)
  JOIN stock_stockcode c ON c.id = held.code_id WHERE r.sku_id = %s AND c.batch_id = %s)
"""
_OF_CODES = "u.sku_id = %(sku)s AND c.id = ANY(%(codes)s)"
_EXPIRED = "u.expires_on <= %(today)s"


def begin_undo(batch_id: int) -> None:
    """Let the unsold codes of a batch be withdrawn, or go on being so after that stopped.

    Raises:
        NothingToUndo: if it is not imported yet, or they are being withdrawn.
    """
    is_over = Q(state__in=(BatchState.DONE, BatchState.FAILED, BatchState.UNDONE))
    has_stopped = Q(state=BatchState.UNDOING) & ~Q(problem="")
    ready = StockBatch.objects.filter(is_over | has_stopped, id=batch_id)
    if ready.update(state=BatchState.UNDOING, problem="") != 1:
        raise NothingToUndo


def undo_batch(batch: StockBatch) -> int:
    """Withdraw the unsold codes of a batch and return how many; those sold or held for an order stay as they are.

    It may be done twice, at once or after it was broken off: each portion is a transaction that counts itself.
    """
    values = {
        "sku": batch.sku_id,
        "batch": batch.id,
        "first": batch.first_code_id or 0,
        "last": batch.last_code_id or 0,
    }
    withdrawn = _withdraw_all(_OF_BATCH, {**values, "place": -(2**63), "code": 0})
    StockBatch.objects.filter(id=batch.id).exclude(state__in=(BatchState.WAITING, BatchState.IMPORTING)).update(
        state=BatchState.UNDONE, problem=""
    )
    return withdrawn


def stop_undo(batch_id: int, problem: str) -> None:
    """Note that a withdrawal stopped; what is withdrawn stays so, and the rest waits."""
    StockBatch.objects.filter(id=batch_id, state=BatchState.UNDOING).update(problem=problem)


def is_held(batch: StockBatch) -> bool:
    """Whether a code of a batch is reserved for an order that is not paid yet."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_HELD, [batch.sku_id, batch.id])
        ((held,),) = cursor.fetchall()
    return bool(held)


def withdraw_codes(sku_id: int, code_ids: Iterable[int]) -> int:
    """Withdraw single unsold codes of a SKU and return how many were still unsold."""
    return _withdraw_all(_OF_CODES, {"sku": sku_id, "codes": list(code_ids)})


def withdraw_aside(sale_id: int, most: int | None = None) -> int:
    """Withdraw what a flash sale has set aside, or so many of it, and return how many; the caller holds its lock.

    Those that would be sold next go first. What a buyer has reserved is in a reservation by then, not here, and stays
    theirs.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW_ASIDE, {"sale": sale_id, "most": most})
        ((count,),) = cursor.fetchall()
    return int(count)


def withdraw_expired(today: date | None = None) -> int:
    """Withdraw unsold codes whose last day has come, which no till sells any more, and return how many."""
    return _withdraw_all(_EXPIRED, {"today": today or timezone.localdate()})


def _withdraw_all(which: str, values: dict[str, Any]) -> int:
    total, at = 0, dict[str, int]()
    pace = Pace(raw_connection())
    while True:
        gone = _withdraw_portion(which, {**values, **at, "portion": PORTION})
        total += len(gone)
        if len(gone) < PORTION:
            return total
        _, at["place"], at["code"] = max(gone, key=itemgetter(1, 2))
        pace.rest()


@transaction.atomic
def _withdraw_portion(which: str, values: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Withdraw what comes first in the queue; return the batch, the place and the number of each code."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW.format(which=which), values)  # one of the three conditions above
        gone: list[tuple[int, int, int]] = cursor.fetchall()
        for batch_id, n in sorted(Counter(row[0] for row in gone).items()):
            cursor.execute("UPDATE stock_stockbatch SET n_undone = n_undone + %s WHERE id = %s", [n, batch_id])
    return gone
