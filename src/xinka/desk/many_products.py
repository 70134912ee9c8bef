"""Many products changed at once: on and off the shelf, into a category, to other prices. The address says which."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from xinka.accounts.lists import Place
from xinka.catalog.actions import MOVES, hold_products, move_products, put_on_shelf_of
from xinka.catalog.errors import PricesMoved
from xinka.catalog.models import LONG_TEXTS, Product, ProductState, Sku
from xinka.catalog.repricing import NewPrice, Why, seal_of, set_prices, worked_out
from xinka.desk.access import Desk, check_duty, for_members
from xinka.desk.lists import number_in, place_in
from xinka.desk.many_forms import CategoryForm, PricesForm
from xinka.desk.product_filter import ProductFilter
from xinka.kernel.errors import BadInput
from xinka.kernel.money import HOME, home_first
from xinka.merchants.policies import Duty
from xinka.promotions.queries import sale_prices

log = logging.getLogger(__name__)

#: Products that are changed at once; and those of one page of the list, which may be ticked.
MOST = 500
_MOST_TICKED = 100
_SHOWN = 200


@dataclass(frozen=True)
class Many:
    """The products that somebody chose from their list, and where in it they were."""

    desk: Desk
    place: Place
    ticked: tuple[int, ...] | None

    @property
    def _meant(self) -> QuerySet[Product]:
        if self.ticked is None:
            return self.place.asked.found()
        return (
            Product.objects.filter(merchant=self.desk.merchant, id__in=self.ticked).defer(*LONG_TEXTS).order_by("-id")
        )

    @cached_property
    def products(self) -> list[Product]:
        """Return them, one more than may be changed at once at most."""
        return list(self._meant[: MOST + 1])

    @property
    def too_many(self) -> bool:
        """Whether there are more of them than may be changed at once."""
        return len(self.products) > MOST

    @property
    def n_more(self) -> int:
        """How many of them the page does not name."""
        return max(0, len(self.products) - _SHOWN)

    @property
    def ids(self) -> list[int]:
        """Their numbers."""
        return [one.pk for one in self.products]

    @property
    def sign(self) -> str:
        """A sign that changes with which they are: a filter may find others by the time something is sent."""
        return hashlib.sha256(repr(sorted(self.ids)).encode()).hexdigest()[:32]

    @cached_property
    def skus(self) -> list[Sku]:
        """Their variants, each with its product and its tiers."""
        found = Sku.objects.filter(product__in=self.ids).select_related("product").prefetch_related("tiers")
        found = found.defer(*(f"product__{name}" for name in LONG_TEXTS))
        return list(found.order_by("-product_id", "position", "id"))

    @property
    def currencies(self) -> list[str]:
        """The currencies of their prices, the shop's own first; of too many, that alone: nothing is changed then."""
        ids = [] if self.too_many else self.ids
        found = Sku.objects.filter(product__in=ids).order_by().values_list("currency", flat=True).distinct()
        return home_first(set(found) or {HOME})

    @property
    def moves(self) -> list[tuple[ProductState, int]]:
        """Where some of them may go, and how many."""
        states = [ProductState(one.state) for one in self.products]
        counted = [(to, sum(to in MOVES[state] for state in states)) for to in ProductState]
        return [(to, n) for to, n in counted if n and (to is not ProductState.ARCHIVED or self.desk.may_archive)]


def _chosen(request: HttpRequest, desk: Desk) -> Many:
    place = place_in(request, desk, ProductFilter)
    if "all" in request.GET:
        return Many(desk, place, None)
    numbers = [number_in(text) for text in request.GET.getlist("product")[:_MOST_TICKED]]
    return Many(desk, place, tuple(number for number in numbers if number))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.EDIT_PRODUCTS)
def change(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show what can be done with the products that were chosen, and do it."""
    many = _chosen(request, desk)
    if not many.products:
        messages.error(request, _("Tick the products first, then change them."))
        return redirect(many.place.back)
    if request.method != "POST" or many.too_many:
        return _page(request, many)
    if many.ticked is None and request.POST.get("chosen") != many.sign:
        messages.warning(request, _("The list finds other products by now, so nothing was changed. Look again."))
        return _page(request, many)
    match request.POST.get("do"):
        case "move":
            return _move(request, many)
        case "category":
            return _categorise(request, many)
        case "prices":
            return _reprice(request, many)
    raise BadInput(field="do", why_zh="没有这个操作", why_en="there is no such change")


def _move(request: HttpRequest, many: Many) -> HttpResponse:
    to = request.POST.get("to", "")
    if to not in ProductState.values:
        raise BadInput(field="to", why_zh="没有这个状态", why_en="there is no such state")
    if to == ProductState.ARCHIVED:
        check_duty(request, many.desk, Duty.ARCHIVE_PRODUCTS)
    n = move_products(many.ids, to=ProductState(to))
    words = ngettext("%(n)s product is now: %(state)s.", "%(n)s products are now: %(state)s.", n)
    return _done(request, many, n, words % {"n": n, "state": ProductState(to).label}, what="state")


def _categorise(request: HttpRequest, many: Many) -> HttpResponse:
    form = CategoryForm(request.POST)
    if not form.is_valid():
        return _page(request, many, category=form)
    n = put_on_shelf_of(many.ids, form.cleaned_data["category"])
    words = ngettext("%(n)s product is in another category now.", "%(n)s products are in another category now.", n)
    return _done(request, many, n, words % {"n": n}, what="category")


@transaction.atomic
def _reprice(request: HttpRequest, many: Many) -> HttpResponse:
    form = PricesForm(request.POST, currencies=many.currencies)
    if not form.is_valid():
        return _page(request, many, prices=form)
    hold_products(many.ids)  # or a sale could be planned between what is read here and what is written
    prices = worked_out(many.skus, form.rule, sale_prices=sale_prices(sku.pk for sku in many.skus))
    seal, seen = seal_of(prices), request.POST.get("seen", "")
    if not seen:
        return _preview(request, many, form, prices)
    if seen != seal:
        messages.warning(request, PricesMoved().message(get_language() or ""))
        return _preview(request, many, form, prices)
    n = set_prices(prices)
    words = ngettext("%(n)s variant has its new price.", "%(n)s variants have their new prices.", n)
    return _done(request, many, n, words % {"n": n}, what="prices", all_of=len(prices))


def _done(request: HttpRequest, many: Many, n: int, words: str, *, what: str, all_of: int = 0) -> HttpResponseRedirect:
    rest = (all_of or len(many.products)) - n
    if rest:
        stay = ngettext("%(n)s stays as it was.", "%(n)s stay as they were.", rest)
        words = f"{words} {stay % {'n': rest}}"
    desk = many.desk
    log.info("products.changed", extra={"merchant": desk.merchant.pk, "user": desk.user_id, "what": what, "changed": n})
    messages.add_message(request, messages.SUCCESS if n else messages.WARNING, words)
    return redirect(many.place.back)


def _page(
    request: HttpRequest, many: Many, *, category: CategoryForm | None = None, prices: PricesForm | None = None
) -> HttpResponse:
    context = {
        "desk": many.desk,
        "many": many,
        "place": many.place,
        "most": MOST,
        "n": len(many.products),
        "shown": many.products[:_SHOWN],
        "category": category or CategoryForm(),
        "prices": prices or PricesForm(currencies=many.currencies),
    }
    wrong = category is not None or prices is not None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, "desk/many.html", context, status=status)


def _preview(request: HttpRequest, many: Many, form: PricesForm, prices: list[NewPrice]) -> HttpResponse:
    """Show each price as it is and as it would be; nothing is written."""
    n_moving = sum(one.stays is None for one in prices)
    context = {
        "desk": many.desk,
        "many": many,
        "place": many.place,
        "told": {name: form.data.get(name, "") for name in form.fields},
        "here": request.get_full_path(),
        "rows": [(one, _why(one.stays)) for one in sorted(prices, key=_to_look_at_first)],
        "n_moving": n_moving,
        "n_staying": len(prices) - n_moving,
        "seen": seal_of(prices),
    }
    return render(request, "desk/many_prices.html", context)


def _to_look_at_first(one: NewPrice) -> int:
    """Sort what cannot have its new price before what will, and what is not meant to change behind it."""
    return 1 if one.stays is None else 2 if one.stays in (Why.SAME, Why.CURRENCY) else 0


def _why(stays: Why | None) -> str:
    words = {
        None: "",
        Why.SAME: _("no change"),
        Why.NO_PRICE: _("that is no price"),
        Why.TIERS: _("its price tiers would not be cheaper"),
        Why.CURRENCY: _("another currency"),
        Why.IN_A_SALE: _("its flash sale would not be cheaper"),
    }
    return words[stays]
