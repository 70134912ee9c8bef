"""Reads of the sales that a product page shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from xinka.platform.database.rows import Columns, rows_of
from xinka.promotions.models import FlashSale

_COLUMNS = Columns(FlashSale, "s")
#: By hand, because every product page asks.
_GOING_ON = f"""
SELECT {_COLUMNS.sql} FROM promotions_flashsale s
WHERE s.sku_id = %s AND s.stopped_at IS NULL AND s.ends_at > %s AND s.starts_at < %s AND s.n_taken < s.units
ORDER BY s.starts_at, s.id
"""  # noqa: S608 - names of columns


def sale_prices(sku_ids: Iterable[int]) -> dict[int, int]:
    """Return the dearest price at which flash sales that are announced or on sell each of these variants."""
    going_on = FlashSale.objects.filter(sku_id__in=list(sku_ids), stopped_at=None, ends_at__gt=timezone.now())
    return dict(going_on.order_by().values("sku_id").annotate(dearest=Max("price")).values_list("sku_id", "dearest"))


def is_in_a_sale(product_id: int | None) -> bool:
    """Whether a flash sale of some variant of a product is announced or on."""
    going_on = FlashSale.objects.filter(stopped_at=None, ends_at__gt=timezone.now())
    return product_id is not None and going_on.filter(sku__product_id=product_id).exists()


def sales_between(sku_id: int, begin: datetime, end: datetime) -> list[FlashSale]:
    """Return the sales of a variant that have units left and are on at some time of that span, the earliest first."""
    return [_COLUMNS.read(row) for row in rows_of(_GOING_ON, (sku_id, begin, end))]
