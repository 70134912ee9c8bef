"""What the tests of promotions make: coupons, sales, cards, and the wishes of buyers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from xinka.catalog.models import Sku
from xinka.flows.promotions.spending import Wish
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.django_drive import run
from xinka.platform.vault.keys import blind_index
from xinka.promotions.codes import normalise_code
from xinka.promotions.models import Code, Coupon, FlashSale, GiftCard


def card_key(code: str) -> str:
    """Return the key a gift card is found by."""
    return blind_index("gift-card").hex(normalise_code(code).encode())


def wish(code: str = "", **more: Any) -> Wish:
    """Return a wish as the till shapes it; a code comes from a place of its own unless one is named."""
    plain = normalise_code(code)
    return Wish(**{"code": plain, "card_key": card_key(code) if plain else "", "place": uuid4().hex, **more})


def coupon(code: str = "SPRING", *, most_uses: int | None = None, **more: Any) -> Coupon:
    """Return a coupon of ¥5 for everything of a merchant (or the platform's), with one code."""
    values = {"name": "春季", "amount": 500, "starts_at": timezone.now() - timedelta(hours=1), **more}
    if values.get("bps"):
        values |= {"takes": "percent", "amount": 0}
    made = Coupon.objects.create(**values)
    Code.objects.create(coupon=made, issuer_id=made.merchant_id or 0, code=code, most_uses=most_uses)
    return made


def sale(sku: Sku, *, price: int = 3900, units: int = 10, **more: Any) -> FlashSale:
    """Return a flash sale that is on."""
    now = timezone.now()
    times = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(hours=1)}
    values = {"sku": sku, "merchant_id": sku.product.merchant_id, "price": price, "units": units, **times, **more}
    return FlashSale.objects.create(**values)


def card(code: str = "GIFT-CARD-0001-ABCD", *, value: int = 10_000, **more: Any) -> GiftCard:
    """Return a gift card with its whole value, given away by the platform, under a code we know."""
    values = {"value": value, "balance": value, "hint": code[-4:], "batch_id": uuid4(), **more}
    legs = (Leg(Account.PROMOTIONS, value), Leg(Account.GIFT_CARDS, -value))
    run(post([Journal(JournalKind.GIFT_CARD, f"cast:{uuid4()}", "CNY", legs)]))
    return GiftCard.objects.create(code_key=card_key(code), **values)
