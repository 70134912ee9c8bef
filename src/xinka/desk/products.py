"""Products: the list, the editor, and the way on and off the shelf."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Aggregate, Count, Min, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.catalog.actions import MOVES, move_product
from xinka.catalog.models import Product, ProductState, Sku
from xinka.catalog.queries import LONG_TEXTS
from xinka.desk.access import Desk, check_duty, for_members
from xinka.desk.product_forms import ProductForm, currencies_for, currency_of, variant_forms
from xinka.flows.stocking import save_product
from xinka.kernel.errors import BadInput
from xinka.merchants.policies import Duty
from xinka.platform.look.prose import prose

_PER_PAGE = 30
_LONGEST_PROSE = 20_000
#: A number of so many digits is none of ours.
_DIGITS = 19


#: What the list tells of a product's variants; each is looked up for the products of the page alone.
_FIGURES: dict[str, Aggregate] = {"n_skus": Count("id"), "lowest": Min("price"), "currency": Min("currency")}


def _of_skus(function: Aggregate) -> QuerySet[Sku, Any]:
    found = Sku.objects.filter(product=OuterRef("pk")).order_by().values("product")
    return found.annotate(figure=function).values("figure")


@require_safe
@for_members(Duty.EDIT_PRODUCTS)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the merchant's products."""
    state = request.GET.get("state", "")
    query = request.GET.get("q", "").strip()[:80]
    found = (
        Product.objects.filter(merchant=desk.merchant)
        .select_related("category")
        .annotate(**{name: Subquery(_of_skus(function)) for name, function in _FIGURES.items()})
        .defer(*LONG_TEXTS)
        .order_by("-id")
    )
    found = found.filter(state=state) if state in ProductState.values else found.exclude(state=ProductState.ARCHIVED)
    if query:
        words = query.replace("\0", "")  # which no text of the database holds
        number = int(words) if words.isascii() and words.isdigit() and len(words) < _DIGITS else 0
        found = found.filter(Q(title__icontains=words) | Q(title_en__icontains=words) | Q(id=number))
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = {"desk": desk, "page": page, "state": state, "query": query, "states": ProductState.choices}
    return render(request, "desk/products.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.EDIT_PRODUCTS)
def create(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Make a draft."""
    return _edit(request, desk, Product(merchant=desk.merchant))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.EDIT_PRODUCTS)
def edit(request: HttpRequest, desk: Desk, product_id: int) -> HttpResponse:
    """Change a product."""
    return _edit(request, desk, _product(desk, product_id))


def _edit(request: HttpRequest, desk: Desk, product: Product) -> HttpResponse:
    is_new, heading = product.id is None, product.local_title
    data = request.POST if request.method == "POST" else None
    currencies, currency = currencies_for(product), currency_of(product)
    chosen = request.POST.get("currency", "")
    form = ProductForm(data, instance=product, currencies=currencies)
    variants = variant_forms(
        product,
        data,
        currency=chosen if chosen in currencies else currency,
        extra=1 if request.GET.get("add") and not is_new else 0,
    )
    if data is not None and form.is_valid() and variants.is_valid():
        saved = save_product(form.save(commit=False), variants.variants)
        messages.success(request, _("Saved. The shop shows it within a second."))
        return redirect("desk:product", merchant=desk.merchant.slug, product_id=saved.id)
    state = ProductState(product.state)
    context = {
        "desk": desk,
        "form": form,
        "variants": variants,
        "product": product,
        "heading": heading,
        "is_new": is_new,
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
    return redirect("desk:product", merchant=desk.merchant.slug, product_id=product.id)


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
