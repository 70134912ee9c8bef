"""Amounts as PayPal writes them: decimals in text, none at all in a few currencies.

Source: PayPal, "Currency codes" (REST).
"""

from __future__ import annotations

from xinka.kernel.errors import BadInput
from xinka.kernel.money import MINOR_DIGITS, parse_amount, plain_amount

#: What PayPal takes of what Xinka can price in; yuan only for accounts inside of China, so not here.
CURRENCIES = frozenset({"USD", "EUR", "GBP", "HKD", "TWD", "JPY"})
_WHOLE = frozenset({"JPY", "TWD", "HUF"})


def to_paypal(minor: int, currency: str) -> dict[str, str]:
    """Return an amount; raises ``BadInput`` for a fraction where PayPal takes none."""
    if currency not in _WHOLE:
        return {"currency_code": currency, "value": plain_amount(minor, currency)}
    whole, rest = divmod(minor, 10 ** MINOR_DIGITS[currency])
    if rest:
        raise BadInput(field="amount", why_zh="PayPal 不收这种货币的零头", why_en="PayPal takes no fraction of this")
    return {"currency_code": currency, "value": str(whole)}


def from_paypal(amount: object) -> tuple[int, str]:
    """Return minor units and currency; raises ``ValueError`` if it is not such an amount. Signs are for bills only."""
    if not isinstance(amount, dict):
        raise ValueError("no amount")  # noqa: TRY004 - one kind of fault for the caller: unreadable
    value, currency = amount.get("value"), amount.get("currency_code")
    if not isinstance(value, str) or not isinstance(currency, str) or currency not in MINOR_DIGITS:
        raise ValueError("no amount that we can count")
    sign = -1 if value.startswith("-") else 1
    try:
        return sign * parse_amount(value.removeprefix("-"), currency), currency
    except BadInput:
        raise ValueError("not an amount") from None
