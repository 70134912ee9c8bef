"""Products: the list, the editor, and the way on and off the shelf."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.lists import Around, around, list_context
from xinka.catalog.actions import MOVES, copy_product, move_product
from xinka.catalog.models import Product, ProductState, Sku, StockMode
from xinka.desk.access import Desk, check_duty, for_members
from xinka.desk.lists import place_in
from xinka.desk.product_filter import ProductFilter
from xinka.desk.product_forms import (
    ProductForm,
    currencies_for,
    currency_of,
    sign_of,
    variant_forms,
)
from xinka.flows.stocking import save_product
from xinka.kernel.errors import BadInput
from xinka.merchants.policies import Duty
from xinka.platform.look.as_shown import refuse_stale
from xinka.platform.look.prose import prose
from xinka.stock.holdings import holdings_of

_LONGEST_PROSE = 20_000


@require_safe
@for_members(Duty.EDIT_PRODUCTS)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the merchant's products."""
    asked = ProductFilter.asked_by(request, desk)
    page = Paginator(asked.found(), asked.per_page).get_page(request.GET.get("page"))
    left = _left_of(page.object_list)
    rows = [(product, left.get(product.pk, 0)) for product in page.object_list]
    context = {"desk": desk, "page": page, "rows": rows, "form": asked, **list_context(asked, page.number)}
    return render(request, "desk/products.html", context)


def _left_of(products: Iterable[Product]) -> dict[int, int]:
    """Return how many codes that are sold once are left of each product; one without such variants is not there."""
    found = Sku.objects.filter(product__in=[one.pk for one in products], mode=StockMode.UNIQUE)
    skus = dict(found.order_by("id").values_list("id", "product_id"))
    left: dict[int, int] = {}
    for sku_id, holding in holdings_of(skus).items():
        left[skus[sku_id]] = left.get(skus[sku_id], 0) + holding.available
    return left


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.EDIT_PRODUCTS)
def create(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Make a draft."""
    return _edit(request, desk, Product(merchant=desk.merchant))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.EDIT_PRODUCTS)
@transaction.atomic
def edit(request: HttpRequest, desk: Desk, product_id: int) -> HttpResponse:
    """Change a product; of two who do so at once the second sees what the first wrote."""
    if request.method == "POST":
        get_object_or_404(Product.objects.select_for_update(no_key=True), id=product_id, merchant=desk.merchant)
    return _edit(request, desk, _product(desk, product_id))


def _edit(request: HttpRequest, desk: Desk, product: Product) -> HttpResponse:
    is_new, heading = product.id is None, product.local_title
    data = request.POST if request.method == "POST" else None
    seen = sign_of(product)  # before the forms put into it what was sent
    currencies, currency = currencies_for(product), currency_of(product)
    chosen = request.POST.get("currency", "")
    form = ProductForm(data, instance=product, currencies=currencies)
    variants = variant_forms(
        product,
        data,
        currency=chosen if chosen in currencies else currency,
        extra=1 if request.GET.get("add") and not is_new else 0,
    )
    place = place_in(request, desk, ProductFilter)
    # Looked for before it is saved: another title may stand elsewhere in the list.
    beside = Around() if is_new else around(place, product.pk)
    if data is not None:
        refuse_stale(form, seen, data, beside=variants.forms)
    if data is not None and form.is_valid() and variants.is_valid():
        saved = save_product(form.save(commit=False), variants.variants)
        messages.success(request, _("Saved. The shop shows it within a second."))
        here = place.asked.page_of(saved.pk) + place.suffix
        return redirect((beside.after or here) if "onward" in data else here)
    state = ProductState(product.state)
    context = {
        "desk": desk,
        "form": form,
        "variants": variants,
        "product": product,
        "seen": seen,
        "heading": heading,
        "is_new": is_new,
        "place": place,
        "around": beside,
        "has_currencies": len(currencies) > 1,
        "has_many": variants.initial_form_count() > 1,
        "moves": [] if is_new else [to for to in ProductState if to in MOVES[state] and _may(desk, to)],
    }
    return render(request, "desk/product.html", context, status=422 if data is not None else 200)


@require_POST
@for_members(Duty.EDIT_PRODUCTS)
def move(request: HttpRequest, desk: Desk, product_id: int) -> HttpResponse:
    """Put a product on the shelf, pause it, archive it or take it back to the drafts."""
    product = _product(desk, product_id)
    seen, to = request.POST.get("seen", ""), request.POST.get("to", "")
    if seen not in ProductState.values or to not in ProductState.values:
        raise BadInput(field="to", why_zh="没有这个状态", why_en="there is no such state")
    if not _may(desk, ProductState(to)):
        check_duty(request, desk, Duty.ARCHIVE_PRODUCTS)
    move_product(product.id, seen=ProductState(seen), to=ProductState(to))
    messages.success(
        request,
        _("“%(title)s” is now: %(state)s")
        % {
            "title": product.local_title,
            "state": ProductState(to).label,
        },
    )
    place = place_in(request, desk, ProductFilter)
    return redirect(place.asked.page_of(product.pk) + place.suffix)


@require_POST
@for_members(Duty.EDIT_PRODUCTS)
def copy(request: HttpRequest, desk: Desk, product_id: int) -> HttpResponse:
    """Make a draft of what a product is."""
    made = copy_product(_product(desk, product_id))
    messages.success(request, _("This is the copy: a draft, with the same variants and prices and without stock."))
    place = place_in(request, desk, ProductFilter)
    return redirect(place.asked.page_of(made.pk) + place.suffix)


@require_POST
@for_members(Duty.EDIT_PRODUCTS)
def preview(request: HttpRequest, desk: Desk) -> HttpResponse:  # noqa: ARG001 - only members preview
    """Show Markdown as buyers will see it."""
    text = request.POST.get("description_en" if "english" in request.GET else "description", "")[:_LONGEST_PROSE]
    return render(request, "desk/_prose.html", {"prose": prose(text)})


def _product(desk: Desk, product_id: int) -> Product:
    return get_object_or_404(Product.objects.select_related("category"), id=product_id, merchant=desk.merchant)


def _may(desk: Desk, to: ProductState) -> bool:
    return desk.may_archive or to is not ProductState.ARCHIVED
