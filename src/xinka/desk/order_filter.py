"""Which of the merchant's orders are meant: by number, title, the buyer's whole address, state, amount, and day.

An address is found by its keyed hash, so only who knows all of it finds anything; and only so many are looked for in an
hour, or whoever sees ``12***@qq.com`` could go through all the numbers that it might be. One that was looked for is
free for an hour: pages, files and ways back ask for the same again. What else a buyer ordered is found without the
address, by one of their orders.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from xinka.catalog.models import Product
from xinka.desk.lists import DeskList, number_in
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, BadInput
from xinka.kernel.money import home_first
from xinka.ledger.days import end_of, start_of
from xinka.merchants.policies import Duty
from xinka.orders.contact import normalise_contact
from xinka.orders.models import Order
from xinka.orders.sales import OrdersWanted, currencies_of, orders_of_merchant
from xinka.orders.words import STATES
from xinka.platform.look.amounts import MOST_SIGNS, read_amount
from xinka.platform.ratelimits.limits import Limit, wait_after, wait_before

#: Addresses that a team may look for, as (number, seconds).
ADDRESSES = (60, 3600)
#: As long as an address can be.
_LONGEST = 254
_MONEY = {"inputmode": "decimal", "autocomplete": "off", "class": "num"}
_HIDDEN = forms.HiddenInput


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OrderFilter(DeskList):
    """What was asked for; without a question, all orders. What cannot be read narrows nothing, and is told."""

    key, address, duty = "orders", "orders", Duty.SEE_ORDERS
    counts_kept = False  # a merchant may have a million orders, and a filter find three of them

    q = forms.CharField(
        label=gettext_lazy("Order number, title or buyer's address"), max_length=_LONGEST, required=False
    )
    first = _Day(label=pgettext_lazy("day", "From"), required=False)
    last = _Day(label=pgettext_lazy("day", "To"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    least = forms.CharField(label=gettext_lazy("Amount from"), required=False, max_length=MOST_SIGNS)
    most = forms.CharField(label=pgettext_lazy("amount", "Up to"), required=False, max_length=MOST_SIGNS)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)
    #: The number of a product, and of an order whose buyer is meant.
    product = forms.CharField(required=False, max_length=20, widget=_HIDDEN)
    buyer = forms.CharField(required=False, max_length=40, widget=_HIDDEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(value.value, words) for value, (words, _kind) in STATES.items()]
        self.choose("state", [("", _("All states")), *states])
        self.currencies = home_first(currencies_of(self.desk.merchant.pk))
        self.choose("currency", [("", _("any currency")), *((one, one) for one in self.currencies)])
        for name in ("least", "most"):
            self.fields[name].widget.attrs |= _MONEY
        self._address: str | None = None

    def clean_q(self) -> str:
        """Leave out what no text in the database can hold."""
        return str(self.cleaned_data["q"]).replace("\0", "").strip()

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins, and an amount that cannot be read."""
        told = self.cleaned_data
        first, last = told.get("first"), told.get("last")
        if first and last and last < first:
            self.add_error(None, _("The last day is before the first. Choose another."))
        self._read_amounts(told)
        if told.get("least_minor", 0) > told.get("most_minor", told.get("least_minor", 0)):
            self.add_error("most", _("This is less than what it begins at."))
        return told

    def _read_amounts(self, told: dict[str, Any]) -> None:
        typed = [name for name in ("least", "most") if told.get(name)]
        if not typed or "currency" not in told:
            return
        currency = told["currency"] or (self.currencies[0] if len(self.currencies) == 1 else "")
        if not currency:
            self.add_error("currency", _("Choose the currency of this amount."))
            return
        told["currency"] = currency
        for name in typed:
            try:
                told[f"{name}_minor"] = read_amount(told[name], currency)
            except ValidationError as refusal:
                self.add_error(name, refusal)

    @property
    def has_amounts(self) -> bool:
        """Whether something is asked about amounts, or is wrong there."""
        return any(self.data.get(name) or self.errors.get(name) for name in ("least", "most", "currency"))

    @property
    def may_be_kept(self) -> bool:
        """Whatever is no buyer's address: those lie sealed, and under a name it would stand there for anybody."""
        return super().may_be_kept and not self._asks_for_an_address

    @property
    def _asks_for_an_address(self) -> bool:
        try:
            return bool(normalise_contact(self.cleaned_data.get("q", "")))
        except BadInput:
            return False

    @property
    def of_product(self) -> Product | None:
        """The product whose orders are meant, if it is one of this merchant's."""
        number = number_in(self.data.get("product"))
        return Product.objects.filter(merchant=self.desk.merchant, id=number).first() if number else None

    @property
    def of_buyer(self) -> Order | None:
        """The order whose buyer is meant, if it is one of this merchant's."""
        try:
            number = ids.parse("ord", str(self.data.get("buyer", "")))
        except BadIdentifier:
            return None
        return Order.objects.filter(merchant=self.desk.merchant, id=number).first()

    def found(self) -> QuerySet[Order]:
        """Return the orders meant, newest first."""
        self.is_valid()
        asked = self.cleaned_data
        first, last = asked.get("first"), asked.get("last")
        words = asked.get("q", "")
        wanted = OrdersWanted(
            state=asked.get("state", ""),
            words=words,
            address=self._address_in(words),
            since=start_of(first) if first else None,
            until=end_of(last) if last else None,
            currency=asked.get("currency", ""),
            least=asked.get("least_minor"),
            most=asked.get("most_minor"),
        )
        found = orders_of_merchant(self.desk.merchant.pk, wanted)
        if asked.get("product"):
            found = found.filter(sku__product=self.of_product)
        if asked.get("buyer"):
            theirs = self.of_buyer
            found = found.filter(contact_key=theirs.contact_key) if theirs else found.none()
        return found

    def page_of(self, key: UUID) -> str:
        """Return the address of an order."""
        return self.at("order", ids.show("ord", key))

    def _address_in(self, words: str) -> str:
        """Return the address that these words are, if they are one and it may be looked for now."""
        if self._address is None:
            self._address = self._looked_for(words)
        return self._address

    def _looked_for(self, words: str) -> str:
        try:
            address = normalise_contact(words)
        except BadInput:
            return ""
        merchant = self.desk.merchant.pk
        known = Limit(f"desk:contact:{merchant}:{address}", 0, ADDRESSES[1])
        if wait_before([known]):
            return address
        wait = wait_after([Limit(f"desk:contact:{merchant}", *ADDRESSES)])
        if not wait:
            wait_after([known])
            return address
        minutes = -(-wait // 60)
        sentence = ngettext(
            "Your team has looked for many addresses. Look for the next in %(n)s minute, or by order number now.",
            "Your team has looked for many addresses. Look for the next in %(n)s minutes, or by order number now.",
            minutes,
        )
        self.add_error(None, sentence % {"n": minutes})
        return ""
