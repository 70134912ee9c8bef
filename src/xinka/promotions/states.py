"""The words of promotions: who pays for a discount, what it is for, and how far it came. No Django here."""

from __future__ import annotations

from enum import StrEnum


class FundedBy(StrEnum):
    """Who bears a discount: the merchant earns less, or the platform adds what the buyer did not pay."""

    MERCHANT = "merchant"
    PLATFORM = "platform"


class UseKind(StrEnum):
    """What made an order cheaper; an order has at most one of each."""

    FLASH = "flash"
    LEVEL = "level"
    COUPON = "coupon"
    GIFT_CARD = "gift_card"


class UseState(StrEnum):
    """Whether a use counts: ``held`` from placing on, ``returned`` when the order came to nothing."""

    HELD = "held"
    RETURNED = "returned"


class Takes(StrEnum):
    """How a coupon reckons."""

    AMOUNT = "amount"
    PERCENT = "percent"


class Scope(StrEnum):
    """What a coupon is good for."""

    ALL = "all"
    MERCHANT = "merchant"
    CATEGORY = "category"
    PRODUCT = "product"
    SKU = "sku"


class ReferralState(StrEnum):
    """How far a commission came: waiting for the release, accrued until the trade is settled, final; or never."""

    WAITING = "waiting"
    ACCRUED = "accrued"
    FINAL = "final"
    VOID = "void"
