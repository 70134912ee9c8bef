"""Spending a promotion: what a code, a flash price and a level come to for one request, and counting them. No Django.

The till asks :func:`offer_for` under the locks of :func:`lock_for`, places the order at that price, and then
:func:`spend` counts. Pages ask :func:`offer_for` alone, without locks, for what they show. A refusal leaves nothing but
a counted wrong code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow, Query
from xinka.kernel.money import plain_amount
from xinka.platform.database.arrays import plain_array, text_array
from xinka.promotions import errors, sql
from xinka.promotions.pricing import Facts, Price, price_of
from xinka.promotions.sql import CouponRow, SkuRow
from xinka.promotions.states import FundedBy, Scope, UseKind

#: Wrong codes that one place may send, and in how many seconds.
WRONG_CODES = 10
WRONG_CODES_IN = 600


@dataclass(slots=True)
class Wish:
    """What a request asks for besides its goods: a code (in its normal form), a flash sale, the price of a level.

    ``card_key`` is the keyed hash of the same code, ``buyer_key`` stands for the person who is signed in. ``place`` is
    the keyed hash of the network against which wrong codes are counted; without one, for a code that was good before,
    none are.
    """

    code: str = ""
    card_key: str = ""
    sale_id: int = 0
    level_bps: int = 0
    user_id: int = 0
    buyer_key: str = ""
    place: str = ""

    @property
    def changes_price(self) -> bool:
        """Whether the request must be placed at a price of its own."""
        return bool(self.code or self.sale_id or self.level_bps)


@dataclass(slots=True)
class Basket:
    """The goods an offer is made for, and by which keys their buyer is counted."""

    sku_id: int
    quantity: int
    chosen: int
    buyer_keys: list[str]


@dataclass(slots=True)
class Offer:
    """What a wish comes to."""

    facts: Facts
    price: Price
    sale_id: int = 0
    per_buyer: int | None = None
    coupon_id: int = 0
    code_id: int = 0
    card_id: int = 0
    funded_by: FundedBy = FundedBy.MERCHANT


class SpentMeanwhile(Exception):
    """A counted update found less than was there under the lock: somebody changed a promotion without the lock."""


def lock_for(wishes: Sequence[Wish]) -> Flow[None]:
    """Lock all that these wishes may spend, in the order in which everybody locks."""
    if sales := sorted({wish.sale_id for wish in wishes if wish.sale_id}):
        yield Query(sql.LOCK_SALES, (plain_array(sales),))
    if codes := sorted({wish.code for wish in wishes if wish.code}):
        yield Query(sql.LOCK_COUPONS_OF, (text_array(codes),))
        yield Query(sql.LOCK_CARDS_OF, (plain_array(sorted({wish.card_key for wish in wishes if wish.code})),))


def offer_for(wish: Wish, basket: Basket) -> Flow[Offer | Refusal | None]:
    """Return what the wish comes to, why it is refused, or ``None`` where there is no such SKU."""
    keys = plain_array(basket.buyer_keys)
    rows = yield Query(sql.SKU_FACTS, (basket.sku_id, basket.quantity, basket.chosen, wish.sale_id, keys))
    if not rows:
        return None
    sku = SkuRow(*rows[0])
    if wish.sale_id and (refusal := _judge_sale(sku, basket.quantity)) is not None:
        return refusal
    flash = sku.flash if wish.sale_id else None
    facts = Facts(basket.quantity, sku.price, sku.tier, flash, wish.level_bps, sku.premium)
    offer = Offer(facts, price_of(facts), wish.sale_id, sku.per_buyer)
    if not wish.code:
        return offer
    return (yield from _with_code(wish, basket, sku, offer))


def _judge_sale(sku: SkuRow, quantity: int) -> Refusal | None:
    if sku.sale_id is None or not sku.is_on:
        return errors.FlashNotOn()
    if sku.units_left < quantity:
        return errors.FlashGone(left=max(0, sku.units_left))
    if sku.per_buyer is not None and sku.has_taken + quantity > sku.per_buyer:
        return errors.FlashLimit(most=sku.per_buyer)
    return None


def _with_code(wish: Wish, basket: Basket, sku: SkuRow, offer: Offer) -> Flow[Offer | Refusal | None]:
    """Return the offer with its code taken off."""
    if wish.place and (yield from is_guessing(wish.place)):
        return errors.TooManyCodes()
    rows = yield Query(sql.COUPON_FACTS, (wish.code, sku.merchant_id, plain_array(basket.buyer_keys)))
    if rows:
        coupon = CouponRow(*rows[0])
        if (refusal := _judge_coupon(coupon, basket, sku, offer.price)) is not None:
            if isinstance(refusal, errors.CodeNotForThis):
                yield from count_miss(wish.place)
            return refusal
        offer.coupon_id, offer.code_id = coupon.coupon_id, coupon.code_id
        offer.funded_by = FundedBy.MERCHANT if coupon.issuer_id else FundedBy.PLATFORM
        return _taken_off(offer, coupon.off_fixed, coupon.off_bps, coupon.off_most)
    cards = yield Query(sql.CARD_FACTS, (wish.card_key,))
    if not cards:
        yield from count_miss(wish.place)
        return errors.CodeUnknown()
    card_id, balance, currency, is_over = cards[0]
    if is_over:
        return errors.CodeExpired()
    if balance <= 0:
        return errors.CardEmpty()
    if currency != sku.currency:
        return errors.CodeNotForThis()
    offer.card_id, offer.funded_by = card_id, FundedBy.PLATFORM
    return _taken_off(offer, balance, 0, None)


def _taken_off(offer: Offer, fixed: int, bps: int, most: int | None) -> Offer:
    was = offer.facts
    offer.facts = Facts(was.quantity, was.price, was.tier, was.flash, was.level_bps, was.premium, fixed, bps, most)
    offer.price = price_of(offer.facts)
    return offer


def _judge_coupon(coupon: CouponRow, basket: Basket, sku: SkuRow, price: Price) -> Refusal | None:
    fits = {
        Scope.ALL: True,
        Scope.MERCHANT: coupon.seller_id == sku.merchant_id,
        Scope.CATEGORY: coupon.category_id == sku.category_id,
        Scope.PRODUCT: coupon.product_id == sku.product_id,
        Scope.SKU: coupon.sku_id == basket.sku_id,
    }[Scope(coupon.scope)]
    if coupon.issuer_id not in (0, sku.merchant_id) or coupon.currency != sku.currency or not fits:
        return errors.CodeNotForThis()
    if coupon.is_early:
        return errors.CodeNotYet()
    if coupon.is_over:
        return errors.CodeExpired()
    if coupon.is_used_up:
        return errors.CodeUsedUp()
    if coupon.most_per_buyer is not None and coupon.has_used >= coupon.most_per_buyer:
        return errors.CodeUsedByYou(most=coupon.most_per_buyer)
    if price.subtotal < coupon.least_spend:
        least = f"{plain_amount(coupon.least_spend, sku.currency)} {sku.currency}"
        return errors.CodeNeedsMore(least=coupon.least_spend, price=least)
    return None


def spend(order_id: UUID, offer: Offer, basket: Basket) -> Flow[None]:
    """Count what an order has used, and keep for its books what made it cheaper.

    Raises:
        SpentMeanwhile: if something is not there any more, which the locks forbid.
    """
    price, keys = offer.price, plain_array(basket.buyer_keys)
    card_off = price.code_off if offer.card_id else 0
    n_buyers = len(set(basket.buyer_keys))
    if offer.sale_id or offer.coupon_id or offer.card_id:
        ((*counted, left),) = yield Query(
            sql.SPEND,
            (offer.sale_id, basket.quantity, keys, offer.coupon_id, offer.code_id, offer.card_id, card_off),
        )
        sale, coupon, card = bool(offer.sale_id), bool(offer.coupon_id), bool(offer.card_id)
        if counted != [sale, sale * n_buyers, coupon, coupon, coupon * n_buyers, card]:
            raise SpentMeanwhile(counted)
        if left == 0:
            yield Query(sql.DROP_PAGE_OF, (basket.sku_id,))
    uses = _uses(offer)
    if uses:
        yield Query(
            sql.INSERT_USES,
            (
                order_id,
                text_array([kind for kind, _, _ in uses]),
                plain_array([amount for _, amount, _ in uses]),
                text_array([by for _, _, by in uses]),
                offer.coupon_id,
                offer.code_id,
                offer.sale_id,
                offer.card_id,
                basket.quantity,
                keys,
            ),
        )


def _uses(offer: Offer) -> list[tuple[UseKind, int, FundedBy]]:
    price, uses = offer.price, []
    if offer.sale_id:
        uses.append((UseKind.FLASH, price.flash_off, FundedBy.MERCHANT))
    if price.level_off:
        uses.append((UseKind.LEVEL, price.level_off, FundedBy.PLATFORM))
    if offer.coupon_id:
        uses.append((UseKind.COUPON, price.code_off, offer.funded_by))
    if offer.card_id:
        uses.append((UseKind.GIFT_CARD, price.code_off, FundedBy.PLATFORM))
    return uses


def note_referrals(referred: Sequence[tuple[UUID, int, int]]) -> Flow[None]:
    """Keep who sent the buyers of these orders (order, who sent, who bought or 0), on the terms of now."""
    if referred:
        orders, senders, buyers = zip(*referred, strict=True)
        yield Query(sql.INSERT_REFERRALS, (plain_array(orders), plain_array(senders), plain_array(buyers)))


def is_guessing(place: str) -> Flow[bool]:
    """Whether so many wrong codes have come from a place that no more are looked at for a while."""
    misses = yield Query(sql.N_MISSES, (_subject(place),))
    return bool(misses) and misses[0][0] >= WRONG_CODES


def count_miss(place: str) -> Flow[None]:
    """Count one wrong code."""
    if place:
        yield Query(sql.COUNT_MISS, (_subject(place), WRONG_CODES_IN))


def _subject(place: str) -> UUID:
    """Return the rate limit's key of a place, which is a keyed hash itself."""
    return UUID(bytes=hashlib.blake2b(b"wrong-code:" + place.encode(), digest_size=16).digest())
