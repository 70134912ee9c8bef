"""Reads of orders for the merchant who sells: figures by day, and lists that can be searched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from xinka.catalog.models import Sku
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.kernel.money import HOME
from xinka.orders.models import Order
from xinka.orders.queries import contact_key
from xinka.orders.states import OPEN, OrderState

#: Orders are paid within this time of being placed, unless they are late, or waited longer: no worker ended them.
LOOK_BACK = timedelta(days=2)


@dataclass(frozen=True)
class DayOfSales:
    """What was paid on one day: orders, and minor units."""

    day: date
    n_orders: int = 0
    paid: int = 0

    def __add__(self, other: DayOfSales) -> DayOfSales:
        """Return both counts of one day together."""
        return DayOfSales(self.day, self.n_orders + other.n_orders, self.paid + other.paid)


@dataclass(frozen=True)
class SoldSku:
    """What was paid for one SKU in some time: pieces, and minor units."""

    sku_id: int
    n_pieces: int = 0
    paid: int = 0

    def __add__(self, other: SoldSku) -> SoldSku:
        """Return both counts of one SKU together."""
        return SoldSku(self.sku_id, self.n_pieces + other.n_pieces, self.paid + other.paid)


@dataclass(frozen=True)
class Sales:
    """What was paid in one currency: by day, the oldest first, and by SKU, the best first. Both have the same sum."""

    days: list[DayOfSales]
    skus: list[SoldSku]


def sales_of_merchant(
    merchant_id: int, *, days: int, now: datetime, late: Callable[[datetime], QuerySet[Any, UUID | None]]
) -> dict[str, Sales]:
    """Return per currency what was paid on the last ``days`` days and was not refunded.

    Amounts of two currencies have no sum, so each has sales of its own; one in which nothing was paid is not there.
    ``late`` tells which orders were paid since a moment and placed long before it: no index of orders knows them.
    """
    empty = nothing_sold(days=days, now=now).days
    since = timezone.make_aware(datetime.combine(empty[0].day, datetime.min.time()))
    paid = Order.objects.filter(merchant_id=merchant_id, paid_at__gte=since).exclude(state=OrderState.REFUNDED)
    in_time = paid.filter(placed_at__gte=since - LOOK_BACK)
    by_day: dict[str, dict[date, DayOfSales]] = {}
    by_sku: dict[str, dict[int, SoldSku]] = {}
    for found in (in_time, paid.filter(placed_at__lt=since - LOOK_BACK, id__in=late(since))):
        for currency, day, sku in _sums_of(found):
            in_days, in_skus = by_day.setdefault(currency, {}), by_sku.setdefault(currency, {})
            in_days[day.day] = day + in_days.get(day.day, DayOfSales(day.day))
            in_skus[sku.sku_id] = sku + in_skus.get(sku.sku_id, SoldSku(sku.sku_id))
    return {
        currency: Sales([sums.get(one.day, one) for one in empty], _best_first(by_sku[currency].values()))
        for currency, sums in by_day.items()
    }


def _sums_of(orders: QuerySet[Order]) -> Iterator[tuple[str, DayOfSales, SoldSku]]:
    by = orders.annotate(day=TruncDate("paid_at")).values_list("currency", "day", "sku_id")
    for currency, day, sku_id, n_orders, n_pieces, paid in by.annotate(Count("id"), Sum("quantity"), Sum("amount")):
        yield currency, DayOfSales(day, n_orders, paid), SoldSku(sku_id, n_pieces, paid)


def _best_first(skus: Iterable[SoldSku]) -> list[SoldSku]:
    return sorted(skus, key=lambda one: (-one.paid, one.sku_id))


def nothing_sold(*, days: int, now: datetime) -> Sales:
    """Return sales of the last ``days`` days with nothing paid on any."""
    first = timezone.localdate(now) - timedelta(days=days - 1)
    return Sales([DayOfSales(first + timedelta(days=n)) for n in range(days)], [])


@dataclass(frozen=True)
class Placed:
    """What became of the orders that were placed in some time; the rest of ``n_orders`` ended without being paid."""

    n_orders: int
    n_paid: int
    n_open: int


def placed_of_merchant(merchant_id: int, currency: str, *, days: int, now: datetime) -> QuerySet[Order]:
    """Return the orders of one currency that were placed on the last ``days`` days."""
    since = timezone.localdate(now) - timedelta(days=days - 1)
    begin = timezone.make_aware(datetime.combine(since, datetime.min.time()))
    return Order.objects.filter(merchant_id=merchant_id, placed_at__gte=begin, currency=currency)


def what_became_of(orders: QuerySet[Order]) -> Placed:
    """Count how many of these orders were paid, and how many still can be."""
    counts = orders.aggregate(
        n_orders=Count("id"), n_paid=Count("paid_at"), n_open=Count("id", filter=Q(state__in=OPEN))
    )
    return Placed(**counts)


@dataclass(frozen=True)
class OrdersWanted:
    """Which of a merchant's orders are meant; what is empty narrows nothing.

    ``words`` are an order number or part of a title, or, where they can be read so, the normalised ``address`` of a
    buyer. Orders were placed from ``since`` on, and before ``until``, and come to ``least`` up to ``most`` minor units
    of the ``currency``.
    """

    state: str = ""
    words: str = ""
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None
    currency: str = ""
    least: int | None = None
    most: int | None = None


def orders_of_merchant(merchant_id: int, wanted: OrdersWanted) -> QuerySet[Order]:
    """Return a merchant's orders, newest first, as far as they are wanted."""
    found = Order.objects.filter(merchant_id=merchant_id).select_related("sku").order_by("-placed_at", "-id")
    if wanted.state in set(OrderState):
        found = found.filter(state=wanted.state)
    if wanted.since is not None:
        found = found.filter(placed_at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(placed_at__lt=wanted.until)
    if wanted.currency:
        found = found.filter(currency=wanted.currency)
    if wanted.least is not None:
        found = found.filter(amount__gte=wanted.least)
    if wanted.most is not None:
        found = found.filter(amount__lte=wanted.most)
    return found.filter(_called(wanted)) if wanted.words else found


def _called(wanted: OrdersWanted) -> Q:
    """Return what an order must be to be meant by these words; a number of digits may be a QQ number and a title."""
    try:
        return Q(id=ids.parse("ord", wanted.words.strip().lower()))
    except BadIdentifier:
        titled = Q(title__icontains=wanted.words) | Q(title_en__icontains=wanted.words)
    if not wanted.address:
        return titled
    theirs = Q(contact_key=contact_key(wanted.address))
    return theirs if "@" in wanted.words else theirs | titled


def currencies_of(merchant_id: int) -> set[str]:
    """Return the currencies that a merchant's goods are priced in now, and the shop's own."""
    return {HOME, *Sku.objects.filter(product__merchant_id=merchant_id).values_list("currency", flat=True).distinct()}


def has_delivered(merchant_id: int) -> bool:
    """Whether any order of a merchant was delivered yet."""
    return Order.objects.filter(merchant_id=merchant_id, state=OrderState.DELIVERED).exists()
