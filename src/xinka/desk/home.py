"""The start page: today's figures, what runs low, the last days, and the way to the first sale."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from xinka.accounts.models import User
from xinka.catalog.models import Product, ProductState, Sku
from xinka.desk.access import Desk, for_members
from xinka.desk.funnel import funnel_of
from xinka.escrow.models import Hold
from xinka.kernel import ids
from xinka.kernel.money import HOME, home_first, plain_amount
from xinka.merchants.policies import Duty, may
from xinka.merchants.queries import memberships_of
from xinka.orders.sales import LOOK_BACK, DayOfSales, has_delivered, nothing_sold, sales_of_merchant
from xinka.payments.queries import orders_paid_late
from xinka.payouts.payees import Payee
from xinka.payouts.queries import accounts_of
from xinka.platform.look.charts import Bar
from xinka.platform.look.templatetags.look import amount, grouped, unsigned
from xinka.stock.holdings import has_anything, running_low

_SPANS = (14, 30)
_MOST_LOW = 8
_MOST_SOLD = 5


@login_required
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Go to the only desk there is for this person, or let them choose."""
    memberships = memberships_of(request.user) if isinstance(request.user, User) else []
    if len(memberships) == 1:
        return redirect("desk:start", merchant=memberships[0].merchant.slug)
    return render(request, "desk/choose.html", {"memberships": memberships})


@require_safe
@for_members(Duty.SEE_ORDERS)
def start(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show how the shop goes."""
    days = 30 if request.GET.get("days") == "30" else 14
    late = late_orders_of(desk.merchant.id)
    by_currency = sales_of_merchant(desk.merchant.id, days=days, now=timezone.now(), late=late)
    currency, currencies = _currency_of(request, by_currency)
    sold = by_currency.get(currency) or nothing_sold(days=days, now=timezone.now())
    sales, best = sold.days, sold.skus[:_MOST_SOLD]
    low = running_low(desk.merchant.id)
    few = list(low.items())[:_MOST_LOW]
    skus = Sku.objects.select_related("product").in_bulk({*(id_ for id_, _left in few), *(one.sku_id for one in best)})
    steps = _steps(desk)
    context = {
        "desk": desk,
        "facts": _facts(sales, currency, low_count=len(low)),
        "bars": [_bar(day, currency) for day in sales],
        "summary": _summary(sales, currency),
        "currency": currency,
        "currencies": currencies,
        "funnel": funnel_of(desk.merchant.id, currency, days=days, now=timezone.now()),
        "best": [(skus[one.sku_id], one.n_pieces, one.paid) for one in best if one.sku_id in skus],
        "sold_anything": any(day.n_orders for day in sales),
        "days": days,
        "spans": _SPANS,
        "low": [(skus[sku_id], left) for sku_id, left in few if sku_id in skus],
        "more_low": len(low) > _MOST_LOW,
        "steps": steps,
        "is_new": not all(step[1] for step in steps),
    }
    return render(request, "desk/start.html", context)


def late_orders_of(merchant_id: int) -> Callable[[datetime], QuerySet[Any, UUID | None]]:
    """Return what tells which orders of a merchant were paid since a moment, long after they had been placed.

    Most of them had expired. But while no worker runs nothing expires, and what is paid then is plainly settled: those
    orders are known by what is held for them, and by their numbers, which grow with time.
    """

    def late(since: datetime) -> QuerySet[Any, UUID | None]:
        before = ids.first_of((since - LOOK_BACK).timestamp())
        held = Hold.objects.filter(merchant_id=merchant_id, delivered_at__gte=since, order_id__lt=before)
        return orders_paid_late(since).union(held.values_list("order_id", flat=True))

    return late


def _currency_of(request: HttpRequest, known: Collection[str]) -> tuple[str, list[str]]:
    """Return the currency the page is about, and those there are to choose from, the shop's own first."""
    currencies = home_first(known or {HOME})
    wanted = request.GET.get("currency", "")
    return wanted if wanted in currencies else currencies[0], currencies


def _bar(day: DayOfSales, currency: str) -> Bar:
    return Bar(day.day.strftime("%m-%d"), float(plain_amount(day.paid, currency)), unsigned(day.paid, currency))


def _facts(sales: list[DayOfSales], currency: str, *, low_count: int) -> list[dict[str, object]]:
    today, yesterday = sales[-1], sales[-2]
    period = sum(day.paid for day in sales)
    return [
        {
            "label": _("Paid today"),
            "value": amount(today.paid, currency),
            "context": _("yesterday %(sum)s") % {"sum": amount(yesterday.paid, currency)},
        },
        {
            "label": _("Orders today"),
            "value": grouped(today.n_orders),
            "context": _("yesterday %(n)s") % {"n": grouped(yesterday.n_orders)},
        },
        {"label": _("Last %(n)s days") % {"n": len(sales)}, "value": amount(period, currency)},
        {
            "label": _("Running low"),
            "value": grouped(low_count),
            "context": _("restock soon") if low_count else _("nothing to do"),
            "warn": bool(low_count),
        },
    ]


def _summary(sales: list[DayOfSales], currency: str) -> str:
    n_orders = sum(day.n_orders for day in sales)
    return ngettext(
        "Paid each day over %(days)s days: %(n)s order, %(sum)s in all, %(today)s today.",
        "Paid each day over %(days)s days: %(n)s orders, %(sum)s in all, %(today)s today.",
        n_orders,
    ) % {
        "days": len(sales),
        "n": grouped(n_orders),
        "sum": amount(sum(day.paid for day in sales), currency),
        "today": amount(sales[-1].paid, currency),
    }


def _steps(desk: Desk) -> list[tuple[str, bool, str]]:
    """What there is to do until all goes by itself: words, whether it is done, the name of the page."""
    states = set(Product.objects.filter(merchant=desk.merchant).values_list("state", flat=True).distinct())
    steps = [
        (_("Create a product"), bool(states), "desk:product_new"),
        (_("Put codes into stock"), has_anything(desk.merchant.id), "desk:stock"),
        (_("Put the product on the shelf"), ProductState.LIVE in states, "desk:products"),
        (_("Buy it once yourself, to see what buyers see"), has_delivered(desk.merchant.id), "desk:orders"),
    ]
    if may(desk.membership.role, Duty.WITHDRAW):
        steps.append(
            (
                _("Say where your money shall go"),
                bool(accounts_of(Payee.of_merchant(desk.merchant.id))),
                "desk:payout_accounts",
            )
        )
    return steps
