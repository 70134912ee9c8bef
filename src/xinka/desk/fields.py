"""Form fields of the desk: prices as people write them, and price tiers, one a line."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from xinka.kernel.money import plain_amount
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

_TIER = re.compile(r"([0-9]{1,4})\+?(?:\s*[=:,]\s*|\s+)(\S.*)", re.ASCII)
MOST_TIERS = 8


class PriceField(forms.CharField):
    """A price: typed in whole units of its currency, kept in minor units, never a float in between."""

    #: A form whose goods are priced in another one says so.
    currency = "CNY"

    def __init__(self, *, least: int = 1, **kwargs: Any) -> None:
        self.least = least
        super().__init__(max_length=MOST_SIGNS, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def prepare_value(self, value: object) -> object:
        """Show minor units as whole ones, and what was typed as it was typed."""
        return plain_amount(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: object) -> int:
        """Return the minor units."""
        text = super().clean(value)
        if not text:
            return 0
        minor = read_amount(text, self.currency)
        if minor < self.least:
            raise ValidationError(
                _("The price must be at least %(least)s."), params={"least": plain_amount(self.least, self.currency)}
            )
        return minor

    def has_changed(self, initial: object, data: object) -> bool:
        """Whether what was typed is another amount."""
        return str(self.prepare_value(initial) or "") != str(data or "")


class TiersField(forms.CharField):
    """Price tiers, one a line: ``10 = 46.55`` means that from ten pieces on each costs ¥46.55."""

    #: That of the price.
    currency = "CNY"
    widget = forms.Textarea(attrs={"rows": 3, "class": "mono", "placeholder": "10 = 46.55", "autocomplete": "off"})

    def prepare_value(self, value: object) -> object:
        """Show pairs as lines."""
        if isinstance(value, list):
            return "\n".join(f"{least} = {plain_amount(price, self.currency)}" for least, price in value)
        return value

    def clean(self, value: object) -> list[tuple[int, int]]:
        """Return pairs of the least quantity and the unit price, in order."""
        text = unicodedata.normalize("NFKC", super().clean(value) or "")
        tiers = [self._tier(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(tiers) > MOST_TIERS:
            raise ValidationError(_("At most %(most)s tiers."), params={"most": MOST_TIERS})
        for (least, price), (next_least, next_price) in pairwise(tiers):
            if next_least <= least or next_price >= price:
                raise ValidationError(_("Each line needs a larger quantity and a lower price than the line before."))
        return tiers

    def _tier(self, number: int, line: str) -> tuple[int, int]:
        found = _TIER.fullmatch(line)
        if found is None or int(found[1]) < 2:
            raise ValidationError(_("Line %(number)s is not like “10 = 46.55”."), params={"number": number})
        return int(found[1]), read_amount(found[2], self.currency)

    def has_changed(self, initial: object, data: object) -> bool:
        """Whether the lines differ."""
        return str(self.prepare_value(initial) or "").split() != str(data or "").split()
