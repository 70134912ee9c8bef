"""Form fields of promotions: amounts, shares in percent, and what a coupon is good for."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from xinka.kernel.money import HOME, plain_amount
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

#: A comma that can only be a point: a share has no thousands.
_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}$)")
_NUMBER = {"inputmode": "decimal", "autocomplete": "off", "class": "num"}


class MoneyField(forms.CharField):
    """An amount, kept in minor units; empty is ``None``. ``of`` names the one choice that it is for.

    It is typed in yuan, unless a form sets ``currency`` to that of the goods it is about.
    """

    currency = HOME

    def __init__(self, *, least: int = 1, of: str = "", **kwargs: Any) -> None:
        self.least = least
        super().__init__(max_length=MOST_SIGNS, **kwargs)
        self.widget.attrs |= _NUMBER | ({"data-of": of} if of else {})

    def prepare_value(self, value: object) -> object:
        """Show minor units as they are typed, and what was typed as it was typed."""
        return plain_amount(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: object) -> int | None:
        """Return the minor units; a field that is closed comes with them already."""
        if isinstance(value, int):
            return value
        text = super().clean(value)
        if not text:
            return None
        minor = read_amount(text, self.currency)
        if minor < self.least:
            least = plain_amount(self.least, self.currency)
            raise ValidationError(_("At least %(least)s."), params={"least": least})
        return minor


class PercentField(forms.CharField):
    """A share: typed in percent with at most two decimals, kept in 1/10000; empty is ``None``."""

    def __init__(self, *, most: int = 10_000, least: int = 1, of: str = "", **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(max_length=8, **kwargs)
        self.widget.attrs |= _NUMBER | ({"data-of": of} if of else {})

    def prepare_value(self, value: object) -> object:
        """Show 1/10000 as percent."""
        return f"{Decimal(value) / 100:f}" if isinstance(value, int) else value

    def clean(self, value: object) -> int | None:
        """Return the share in 1/10000; a field that is closed comes with it already."""
        if isinstance(value, int):
            return value
        text = unicodedata.normalize("NFKC", super().clean(value) or "").strip().removesuffix("%").strip()
        text = _COMMA.sub(".", text)
        if not text:
            return None
        try:
            share = Decimal(text) * 100
        except InvalidOperation:
            raise ValidationError(_("Write it like 5 or 2.5.")) from None
        if not share.is_finite() or share != share.to_integral_value() or not self.least <= share <= self.most:
            bounds = {"least": f"{self.least / 100:g}", "most": f"{self.most / 100:g}"}
            raise ValidationError(_("From %(least)s to %(most)s, with two decimals at most."), params=bounds)
        return int(share)


class MomentField(forms.DateTimeField):
    """A moment of the shop's calendar, typed into the browser's own field."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
