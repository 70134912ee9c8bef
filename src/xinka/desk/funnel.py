"""From order to payment: how many of those who ordered also paid, and by which way to pay it went well."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import ngettext

from xinka.catalog.models import spoken
from xinka.orders.sales import Placed, placed_of_merchant, what_became_of
from xinka.orders.states import OPEN
from xinka.payments.queries import tried_by_channel
from xinka.platform.look.templatetags.look import grouped


class Way(NamedTuple):
    """One way to pay: of how many orders it was begun, how many it paid, and the share in words."""

    name: str
    n_orders: int
    n_paid: int
    share: str


class Funnel(NamedTuple):
    """What became of the orders of some days, in a sentence and by way to pay."""

    summary: str
    ways: list[Way]


def funnel_of(merchant_id: int, currency: str, *, days: int, now: datetime) -> Funnel | None:
    """Return what became of the orders of the last days; nothing where nobody ordered.

    Orders that can still be paid are in no share: it would begin low every day.
    """
    orders = placed_of_merchant(merchant_id, currency, days=days, now=now)
    placed = what_became_of(orders)
    if not placed.n_orders:
        return None
    ended = orders.exclude(state__in=OPEN)
    ways = [
        Way(spoken(channel.name, channel.name_en), n, n_paid, _share(n_paid, n))
        for channel, n, n_paid in tried_by_channel(ended.values("id"))
    ]
    return Funnel(_summary(placed), ways)


def _summary(placed: Placed) -> str:
    n_ended = placed.n_orders - placed.n_open
    figures = {
        "n": grouped(placed.n_orders),
        "paid": grouped(placed.n_paid),
        "share": _share(placed.n_paid, n_ended),
        "unpaid": grouped(n_ended - placed.n_paid),
        "open": grouped(placed.n_open),
    }
    told = ngettext(
        "%(n)s order: %(paid)s paid (%(share)s), %(unpaid)s not.",
        "%(n)s orders: %(paid)s paid (%(share)s), %(unpaid)s not.",
        placed.n_orders,
    )
    if placed.n_open:
        told = ngettext(
            "%(n)s order: %(paid)s paid (%(share)s), %(unpaid)s not, %(open)s still can be.",
            "%(n)s orders: %(paid)s paid (%(share)s), %(unpaid)s not, %(open)s still can be.",
            placed.n_orders,
        )
    return told % figures


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "—"
