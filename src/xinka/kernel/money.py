"""Money is an integer of minor units and a currency (ISO 4217); no float comes near it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from xinka.kernel.errors import BadInput

#: Digits after the point, per currency Xinka can price in (ISO 4217).
MINOR_DIGITS = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "JPY": 0, "KRW": 0, "KWD": 3}
#: The currency of the shop itself; others come after it.
HOME = "CNY"
#: The largest amount of one order in minor units; keeps every sum far inside 64 bits.
MAX_MINOR = 1_000_000_000_00
_PLAIN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,8})?", re.ASCII)


def home_first(currencies: Iterable[str]) -> list[str]:
    """Return currencies in the order in which people see them: the shop's own, then the others by name."""
    return sorted(set(currencies), key=lambda currency: (currency != HOME, currency))


def parse_amount(text: str, currency: str = "CNY") -> int:
    """Return the minor units of a plain decimal such as ``1``, ``1.0`` or ``1.00``.

    Signs, exponents, grouping, full-width digits and digits beyond the currency's own (unless zero) are refused, since
    a notice that says ``1.001`` did not come from the gateway we asked.

    Raises:
        BadInput: if the text is not such an amount or is out of range.
    """
    if not _PLAIN.fullmatch(text):
        raise BadInput(field="amount", why_zh="请写成 12.34 这样的数字", why_en="write it like 12.34")
    digits = MINOR_DIGITS[currency]
    whole, _, rest = text.partition(".")
    minor = int(whole + rest[:digits].ljust(digits, "0"))
    if rest[digits:].strip("0") or minor > MAX_MINOR:
        raise BadInput(field="amount", why_zh="小数位太多或金额太大", why_en="too many decimals, or too large")
    return minor


def plain_amount(minor: int, currency: str = "CNY") -> str:
    """Return the amount as gateways want it: ``1234`` → ``12.34``, without grouping or sign of the currency."""
    digits = MINOR_DIGITS[currency]
    if digits == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}"
