"""How much was paid: the price, unless the gateway was told to let buyers pay a little less.

TokenPay can be set to accept coins that differ from the asked amount (``AmountMove``). The price in its records stays
the asked one, so what really came is worked out from the coins, rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount

_TRUE = frozenset({"1", "true", "True"})


def paid_minor(fields: Mapping[str, str], currency: str) -> int:
    """Return the minor units that came; fields are named as in a notice, in lower case. Raises ``ValueError``."""
    try:
        asked = parse_amount(fields.get("actualamount", ""), currency)
    except BadInput:
        raise ValueError("no readable amount") from None
    if fields.get("isdynamicamount", "") not in _TRUE:
        return asked
    coins, paid = _coins(fields.get("amount", "")), _coins(fields.get("payamount", ""))
    return min(asked, int(asked * paid / coins))


def _coins(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError("no readable number of coins") from None
    if not found.is_finite() or found <= 0:
        raise ValueError("no coins")
    return found
