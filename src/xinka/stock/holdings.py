"""Reads of the stock for those who own it: how much is available, held for orders, sold, and what runs out soon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Sum

from xinka.stock.models import AsideCode, StockBatch, UnsoldCode

_COUNTS = """
SELECT s.id,
  (SELECT count(*) FROM stock_unsold u WHERE u.sku_id = s.id),
  (SELECT coalesce(sum(cardinality(r.code_ids)), 0) FROM stock_reservation r WHERE r.sku_id = s.id AND NOT r.reusable)
    + (SELECT count(*) FROM stock_aside a WHERE a.sku_id = s.id)
FROM unnest(%s::bigint[]) AS s(id)
"""
#: Counting stops where it is enough: a merchant may have ten thousand variants, and a variant a million codes.
_RUNNING_LOW = """
SELECT k.id, n.n FROM catalog_product p JOIN catalog_sku k ON k.product_id = p.id
CROSS JOIN LATERAL (
  SELECT (SELECT count(*) FROM (
      SELECT 1 FROM stock_unsold u WHERE u.sku_id = k.id AND (u.expires_on IS NULL
        OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
      LIMIT k.low_stock_at + 1) few)
    + (SELECT count(*) FROM stock_aside a WHERE a.sku_id = k.id AND a.sold_from <= now()) AS n) n
WHERE p.merchant_id = %s AND p.state = 'live' AND k.on_sale AND k.mode = 'unique' AND n.n <= k.low_stock_at
ORDER BY n.n, k.id
"""
#: By the index of what expires: it holds what has a date alone, and a variant's own walk would look at all its codes.
_EXPIRING = """
SELECT u.sku_id, count(*), min(u.expires_on) FROM stock_unsold u
WHERE u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date
  AND u.expires_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date + %s::int
  AND u.sku_id IN (
    SELECT k.id FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id WHERE p.merchant_id = %s)
GROUP BY u.sku_id ORDER BY 3, 1
"""
_EXPIRING_OF = """
SELECT count(*), min(expires_on) FROM stock_unsold
WHERE expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date
  AND expires_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date + %s::int AND sku_id = %s
"""
_HAS_STOCK = """
SELECT EXISTS (SELECT 1 FROM catalog_product p JOIN catalog_sku k ON k.product_id = p.id
  WHERE p.merchant_id = %s AND p.state <> 'archived' AND k.on_sale
    AND EXISTS (SELECT 1 FROM stock_unsold u WHERE u.sku_id = k.id))
"""
_HAS_UNSOLD = """
SELECT EXISTS (SELECT 1 FROM stock_unsold u JOIN stock_stockcode c ON c.id = u.code_id
  WHERE u.sku_id = %s AND u.code_id BETWEEN %s AND %s AND c.batch_id = %s)
"""


#: Codes that expire within so many days are pointed out; on their day they leave the stock by themselves.
SOON_DAYS = 30


@dataclass(frozen=True)
class Expiring:
    """How many unsold codes of a variant expire soon, and the last day of the first of them."""

    n: int
    first: date


@dataclass(frozen=True)
class Holding:
    """How much of one SKU there is; what is held waits for an order's payment or is set aside for a flash sale."""

    available: int = 0
    held: int = 0
    sold: int = 0


def holdings_of(sku_ids: Iterable[int]) -> dict[int, Holding]:
    """Return how much of each SKU there is; two statements."""
    wanted = list(sku_ids)
    brought = dict(
        StockBatch.objects.filter(sku_id__in=wanted)
        .values_list("sku_id")
        .annotate(left=Sum("n_added") - Sum("n_undone"))
        .order_by()
    )
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [wanted])
        rows = cursor.fetchall()
    return {
        sku_id: Holding(available, held, max(0, (brought.get(sku_id) or 0) - available - held))
        for sku_id, available, held in rows
    }


def running_low(merchant_id: int) -> dict[int, int]:
    """Return which of a merchant's variants on the shelf run low, and how much of each is left, the least first."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING_LOW, [merchant_id])
        return {int(sku_id): int(left) for sku_id, left in cursor.fetchall()}


def expiring_soon(merchant_id: int) -> dict[int, Expiring]:
    """Return of which of a merchant's variants codes expire soon, the earliest first."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRING, [SOON_DAYS, merchant_id])
        return {int(sku_id): Expiring(int(n), first) for sku_id, n, first in cursor.fetchall()}


def expiring_of(sku_id: int) -> Expiring | None:
    """Return how many codes of one variant expire soon, or ``None`` where none does."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRING_OF, [SOON_DAYS, sku_id])
        ((n, first),) = cursor.fetchall()
    return Expiring(n, first) if n else None


def has_anything(merchant_id: int) -> bool:
    """Whether a merchant has stock of anything that is not archived."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_STOCK, [merchant_id])
        ((found,),) = cursor.fetchall()
    return bool(found)


def has_stock(sku_id: int) -> bool:
    """Whether anything of a SKU is unsold."""
    aside = AsideCode.objects.filter(sku_id=sku_id)
    return UnsoldCode.objects.filter(sku_id=sku_id).exists() or aside.exists()


def has_unsold(batch: StockBatch) -> bool:
    """Whether a code of a batch can still be withdrawn; one look at each code, in the order they came in."""
    if batch.n_added <= batch.n_undone:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_HAS_UNSOLD, [batch.sku_id, batch.first_code_id, batch.last_code_id, batch.id])
        ((found,),) = cursor.fetchall()
    return bool(found)


def n_aside(sale_id: int) -> int:
    """Return how many codes are set aside for a flash sale."""
    return AsideCode.objects.filter(sale_id=sale_id).count()
