"""Which of the merchant's cases are listed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from xinka.desk.lists import DeskList
from xinka.disputes.models import Case
from xinka.disputes.queries import cases_of_merchant
from xinka.disputes.reasons import WORDS as REASONS
from xinka.kernel import ids
from xinka.merchants.policies import Duty

_MINE = "mine"
TABS = (
    (_MINE, gettext_lazy("Your turn")),
    ("open", pgettext_lazy("cases", "Open")),
    ("closed", pgettext_lazy("cases", "Closed")),
    ("all", gettext_lazy("All")),
)


class CaseFilter(DeskList):
    """What was asked for; without a question those that wait for the merchant."""

    key, address, duty = "cases", "cases", Duty.SEE_ORDERS

    which = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=gettext_lazy("The problem"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("reason", [("", _("all problems")), *((one.value, words) for one, words in REASONS.items())])

    @property
    def tab(self) -> str:
        """Which of the tabs is open."""
        return str(self.data.get("which") or _MINE)

    def found(self) -> QuerySet[Case]:
        """Return the cases meant, the most urgent first."""
        self.is_valid()
        found = cases_of_merchant(self.desk.merchant.pk, which=self.tab)
        reason = self.cleaned_data.get("reason")
        return found.filter(reason=reason) if reason else found

    def page_of(self, key: UUID) -> str:
        """Return the address of a case."""
        return self.at("case", ids.show("dsp", key))
