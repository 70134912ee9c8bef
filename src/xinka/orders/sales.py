"""Reads of orders for the merchant who sells: figures by day, and lists that can be searched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.orders.models import Order
from xinka.orders.states import OrderState

#: Orders are paid within this time of being placed, unless they are late: those are known by their receipts.
_LOOK_BACK = timedelta(days=2)


@dataclass(frozen=True)
class DayOfSales:
    """What was paid on one day: orders, and minor units."""

    day: date
    n_orders: int = 0
    paid: int = 0

    def __add__(self, other: DayOfSales) -> DayOfSales:
        """Return both counts of one day together."""
        return DayOfSales(self.day, self.n_orders + other.n_orders, self.paid + other.paid)


def sales_by_day(
    merchant_id: int, *, days: int, now: datetime, late: Callable[[datetime], QuerySet[Any, UUID | None]]
) -> dict[str, list[DayOfSales]]:
    """Return per currency the last ``days`` days with what was paid on each and was not refunded, the oldest first.

    Amounts of two currencies have no sum, so each has days of its own; one in which nothing was paid is not there.
    ``late`` tells which orders were paid after they had expired, since a moment: no index of orders knows them.
    """
    empty = nothing_sold(days=days, now=now)
    since = timezone.make_aware(datetime.combine(empty[0].day, datetime.min.time()))
    paid = Order.objects.filter(merchant_id=merchant_id, paid_at__gte=since).exclude(state=OrderState.REFUNDED)
    in_time = paid.filter(placed_at__gte=since - _LOOK_BACK)
    known: dict[str, dict[date, DayOfSales]] = {}
    for found in (in_time, paid.filter(placed_at__lt=since - _LOOK_BACK, id__in=late(since))):
        for currency, one in _days_of(found):
            sums = known.setdefault(currency, {})
            sums[one.day] = one + sums.get(one.day, DayOfSales(one.day))
    return {currency: [sums.get(one.day, one) for one in empty] for currency, sums in known.items()}


def _days_of(orders: QuerySet[Order]) -> Iterator[tuple[str, DayOfSales]]:
    by_day = orders.annotate(day=TruncDate("paid_at")).values_list("currency", "day")
    for currency, day, n_orders, paid in by_day.annotate(Count("id"), Sum("amount")):
        yield currency, DayOfSales(day, n_orders, paid)


def nothing_sold(*, days: int, now: datetime) -> list[DayOfSales]:
    """Return the last ``days`` days with nothing paid on any, the oldest first."""
    first = timezone.localdate(now) - timedelta(days=days - 1)
    return [DayOfSales(first + timedelta(days=n)) for n in range(days)]


def orders_of_merchant(merchant_id: int, *, state: str = "", search: str = "") -> QuerySet[Order]:
    """Return a merchant's orders, newest first, narrowed by state and by an order number or words of the title."""
    found = Order.objects.filter(merchant_id=merchant_id).select_related("sku").order_by("-placed_at", "-id")
    if state in set(OrderState):
        found = found.filter(state=state)
    if search:
        try:
            return found.filter(id=ids.parse("ord", search.strip().lower()))
        except BadIdentifier:
            words = search.replace("\0", "").strip()
            return found.filter(Q(title__icontains=words) | Q(title_en__icontains=words))
    return found


def has_delivered(merchant_id: int) -> bool:
    """Whether any order of a merchant was delivered yet."""
    return Order.objects.filter(merchant_id=merchant_id, state=OrderState.DELIVERED).exists()
