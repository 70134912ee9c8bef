"""Stripe's minor units, which are not everywhere those of ISO 4217.

Source: Stripe, "Supported currencies" (zero-decimal, three-decimal and special cases).
"""

from __future__ import annotations

from xinka.kernel.errors import BadInput
from xinka.kernel.money import MINOR_DIGITS

_ZERO = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
_THREE = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def stripe_digits(currency: str) -> int:
    """Return how many digits Stripe has after the point; ISK and UGX have two there, always zero."""
    return 0 if currency in _ZERO else 3 if currency in _THREE else 2


def to_stripe(minor: int, currency: str) -> int:
    """Return an amount in Stripe's smallest unit.

    Raises:
        BadInput: if Stripe cannot take exactly this amount; the last of three decimals must be zero.
    """
    amount, rest = _scaled(minor, stripe_digits(currency) - MINOR_DIGITS[currency])
    if rest or (currency in _THREE and amount % 10):
        raise BadInput(field="amount", why_zh="这个金额 Stripe 收不了", why_en="Stripe cannot take this amount")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Return Stripe's amount in our minor units; raises ``ValueError`` if it has a fraction that we have not."""
    minor, rest = _scaled(amount, MINOR_DIGITS[currency] - stripe_digits(currency))
    if rest:
        raise ValueError("an amount with a fraction of a minor unit")
    return minor


def _scaled(amount: int, digits: int) -> tuple[int, int]:
    return (amount * 10**digits, 0) if digits >= 0 else divmod(amount, 10**-digits)
