"""The forms of a change of many products."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from xinka.catalog.models import Category
from xinka.catalog.repricing import How, Rule, Step
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

_PERCENT = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?", re.ASCII)
#: In hundredths of a percent; who lowers by more has mistaken the field.
_MOST = {How.RAISE_SHARE: 1000_00, How.LOWER_SHARE: 95_00}
_HOWS = {
    How.LOWER_SHARE: gettext_lazy("lower by percent"),
    How.RAISE_SHARE: gettext_lazy("raise by percent"),
    How.LOWER_SUM: gettext_lazy("lower by an amount"),
    How.RAISE_SUM: gettext_lazy("raise by an amount"),
    How.SET: gettext_lazy("set to one price"),
}
_STEPS = {
    Step.CENT: pgettext_lazy("rounding", "to the cent: 12.34"),
    Step.TENTH: pgettext_lazy("rounding", "to a tenth: 12.30"),
    Step.WHOLE: pgettext_lazy("rounding", "to whole units: 12"),
}


class CategoryForm(forms.Form):
    """Where products shall go."""

    category: Any = forms.ModelChoiceField(Category.objects.all(), label=gettext_lazy("Category"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["category"]
        field.empty_label = gettext_lazy("Choose a category")
        field.label_from_instance = lambda one: one.name_en if get_language() == "en" else one.name


class PricesForm(forms.Form):
    """The rule by which prices change."""

    how = forms.ChoiceField(label=gettext_lazy("What to do"), choices=[(one.value, it) for one, it in _HOWS.items()])
    value = forms.CharField(label=gettext_lazy("By how much, or to what"), max_length=MOST_SIGNS)
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency of the amount"),
        required=False,
        help_text=gettext_lazy("What has its price in another currency stays as it is."),
    )
    step = forms.ChoiceField(
        label=gettext_lazy("Round the new prices"), choices=[(one.value, it) for one, it in _STEPS.items()]
    )

    def __init__(self, *args: Any, currencies: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currencies = currencies
        self.fields["currency"].choices = [(one, one) for one in currencies]  # type: ignore[attr-defined]  # it has
        self.fields["value"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def clean(self) -> dict[str, Any]:
        """Read the percentage, or the amount in its currency."""
        told = self.cleaned_data
        told["currency"] = told.get("currency") or self.currencies[0]
        if "how" in told and "value" in told:
            try:
                told["minor"] = _read(How(told["how"]), told["value"], told["currency"])
            except ValidationError as refusal:
                self.add_error("value", refusal)
        return told

    @property
    def rule(self) -> Rule:
        """The rule, once all is right."""
        told = self.cleaned_data
        return Rule(How(told["how"]), told["minor"], Step(told["step"]), told["currency"])


def _read(how: How, typed: str, currency: str) -> int:
    """Return hundredths of a percent, or minor units."""
    if how.is_share:
        return _read_percent(typed, _MOST[how])
    minor = read_amount(typed, currency)
    if minor < 1:
        raise ValidationError(_("Write an amount that is not nothing."))
    return minor


def _read_percent(typed: str, most: int) -> int:
    """Return hundredths of a percent."""
    text = unicodedata.normalize("NFKC", typed).strip().removesuffix("%").strip()
    found = _PERCENT.fullmatch(text)
    if found is None:
        raise ValidationError(_("Write a percentage like 5 or 12.5, without a sign in front."))
    share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if not 0 < share <= most:
        raise ValidationError(_("Write a percentage above 0 and up to %(most)s.") % {"most": most // 100})
    return share
