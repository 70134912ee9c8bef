"""Why checkout said no: the till sends browsers here, where one button leads on.

The address is only a hint, since anybody can write one: prices and stock are read anew, and every sentence is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from xinka.catalog.models import Sku
from xinka.catalog.queries import shelf_of, sku_for_sale, unit_price
from xinka.kernel.errors import Refusal
from xinka.orders import errors
from xinka.orders.access import LEAST_PASSWORD
from xinka.platform.database.away import DatabaseAway
from xinka.platform.look.context import look_of
from xinka.platform.look.templatetags.look import amount
from xinka.platform.maintenance.state import ShopClosed
from xinka.promotions import errors as promotions
from xinka.shop.deals import Deal, deal_for, remember_code
from xinka.shop.words import title_of
from xinka.stock.queries import live_counts


class Refused(Refusal):
    """Something about the form was not right."""

    code = "form_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "有一项没填对。没有扣款，回去改一下就行。"
    en = "Something in the form is not right. You have not been charged; go back and correct it."


class BadContact(Refused):
    """The contact is neither a mail address nor a QQ number."""

    code = "bad_contact"
    zh = "请填邮箱（name@example.com）或 QQ 号（5 到 12 位数字）。没有扣款。"
    en = "Enter an e-mail address (name@example.com) or a QQ number (5 to 12 digits). You have not been charged."


class BadPassword(Refused):
    """The order password is shorter than it may be; or longer, which no form of ours lets through."""

    code = "bad_password"
    zh = "订单密码要 {least} 个字符以上。留空的话，我们会生成一个。没有扣款。"
    en = (
        "An order password needs {least} characters or more. Leave it empty and we make one for you. "
        "You have not been charged."
    )


class TooBusy(Refused):
    """The till had more to do than it can."""

    code = "too_busy"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "现在下单的人太多。没有扣款，过几秒再试。"
    en = "Too many people are ordering right now. You have not been charged; try again in a few seconds."


class OpenAgain(Refused):
    """The shop was closed when the order came, and is open now."""

    code = "open_again"
    zh = "商店又开了。刚才那一次没有下单，也没有扣款。"
    en = "The shop is open again. That time nothing was ordered and you have not been charged."


class QuantityChanged(errors.PriceChanged):
    """The total shown was that of another quantity: nobody changed the price."""

    zh = "{quantity} 件一共 {price}。没有扣款，确认后再付。"
    en = "The total for {quantity} is {price}. You have not been charged; confirm before you pay."


class CodeTakenOff(errors.PriceChanged):
    """The total shown was that without the code that came with the order."""

    zh = "用了优惠码或礼品卡，一共 {price}。没有扣款，确认后再付。"
    en = "With your code or gift card the total is {price}. You have not been charged; confirm before you pay."


_KNOWN: dict[str, type[Refusal]] = {
    refusal.code: refusal
    for refusal in (
        errors.ProductGone,
        errors.OutOfStock,
        errors.OnlySomeLeft,
        errors.ChosenGone,
        errors.BadQuantity,
        errors.PriceChanged,
        errors.TooManyUnpaid,
        errors.NoSuchChannel,
        errors.RequestKeyReused,
        TooBusy,
        DatabaseAway,
        *(kind for group in (promotions.CodeRefused, promotions.FlashRefused) for kind in group.__subclasses__()),
    )
}
_BUSY = {"overloaded", "too_busy", "busy", "queue_full"}


@dataclass(frozen=True)
class WayOn:
    """The one button of the page."""

    words: str
    path: str


@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    """Explain a refusal and offer the way on."""
    code = request.GET.get("code", "")
    sku_id, quantity = _number(request, "sku"), max(1, _number(request, "quantity"))
    sku = sku_for_sale(sku_id) if sku_id else None
    refusal = _refusal(request, code, sku, quantity)
    context = {
        "heading": refusal.message(get_language() or ""),
        "way_on": _way_on(refusal, sku, quantity, _chosen(request, sku)) if sku else _way_without(refusal, sku_id),
        "back_page": _page(sku, quantity) if sku and isinstance(refusal, errors.OutOfStock) else "",
        "title": title_of(sku.product) if sku else "",
        "product": sku.product if sku else None,
    }
    response = render(request, "shop/refused.html", context)
    response["X-Robots-Tag"] = "noindex"
    if isinstance(refusal, promotions.CodeRefused):
        remember_code(response, "")  # the way on is without it
    return response


def _refusal(request: HttpRequest, code: str, sku: Sku | None, quantity: int) -> Refusal:
    if code == "bad_input" and request.GET.get("field", "") == "contact":
        return BadContact()
    if code == "bad_input" and request.GET.get("field", "") == "password":
        return BadPassword(least=LEAST_PASSWORD)
    if code in _BUSY:
        return TooBusy()
    if code == ShopClosed.code:
        look = look_of(request)
        return look.maintenance.refusal(timezone.now()) if look.maintenance and look.is_closed else OpenAgain()
    known = _KNOWN.get(code, Refused)
    if sku is None:
        return known() if known not in _WITH_FACTS else Refused()
    if known is errors.OnlySomeLeft:
        available = live_counts([sku.id]).get(sku.id)
        return errors.OnlySomeLeft(available=available) if available else errors.OutOfStock()
    if known is errors.PriceChanged:
        deal = deal_for(request, sku, quantity, chosen=_chosen(request, sku))
        total, changed = deal.price.total, _what_changed(deal, sku, quantity, _number(request, "shown"))
        return changed(amount=total, price=amount(total, sku.currency), quantity=quantity)
    if known in _WITH_NUMBERS:
        # Whose limit it was is not known here any more; the number is only a hint, and shown as one.
        name = _WITH_NUMBERS[known]
        number = _number(request, name)
        return known(**{name: number}, price=amount(number, sku.currency))
    if known is errors.BadQuantity:
        return errors.BadQuantity(least=sku.min_quantity, most=sku.max_quantity)
    return known()


def _what_changed(deal: Deal, sku: Sku, quantity: int, shown: int) -> type[errors.PriceChanged]:
    """Tell why the total is not the one that was shown, as far as today's prices can tell."""
    if deal.code and shown == unit_price(sku, quantity) * quantity:
        return CodeTakenOff
    others = (n for n in range(sku.min_quantity, sku.max_quantity + 1) if n != quantity)
    if any(shown == unit_price(sku, n) * n for n in others):
        return QuantityChanged
    return errors.PriceChanged


_WITH_NUMBERS: dict[type[Refusal], str] = {
    promotions.CodeUsedByYou: "most",
    promotions.CodeNeedsMore: "least",
    promotions.FlashGone: "left",
    promotions.FlashLimit: "most",
}
_WITH_FACTS = {errors.OnlySomeLeft, errors.PriceChanged, errors.BadQuantity, *_WITH_NUMBERS}


def _way_without(refusal: Refusal, sku_id: int) -> WayOn:
    """Return the way on from what is not for sale, or not known at all."""
    if isinstance(refusal, errors.TooManyUnpaid | ShopClosed):
        return WayOn(gettext("Find my orders"), reverse("shop:find_order"))
    if shelf := shelf_of(sku_id):
        return WayOn(gettext("See similar products"), reverse("shop:category", args=[shelf.slug]))
    return WayOn(gettext("See all products"), reverse("shop:home"))


def _chosen(request: HttpRequest, sku: Sku) -> int:
    """Return the code that was chosen: without scripts its premium is in no price that a page has shown."""
    return _number(request, "chosen", digits=18) if sku.choosable else 0


def _way_on(refusal: Refusal, sku: Sku, quantity: int, chosen: int) -> WayOn:
    if isinstance(refusal, errors.TooManyUnpaid | ShopClosed):
        return WayOn(gettext("Find my orders"), reverse("shop:find_order"))
    if isinstance(refusal, errors.OnlySomeLeft):
        left = int(str(refusal.params["available"]))
        return WayOn(gettext("Buy %(n)d instead") % {"n": left}, _page(sku, left))
    if isinstance(refusal, errors.OutOfStock | errors.ProductGone):
        shelf = sku.product.category
        return WayOn(gettext("See similar products"), reverse("shop:category", args=[shelf.slug]))
    if isinstance(refusal, QuantityChanged | CodeTakenOff):
        return WayOn(gettext("Buy at this price"), _page(sku, quantity, chosen))
    if isinstance(refusal, errors.PriceChanged):
        return WayOn(gettext("Buy at the new price"), _page(sku, quantity, chosen))
    if isinstance(refusal, promotions.CodeRefused):
        return WayOn(gettext("Buy without the code"), _page(sku, quantity))
    if isinstance(refusal, promotions.FlashRefused):
        return WayOn(gettext("Look at the price now"), _page(sku, quantity))
    if isinstance(refusal, errors.ChosenGone):
        return WayOn(gettext("Choose another"), _page(sku, 1))
    return WayOn(gettext("Back to the product"), _page(sku, quantity))


def _page(sku: Sku, quantity: int, chosen: int = 0) -> str:
    shown = {"sku": sku.id, "quantity": quantity} | ({"chosen": chosen} if chosen else {})
    return f"{reverse('shop:product', args=[sku.product.slug])}?{urlencode(shown)}#buy"


def _number(request: HttpRequest, name: str, *, digits: int = 9) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 0
