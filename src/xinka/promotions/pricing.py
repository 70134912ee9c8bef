"""What an order costs, in the one order in which prices and discounts combine. No Django here.

The flash price, else the tier's, else the plain price, times the quantity; off that the member level's share; then the
premium for a chosen code on top; off that sum one coupon or one gift card. Every discount is rounded down to a whole
minor unit, and at least one minor unit is left to pay. ``PRICE`` says the same in SQL; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a price depends on, in minor units and 1/10000.

    A coupon takes ``off_fixed``, or the share ``off_bps`` but at most ``off_most``; a gift card takes its balance.
    """

    quantity: int
    price: int
    tier: int | None = None
    flash: int | None = None
    level_bps: int = 0
    premium: int = 0
    off_fixed: int = 0
    off_bps: int = 0
    off_most: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A price and how it came about: ``subtotal`` is what a coupon is measured by, ``total`` what is to be paid."""

    unit: int
    goods: int
    flash_off: int
    level_off: int
    subtotal: int
    code_off: int
    total: int


def price_of(facts: Facts) -> Price:
    """Return what these facts come to."""
    plain = facts.price if facts.tier is None else facts.tier
    unit = plain if facts.flash is None else facts.flash
    goods = facts.quantity * unit
    level_off = goods * facts.level_bps // WHOLE
    subtotal = goods - level_off + facts.premium
    share = subtotal * facts.off_bps // WHOLE
    if facts.off_most is not None:
        share = min(share, facts.off_most)
    code_off = min(facts.off_fixed + share, subtotal - 1)
    flash_off = max(0, plain - unit) * facts.quantity
    return Price(unit, goods, flash_off, level_off, subtotal, code_off, subtotal - code_off)


#: The same as a statement that yields ``amount``; each name is replaced by a column or a placeholder.
PRICE = """
SELECT subtotal - least({off_fixed} + least({off_most}, subtotal * {off_bps} / 10000), subtotal - 1) AS amount FROM (
  SELECT goods - goods * {level_bps} / 10000 + {premium} AS subtotal FROM (
    SELECT {quantity} * coalesce({flash}, {tier}, {price}) AS goods) AS priced) AS levelled"""
