"""New prices for many variants by one rule: worked out first, to be looked at, then written as they were shown.

All of it is whole numbers of minor units. What is worked out is rounded to the nearest multiple of the rule's step, a
half upwards; a step is a hundredth, a tenth or one of the currency's whole units, never less than a minor one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from django.db import transaction
from django.utils import timezone

from xinka.catalog.actions import drop_pages_of_many, hold_products
from xinka.catalog.errors import PricesMoved
from xinka.catalog.models import PriceTier, Product, Sku
from xinka.kernel.money import HOME, MAX_MINOR, MINOR_DIGITS

#: A percentage is kept in hundredths of a percent.
WHOLE = 10_000


class How(StrEnum):
    """What a rule does with a price."""

    RAISE_SHARE = "raise_share"
    LOWER_SHARE = "lower_share"
    RAISE_SUM = "raise_sum"
    LOWER_SUM = "lower_sum"
    SET = "set"

    @property
    def is_share(self) -> bool:
        """Whether its value is a percentage, and no amount."""
        return self in (How.RAISE_SHARE, How.LOWER_SHARE)


class Step(StrEnum):
    """What new prices are rounded to."""

    CENT = "cent"
    TENTH = "tenth"
    WHOLE = "whole"

    def minor(self, currency: str) -> int:
        """Return the minor units of one step."""
        whole = int(10 ** MINOR_DIGITS[currency])
        return max(1, whole // {Step.CENT: 100, Step.TENTH: 10, Step.WHOLE: 1}[self])


@dataclass(frozen=True, slots=True)
class Rule:
    """How prices change: ``value`` is hundredths of a percent, or minor units of a ``currency``."""

    how: How
    value: int
    step: Step = Step.CENT
    currency: str = HOME

    def price(self, was: int, currency: str) -> int:
        """Return the new price of what had the price ``was``; nothing says that it can be one."""
        if self.how is How.SET:
            return self.value
        sign = 1 if self.how in (How.RAISE_SHARE, How.RAISE_SUM) else -1
        over = WHOLE if self.how.is_share else 1
        new = was * (WHOLE + sign * self.value) if self.how.is_share else was + sign * self.value
        step = self.step.minor(currency) * over
        return (2 * new + step) // (2 * step) * self.step.minor(currency)


class Why(StrEnum):
    """Why a variant keeps its price."""

    SAME = "same"
    NO_PRICE = "no_price"
    TIERS = "tiers"
    IN_A_SALE = "in_a_sale"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What one variant costs and would cost, each with its tiers' unit prices; or why it stays as it is."""

    sku: Sku
    price: int
    tiers: tuple[tuple[PriceTier, int], ...] = ()
    stays: Why | None = None


def worked_out(skus: Iterable[Sku], rule: Rule, *, sale_prices: Mapping[int, int]) -> list[NewPrice]:
    """Return what a rule makes of the prices of some variants, which have their tiers at hand.

    ``sale_prices`` tells for each variant with a flash sale its price there: a plain price has to stay above it.
    """
    return [_of_one(sku, rule, sale_prices.get(sku.pk, 0)) for sku in skus]


def _of_one(sku: Sku, rule: Rule, sale_price: int) -> NewPrice:
    if not rule.how.is_share and sku.currency != rule.currency:
        return NewPrice(sku, sku.price, stays=Why.CURRENCY)
    price = rule.price(sku.price, sku.currency)
    kept = [(tier, tier.unit_price) for tier in sku.tiers.all()]
    moved = kept if rule.how is How.SET else [(tier, rule.price(was, sku.currency)) for tier, was in kept]
    row = [price, *(unit_price for _tier, unit_price in moved)]
    stays = None
    if not all(1 <= one <= MAX_MINOR for one in row):
        stays = Why.NO_PRICE
    elif any(later >= earlier for earlier, later in pairwise(row)):
        stays = Why.TIERS
    elif price <= sale_price:
        stays = Why.IN_A_SALE
    elif price == sku.price and moved == kept:
        stays = Why.SAME
    return NewPrice(sku, price, tuple(moved), stays)


def seal_of(prices: Sequence[NewPrice]) -> str:
    """Return a sign that changes with any price that some prices are worked out from, or would become.

    Of what a price means, too: its currency, and from how many pieces on a tier holds.
    """
    told = sorted(
        (one.sku.pk, _row(one.sku), one.price, [new for _tier, new in one.tiers], one.stays or "") for one in prices
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


@transaction.atomic
def set_prices(prices: Sequence[NewPrice]) -> int:
    """Write the prices that were worked out, where they do not stay, and tell the tills; return of how many variants.

    Raises:
        PricesMoved: if one of these prices is not the one any more that the new one was worked out from.
    """
    moving = {one.sku.pk: one for one in prices if one.stays is None}
    product_ids = sorted({one.sku.product_id for one in moving.values()})
    hold_products(product_ids)  # products first, as the editor of one takes them
    locked = Sku.objects.filter(id__in=moving).order_by("id").select_for_update(no_key=True).prefetch_related("tiers")
    now = list(locked)
    if len(now) < len(moving) or any(_row(sku) != _row(moving[sku.pk].sku) for sku in now):
        raise PricesMoved
    tiers = []
    for sku in now:
        sku.price = moving[sku.pk].price
        for tier, unit_price in moving[sku.pk].tiers:
            tier.unit_price = unit_price
            tiers.append(tier)
    Sku.objects.bulk_update(now, ["price"])
    PriceTier.objects.bulk_update(tiers, ["unit_price"])
    Product.objects.filter(id__in=product_ids).update(updated_at=timezone.now())
    drop_pages_of_many(product_ids)
    return len(now)


def _row(sku: Sku) -> list[object]:
    return [sku.price, sku.currency, *((tier.pk, tier.min_quantity, tier.unit_price) for tier in sku.tiers.all())]
