"""A queue of the office: a list (see ``accounts.lists``) that also can be narrowed down by age and amount."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, quote

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from xinka.accounts import lists
from xinka.accounts.lists import LONGEST_QUERY, Asked, Place, around
from xinka.accounts.models import User
from xinka.accounts.policies import signed_in
from xinka.kernel.money import HOME, home_first
from xinka.office.policies import Room
from xinka.payments.models import Channel
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

#: In days.
AGES = (1, 3, 7, 30)


class QueueFilter(Asked):
    """What is asked of a queue; what cannot be read narrows nothing down, and is told at its field.

    A queue is a subclass: its rows, what narrows them down, and the address of each.
    """

    rooms: ClassVar[tuple[Room, ...]]
    address: ClassVar[str]
    #: The column that says since when an entry is there.
    since: ClassVar[str]

    older = forms.ChoiceField(label=pgettext_lazy("queue", "Waiting"), required=False)
    least = forms.CharField(label=_("Amount from"), required=False, max_length=MOST_SIGNS)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(self, asked: dict[str, str], *, reader: User) -> None:
        super().__init__(asked, reader=reader)
        ages = [(str(n), ngettext("more than %(n)d day", "more than %(n)d days", n) % {"n": n}) for n in AGES]
        self.choose("older", [("", gettext("any time")), *ages])
        if "currency" in self.fields:
            self._currencies = home_first([HOME, *Channel.objects.values_list("currency", flat=True).distinct()])
            self.choose("currency", [("", gettext("any currency")), *((one, one) for one in self._currencies)])
            self.fields["least"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    @classmethod
    def asked_by(cls, request: HttpRequest) -> Self:
        """Return what a queue's own page was asked for."""
        return cls(request.GET.dict(), reader=signed_in(request))

    @classmethod
    def written(cls, query: str, reader: User) -> Self:
        """Return what a filter that was written down asks for."""
        return cls(dict(parse_qsl(query[:LONGEST_QUERY])), reader=reader)

    def clean(self) -> dict[str, Any]:
        """Read the amount in its currency; with several, which one has to be said."""
        data = super().clean() or {}
        if not data.get("least") or "currency" not in data:
            return data
        currency = data["currency"] or (self._currencies[0] if len(self._currencies) == 1 else "")
        if not currency:
            self.add_error("currency", gettext("Choose the currency of this amount."))
            return data
        try:
            data["least_minor"], data["currency"] = read_amount(data["least"], currency), currency
        except ValidationError as refusal:
            self.add_error("least", refusal)
        return data

    def again(self, query: str) -> Self:
        """Return what another filter of this queue asks for."""
        return self.written(query, self.reader)

    @property
    def path(self) -> str:
        """The address of the queue, narrowed down to nothing."""
        return reverse(self.address)

    @property
    def keep_address(self) -> str:
        """Where what is asked for is kept."""
        return reverse("office:filter_keep", args=[self.key])

    def kept_address(self, filter_id: int, act: str = "") -> str:
        """Where a kept filter is renamed, or deleted."""
        return reverse(f"office:filter{act}", args=[filter_id])

    def found(self) -> QuerySet[Any]:
        """Return the entries meant, in the queue's order."""
        self.is_valid()
        told, found = self.cleaned_data, self.narrow(self.rows())
        if told.get("older"):
            found = found.filter(**{f"{self.since}__lt": timezone.now() - timedelta(days=int(told["older"]))})
        if told.get("currency"):
            found = found.filter(currency=told["currency"])
        if "least_minor" in told:
            found = found.filter(amount__gte=told["least_minor"])
        return found

    def rows(self) -> QuerySet[Any]:
        """Return all entries that the reader may see, in order."""
        raise NotImplementedError

    def narrow(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow entries down by the fields of this queue alone."""
        raise NotImplementedError


def place_in(request: HttpRequest, kind: type[QueueFilter]) -> Place:
    """Return where in a queue the reader of an entry came from."""
    return lists.place_in(request, partial(kind.written, reader=signed_in(request)))


def back_to_queue(request: HttpRequest, kind: type[QueueFilter]) -> HttpResponseRedirect:
    """Send the browser back to the place in a queue that it came from."""
    return _see_other(place_in(request, kind).back)


def on_to_entry(request: HttpRequest, kind: type[QueueFilter], address: str, onward: str = "") -> HttpResponseRedirect:
    """Send the browser to an entry without losing the place; ``onward`` is the address of the next one."""
    suffix = place_in(request, kind).suffix
    return _see_other(address + suffix + (f"&then={quote(onward, safe='')}" if suffix and onward else ""))


def next_of(request: HttpRequest, kind: type[QueueFilter], key: Any) -> str:
    """Return the address of the entry after one, without the place; asked for before an act moves that one."""
    return around(place_in(request, kind), key).after.partition("?")[0]


def _see_other(address: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(address)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
