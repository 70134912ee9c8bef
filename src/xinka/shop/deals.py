"""What this visitor pays for a product: a flash price, the price of a level, a code that is remembered.

A page for everybody shows the flash price alone; whoever is signed in or has a code gets a page of their own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language

from xinka.accounts.models import User
from xinka.catalog.models import Sku
from xinka.catalog.queries import unit_price
from xinka.flows.promotions.cards import card_key
from xinka.flows.promotions.spending import Basket, Offer, Wish, offer_for
from xinka.kernel.cookies import Cookie
from xinka.kernel.errors import Refusal
from xinka.platform.database.django_drive import run
from xinka.platform.look.templatetags.look import amount
from xinka.promotions.errors import CodeNeedsMore
from xinka.promotions.models import FlashSale, Level, Member
from xinka.promotions.passes import CODE_COOKIE, CODE_FOR, MEMBER_COOKIE, MEMBER_FOR, MemberPass, Passes
from xinka.promotions.pricing import Facts, Price, price_of
from xinka.promotions.queries import sales_between

#: How long before its beginning a sale is announced.
_ANNOUNCED = timedelta(days=2)


@dataclass(frozen=True)
class Deal:
    """The price for one quantity of one variant, how it came about, and the code that was or was not taken."""

    facts: Facts
    price: Price
    sale: FlashSale | None = None
    coming: FlashSale | None = None
    level: Level | None = None
    code: str = ""
    is_card: bool = False
    refusal: str = ""

    @property
    def plain_unit(self) -> int:
        """What one piece costs without the sale."""
        return self.facts.price if self.facts.tier is None else self.facts.tier

    @property
    def level_name(self) -> str:
        """The level in the visitor's language."""
        if self.level is None:
            return ""
        return self.level.name_en if _is_english() else self.level.name

    @property
    def level_percent(self) -> str:
        """The level's share off, as people write it."""
        return f"{self.facts.level_bps / 100:g}"

    @property
    def units_left(self) -> int:
        """How many units the sale has."""
        return self.sale.units - self.sale.n_taken if self.sale else 0


def _is_english() -> bool:
    return (get_language() or "").startswith("en")


@cache
def passes() -> Passes:
    """Return the passes of this shop."""
    return Passes(settings.ENVIRONMENT.derive("promotion-passes"))


def has_own_page(request: HttpRequest) -> bool:
    """Whether this visitor's prices may differ from everybody's."""
    return not request.COOKIES.keys().isdisjoint((*CODE_COOKIE.names, settings.SESSION_COOKIE_NAME))


def sale_of(sku: Sku, now: datetime) -> tuple[FlashSale | None, FlashSale | None]:
    """Return the sale of a variant that is on and has units, and else the one that is about to begin."""
    sales = sales_between(sku.id, now, now + _ANNOUNCED)
    running = [sale for sale in sales if sale.starts_at <= now]
    cheapest = min(running, key=lambda sale: sale.price, default=None)
    return cheapest, next((sale for sale in sales if sale.starts_at > now), None) if cheapest is None else None


def deal_for(request: HttpRequest, sku: Sku, quantity: int, *, chosen: int = 0) -> Deal:
    """Return what this visitor pays; a remembered code that does not fit is named with its reason."""
    sale, coming = sale_of(sku, timezone.now())
    if sale is not None and quantity > _most_of(sale):
        sale = None
    level = _level_of(request) if has_own_page(request) else None
    facts = Facts(
        quantity,
        sku.price,
        tier=unit_price(sku, quantity),
        flash=sale.price if sale else None,
        level_bps=level.off_bps if level else 0,
        premium=sku.choose_premium if chosen else 0,
    )
    deal = Deal(facts, price_of(facts), sale, coming, level)
    code = passes().read_code(CODE_COOKIE.of(request.COOKIES))
    return with_code(request, deal, sku, code, chosen=chosen) if code else deal


def _most_of(sale: FlashSale) -> int:
    return min(sale.units - sale.n_taken, sale.per_buyer or sale.units)


def with_code(request: HttpRequest, deal: Deal, sku: Sku, code: str, *, place: str = "", chosen: int = 0) -> Deal:
    """Return the deal with a code; ``place`` is where a code comes from that nobody has looked at yet."""
    user_id = request.user.pk if request.user.is_authenticated else 0
    buyer_key = passes().buyer_key(user_id) if user_id else ""
    wish = Wish(
        code=code,
        card_key=card_key(code),
        sale_id=deal.sale.id if deal.sale else 0,
        level_bps=deal.facts.level_bps,
        place=place,
    )
    basket = Basket(sku.id, deal.facts.quantity, chosen, [buyer_key] if buyer_key else [])
    found = run(offer_for(wish, basket))
    if isinstance(found, Offer):
        return replace(deal, facts=found.facts, price=found.price, code=code, is_card=bool(found.card_id))
    if isinstance(found, CodeNeedsMore):  # a flow writes sums for programs
        least = int(str(found.params["least"]))
        found = CodeNeedsMore(least=least, price=amount(least, sku.currency))
    words = found.message(get_language() or "") if isinstance(found, Refusal) else ""
    return replace(deal, refusal=words)


def _level_of(request: HttpRequest) -> Level | None:
    if not request.user.is_authenticated:
        return None
    member = Member.objects.filter(user_id=request.user.pk).select_related("level").first()
    return member.level if member else None


def give_pass(request: HttpRequest, response: HttpResponse) -> None:
    """Let the till know who is signed in and at which level; it believes this beside the same session only."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not session or not isinstance(request.user, User):
        return
    level = _level_of(request)
    member = MemberPass(int(request.user.pk), level.off_bps if level else 0)
    _set(response, MEMBER_COOKIE, passes().member(member, session, int(time.time())), MEMBER_FOR, "/checkout")


def remember_code(response: HttpResponse, code: str) -> None:
    """Remember a good code for the pages that follow; an empty one is forgotten."""
    if code:
        _set(response, CODE_COOKIE, passes().code(code), CODE_FOR, "/")
    else:
        for name in CODE_COOKIE.names:
            response.delete_cookie(name, path="/")


def _set(response: HttpResponse, cookie: Cookie, value: str, seconds: int, path: str) -> None:
    response.set_cookie(
        cookie.name(secure=settings.ENVIRONMENT.secure),
        value,
        max_age=seconds,
        path=path,
        secure=settings.ENVIRONMENT.secure,
        httponly=True,
        samesite="Lax",
    )
