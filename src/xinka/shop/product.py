"""A product's page: everything needed to decide and to order.

For most visitors it is the same, and the till keeps it; whoever is signed in or has a code sees their own price.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from xinka.catalog.models import Product, Sku
from xinka.catalog.queries import on_sale, product_off_sale, product_on_sale
from xinka.orders.access import LEAST_PASSWORD
from xinka.payments.models import Devices
from xinka.payments.queries import channels_on
from xinka.platform.look.policy import mark_public
from xinka.platform.look.prose import prose
from xinka.shop import words
from xinka.shop.cards import cards_of
from xinka.shop.deals import deal_for, give_pass, has_own_page
from xinka.shop.records import facts_of
from xinka.stock.queries import Label, label_on_offer, labels_on_offer, live_counts

#: Ways to pay beside the goods; more would make a buyer read instead of buy.
_FEW_WAYS = 3
#: Products of the same shelf beside the word that one is not on sale.
_FEW_SIMILAR = 6
_LONGEST_LABEL = 40
_LAST_LABEL_PAGE = 200


@dataclass(frozen=True)
class Tier:
    """One cell of the price table; ``to_quantity`` is ``None`` for "and more"."""

    from_quantity: int
    to_quantity: int | None
    minor: int


@dataclass(frozen=True)
class Variant:
    """One choice of the variants' list."""

    id: int
    name: str
    minor: int
    stock: int | None


@dataclass(frozen=True)
class PayWay:
    """One way to pay and the amounts it takes."""

    slug: str
    name: str
    glyph: str
    least: int
    most: int
    fits: bool
    is_first: bool = False


@dataclass(frozen=True)
class Picking:
    """One page of the codes a buyer may choose from."""

    labels: list[Label]
    contains: str
    page: int
    has_more: bool
    premium: int
    chosen: int = 0


@dataclass(frozen=True)
class Typed:
    """What a buyer had typed when the page was made anew for them without scripts; none of it stands in an address."""

    contact: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    coupon: str = ""
    channel: str = ""
    refusal: str = ""


_NOTHING_TYPED = Typed()


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a product. ``?sku=``, ``?quantity=``, ``?code=`` and ``?chosen=`` only choose what is shown first."""
    found = product_on_sale(slug)
    if found is None:
        return _not_on_sale(request, slug)
    is_own = has_own_page(request)
    if not is_own:
        mark_public(request, f"product:{found.id}")
    response = render(request, "shop/product.html", _context(request, found, request.GET))
    if is_own:
        give_pass(request, response)
    return response


def product_as_typed(request: HttpRequest, slug: str, asked: QueryDict, typed: Typed) -> HttpResponse:
    """Show a product in answer to its form, as ``asked`` and with what was typed: this visitor's page alone."""
    found = product_on_sale(slug)
    if found is None:
        raise Http404
    status = HTTPStatus.CONFLICT if typed.refusal else HTTPStatus.OK
    response = render(request, "shop/product.html", _context(request, found, asked, typed), status=status)
    response["Cache-Control"] = "no-store"
    if has_own_page(request):
        give_pass(request, response)
    return response


def _not_on_sale(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell those who have a link to a product that it is off the shelf for now, and show its neighbours.

    Of the product itself nothing is said: while it is off the shelf, it may be written anew.
    """
    found = product_off_sale(slug)
    if found is None:
        raise Http404
    similar = cards_of(on_sale().filter(category=found.category)[:_FEW_SIMILAR])
    context = {"category": found.category, "cards": similar}
    return render(request, "shop/not_on_sale.html", context, status=HTTPStatus.NOT_FOUND)


def _context(
    request: HttpRequest, found: Product, asked: QueryDict, typed: Typed = _NOTHING_TYPED
) -> dict[str, object]:
    skus = list(found.skus.all())
    sku = next((one for one in skus if str(one.id) == asked.get("sku")), skus[0])
    counts = live_counts(one.id for one in skus)
    stock = counts.get(sku.id, 0)
    most = sku.max_quantity if stock is None else max(sku.min_quantity, min(sku.max_quantity, stock))
    quantity = min(max(_number(asked, "quantity"), sku.min_quantity), most)
    picking = _picking(asked, sku) if sku.choosable else None
    deal = deal_for(request, sku, quantity, chosen=picking.chosen if picking else 0)
    if typed.refusal:
        deal = replace(deal, refusal=typed.refusal)
    total = deal.price.total
    ways = _pay_ways(sku, total, typed.channel)
    return {
        "product": found,
        "title": words.title_of(found),
        "category_name": words.category_name(found.category),
        "merchant_name": words.merchant_name(found.merchant),
        "merchant_about": words.merchant_about(found.merchant),
        "record": facts_of(getattr(found.merchant, "record", None)),
        "sku": sku,
        "variants": [Variant(one.id, words.label_of(one), one.price, counts.get(one.id, 0)) for one in skus],
        "tiers": tiers_of(sku),
        "stock": stock,
        "can_buy": (stock is None or stock >= sku.min_quantity) and any(way.fits for way in ways),
        "is_sold_out": stock is not None and stock < sku.min_quantity,
        "quantity": quantity,
        "most": min(most, deal.sale.per_buyer or most, deal.units_left) if deal.sale else most,
        "unit": deal.price.unit,
        "deal": deal,
        "now": timezone.now(),
        "total": total,
        "total_text": words.figures(total, sku.currency),
        "ways": ways,
        "least_password": LEAST_PASSWORD,
        "picking": picking,
        "typed": typed,
        "description": prose(found.local_description),
        "how_to": prose(found.local_how_to),
    }


def tiers_of(sku: Sku) -> list[Tier]:
    """Return the price table of a variant; the first row is its plain price."""
    rows = sorted((tier.min_quantity, tier.unit_price) for tier in sku.tiers.all())
    rows = [(sku.min_quantity, sku.price), *(row for row in rows if row[0] > sku.min_quantity)]
    ends = [row[0] - 1 for row in rows[1:]]
    return [Tier(row[0], end, row[1]) for row, end in zip(rows, [*ends, None], strict=True)]


def _pay_ways(sku: Sku, total: int, wanted: str) -> list[PayWay]:
    """Return the few ways to pay to choose from beside the goods; the pay page offers all of them.

    This page is kept for everybody, so it names what every device can use, unless there is nothing else.
    """
    ways: list[PayWay] = []
    found = [one for one in channels_on(sku.currency) if settings.WALLET or one.provider != "balance"]
    for channel in [one for one in found if one.devices == Devices.ALL] or found:
        fits = channel.min_amount <= total <= channel.max_amount
        name = words.channel_name(channel)
        ways.append(PayWay(channel.slug, name, channel.glyph, channel.min_amount, channel.max_amount, fits))
    fitting = [way for way in ways if way.fits]
    ways = ways if len(ways) <= _FEW_WAYS else (fitting or ways)[:_FEW_WAYS]
    first = next((way for way in ways if way.fits and way.slug == wanted), fitting[0] if fitting else None)
    return [replace(way, is_first=way is first) for way in ways]


def _picking(asked: QueryDict, sku: Sku) -> Picking:
    contains = " ".join(asked.get("code", "").replace("\x00", "").split())[:_LONGEST_LABEL]
    page = min(max(_number(asked, "codes"), 1), _LAST_LABEL_PAGE)
    labels, has_more = labels_on_offer(sku.id, contains=contains, page=page)
    wanted = _number(asked, "chosen", digits=18)
    picked = label_on_offer(sku.id, wanted) if wanted and _number(asked, "quantity") <= 1 else None
    if picked is None:
        return Picking(labels, contains, page, has_more, sku.choose_premium)
    labels = [picked, *(label for label in labels if label.text != picked.text)]
    return Picking(labels, contains, page, has_more, sku.choose_premium, picked.code_id)


def _number(asked: QueryDict, name: str, *, digits: int = 7) -> int:
    text = asked.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 0
