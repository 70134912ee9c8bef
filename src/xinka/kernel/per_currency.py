"""Amounts that each currency has its own of, since a thousand yen are not a thousand dollars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xinka.kernel.money import HOME, MAX_MINOR, MINOR_DIGITS


@dataclass(frozen=True)
class PerCurrency:
    """An amount in minor units for each currency that is named, and one for all others."""

    named: Mapping[str, int]
    otherwise: int = 0

    def of(self, currency: str) -> int:
        """Return the amount for a currency, in its own minor units."""
        return self.named.get(currency, self.otherwise)


def per_currency(text: str, *, otherwise: int = 0) -> PerCurrency:
    """Read ``CNY:500000 USD:70000``, or ``500000`` alone for the shop's own currency.

    Raises:
        ValueError: if it is neither, names a currency the shop does not know or one twice, or an amount is too large.
    """
    parts = text.replace(",", " ").split()
    if len(parts) == 1 and ":" not in parts[0]:
        parts = [f"{HOME}:{parts[0]}"]
    named: dict[str, int] = {}
    for part in parts:
        currency, _, digits = part.partition(":")
        if currency not in MINOR_DIGITS or currency in named:
            raise ValueError(part)
        named[currency] = _minor(digits)
    if not named:
        raise ValueError(text)
    return PerCurrency(named, otherwise)


def _minor(digits: str) -> int:
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(MAX_MINOR)) or int(digits) > MAX_MINOR:
        raise ValueError(digits)
    return int(digits)
