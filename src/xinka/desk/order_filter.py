"""Which of the merchant's orders are meant: by number, title, the buyer's whole address, state, and day of the order.

An address is found by its keyed hash, so only who knows all of it finds anything; and only so many are looked for in an
hour, or whoever sees ``12***@qq.com`` could go through all the numbers that it might be.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from xinka.kernel.errors import BadInput
from xinka.ledger.days import end_of, start_of
from xinka.merchants.models import Merchant
from xinka.orders.contact import normalise_contact
from xinka.orders.models import Order
from xinka.orders.sales import OrdersWanted, orders_of_merchant
from xinka.orders.words import STATES
from xinka.platform.ratelimits.limits import Limit, wait_after

#: Addresses that a team may look for, as (number, seconds).
ADDRESSES = (60, 3600)
#: As long as an address can be.
_LONGEST = 254


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OrderFilter(forms.Form):
    """What was asked for; without a question, all orders. What cannot be read narrows nothing, and is told."""

    q = forms.CharField(
        label=gettext_lazy("Order number, title or buyer's address"), max_length=_LONGEST, required=False
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    first = _Day(label=pgettext_lazy("day", "From"), required=False)
    last = _Day(label=pgettext_lazy("day", "To"), required=False)

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        states = [(value.value, words) for value, (words, _kind) in STATES.items()]
        self.fields["state"].choices = [("", _("All states")), *states]  # type: ignore[attr-defined]  # a select

    @property
    def is_part(self) -> bool:
        """Whether something was asked for."""
        return any(self.data.get(name) for name in self.fields)

    def clean_q(self) -> str:
        """Leave out what no text in the database can hold."""
        return str(self.cleaned_data["q"]).replace("\0", "").strip()

    def clean(self) -> None:
        """Refuse a time that ends before it begins."""
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.add_error(None, _("The last day is before the first. Choose another."))

    def orders(self) -> QuerySet[Order]:
        """Return the orders meant, newest first."""
        self.is_valid()
        asked = self.cleaned_data
        first, last = asked.get("first"), asked.get("last")
        words = asked.get("q", "")
        wanted = OrdersWanted(
            state=asked.get("state", ""),
            words=words,
            address=self._address(words),
            since=start_of(first) if first else None,
            until=end_of(last) if last else None,
        )
        return orders_of_merchant(self.merchant.id, wanted)

    def _address(self, words: str) -> str:
        """Return the address that these words are, if they are one and it may be looked for now."""
        try:
            address = normalise_contact(words)
        except BadInput:
            return ""
        wait = wait_after([Limit(f"desk:contact:{self.merchant.id}", *ADDRESSES)])
        if not wait:
            return address
        minutes = -(-wait // 60)
        sentence = ngettext(
            "Your team has looked for many addresses. Look for the next in %(n)s minute, or by order number now.",
            "Your team has looked for many addresses. Look for the next in %(n)s minutes, or by order number now.",
            minutes,
        )
        self.add_error(None, sentence % {"n": minutes})
        return ""
