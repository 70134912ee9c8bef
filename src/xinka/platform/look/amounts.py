"""Amounts as people type them: ``¥1.50``, ``１.50``, ``1,50``, ``1,234.50``. What can be read two ways is refused.

Gateways are read by ``kernel.money.parse_amount`` alone, which takes none of this.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from xinka.kernel.errors import BadInput
from xinka.kernel.money import MINOR_DIGITS, parse_amount

#: What a field for an amount takes at most; the largest amount with its sign and its commas is shorter.
MOST_SIGNS = 32
#: What may stand before or behind an amount, per currency, besides its own code.
_SIGNS = {
    "CNY": ("¥", "元", "RMB", "CN¥"),
    "USD": ("$", "US$", "美元"),
    "EUR": ("€", "欧元"),
    "GBP": ("£", "英镑"),
    "HKD": ("$", "HK$", "港元", "港币"),
    "TWD": ("$", "NT$", "新台币"),
    "JPY": ("¥", "JP¥", "円", "日元"),
    "KRW": ("₩", "韩元"),
}
_PLAIN = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
#: Thousands by commas or spaces with a point behind them; thousands by points need a comma behind them.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([, ])\d{3})(?:\1\d{3})*(?:\.\d+)?", re.ASCII)
_POINTS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+,\d{1,2}", re.ASCII)
_COMMA = re.compile(r"\d+,\d{1,2}", re.ASCII)
_TWO_WAYS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_MILS = 3


def read_amount(typed: str, currency: str = "CNY") -> int:
    """Return the minor units of an amount as somebody typed it.

    Raises:
        ValidationError: in the reader's words, if it is none, can be read two ways, or is of another currency.
    """
    text = _without_sign(" ".join(unicodedata.normalize("NFKC", typed).split()), currency)
    try:
        return parse_amount(_plain(text, MINOR_DIGITS[currency]), currency)
    except BadInput as refusal:
        words = refusal.params["why_en" if str(get_language()).startswith("en") else "why_zh"]
        raise ValidationError(str(words), code="amount") from None


def _without_sign(text: str, currency: str) -> str:
    """Take the currency's own sign or code away, from one end."""
    for sign in sorted((currency, *_SIGNS.get(currency, ())), key=len, reverse=True):
        if text.upper().startswith(sign):
            return text[len(sign) :].strip()
        if text.upper().endswith(sign):
            return text[: -len(sign)].strip()
    return text


def _plain(text: str, digits: int) -> str:
    # Three digits behind a comma are thousands, and behind a point a slip; with three decimals it is the other way.
    if (found := _TWO_WAYS.fullmatch(text)) and (found[1] == ".") != (digits == _MILS):
        told = _("“%(typed)s” can be read two ways. Write thousands without a sign, and cents as in 12.34.")
        raise ValidationError(told % {"typed": text}, code="amount")
    if _PLAIN.fullmatch(text):
        return text
    if _GROUPED.fullmatch(text):
        return text.replace(",", "").replace(" ", "")
    if _POINTS.fullmatch(text) or _COMMA.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    raise ValidationError(_not_an_amount(text), code="amount")


def _not_an_amount(text: str) -> str:
    if text.startswith(("-", "−", "+")):
        return _("Write the amount without a sign in front, like 12.34.")
    return _("This is no amount. Write it like 12.34, or 1,234.50.")
