"""A queue of the office narrowed down: by a filter that is a link, kept under a name, and not lost in an entry's pages.

Where somebody is in a queue travels along as ``?in=…``: what the queue was narrowed down to and which page of it. From
there an entry knows the way back, and which entry comes before it and after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, quote, urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from xinka.accounts.models import SavedFilter, User
from xinka.accounts.policies import signed_in
from xinka.accounts.saved_filters import MOST_FILTERS, filters_of
from xinka.kernel.money import HOME, home_first
from xinka.office.policies import Room
from xinka.payments.models import Channel
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

#: In days.
AGES = (1, 3, 7, 30)
LONGEST_QUERY = 1000
#: How far a kept filter is counted.
_COUNTED = 100
_MOST_PAGES = 1_000_000


class QueueFilter(forms.Form):
    """What is asked of a queue; what cannot be read narrows nothing down, and is told at its field.

    A queue is a subclass: its rows, what narrows them down, and the address of each.
    """

    key: ClassVar[str]
    rooms: ClassVar[tuple[Room, ...]]
    address: ClassVar[str]
    #: The parameter that its page's number is under, where one page has several lists.
    number: ClassVar[str] = "page"
    per_page: ClassVar[int] = 30
    #: The column that says since when an entry is there.
    since: ClassVar[str]

    older = forms.ChoiceField(label=pgettext_lazy("queue", "Waiting"), required=False)
    least = forms.CharField(label=_("Amount from"), required=False, max_length=MOST_SIGNS)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(self, asked: dict[str, str], *, reader: User) -> None:
        super().__init__(asked)
        self.reader = reader
        ages = [(str(n), ngettext("more than %(n)d day", "more than %(n)d days", n) % {"n": n}) for n in AGES]
        self._choose("older", [("", gettext("any time")), *ages])
        if "currency" in self.fields:
            self._currencies = home_first([HOME, *Channel.objects.values_list("currency", flat=True).distinct()])
            self._choose("currency", [("", gettext("any currency")), *((one, one) for one in self._currencies)])
            self.fields["least"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a select has choices

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

    @property
    def query(self) -> str:
        """What is asked for, as an address says it: always in the same order, and without what says nothing."""
        typed = ((name, str(self.data.get(name, "")).strip()) for name in self.fields)
        return urlencode([(name, value) for name, value in typed if value])[:LONGEST_QUERY]

    @property
    def is_part(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.query)

    @property
    def path(self) -> str:
        """The address of the queue, narrowed down to nothing."""
        return reverse(self.address)

    @property
    def n_fields(self) -> int:
        """How many fields people see are filled in."""
        return sum(bool(str(self.data.get(field.name, "")).strip()) for field in self.visible_fields())

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

    def page_of(self, key: Any) -> str:
        """Return the address of an entry."""
        raise NotImplementedError


@dataclass(frozen=True)
class Place:
    """Where somebody is in a queue; known only if they came from there."""

    asked: QueueFilter
    page: int = 1
    is_known: bool = True

    @property
    def query(self) -> str:
        """The queue's own query string."""
        number = urlencode({self.asked.number: self.page}) if self.page > 1 else ""
        return "&".join(part for part in (self.asked.query, number) if part)

    @property
    def back(self) -> str:
        """The address of the queue as it was."""
        return self.asked.path + (f"?{self.query}" if self.query else "")

    @property
    def suffix(self) -> str:
        """What to hang onto an entry's address, so that it knows this place."""
        return f"?in={quote(self.query, safe='')}" if self.is_known else ""


@dataclass(frozen=True)
class Around:
    """The addresses of the entries before and after one; empty where there is none."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Tab:
    """A kept filter as its queue shows it."""

    kept: SavedFilter
    href: str
    n: str
    is_current: bool


def place_in(request: HttpRequest, kind: type[QueueFilter]) -> Place:
    """Return where in a queue the reader of an entry came from."""
    query = request.GET.get("in", "")[: LONGEST_QUERY + 40]
    told, reader = dict(parse_qsl(query)), signed_in(request)
    return Place(kind(told, reader=reader), _page_number(told.get(kind.number, "")), "in" in request.GET)


def _page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1
    return max(1, min(number, _MOST_PAGES))


def around(place: Place, key: Any, onward: str = "") -> Around:
    """Return what comes before and after an entry, looked for on its page of the queue and on those beside it.

    An entry that left the queue by being decided has no neighbours any more; ``onward`` then is the address of the one
    that came after it.
    """
    if not place.is_known:
        return Around()
    asked, size = place.asked, place.asked.per_page
    first = max(0, (place.page - 2) * size)
    keys = list(asked.found().values_list("pk", flat=True)[first : first + 3 * size])
    if key not in keys:
        addresses = {asked.page_of(one) for one in keys}
        return Around(after=onward + place.suffix if onward in addresses else "")
    at = keys.index(key)
    before = asked.page_of(keys[at - 1]) + place.suffix if at else ""
    return Around(before, asked.page_of(keys[at + 1]) + place.suffix if at + 1 < len(keys) else "")


def tabs_of(asked: QueueFilter) -> list[Tab]:
    """Return what the reader keeps of a queue, each with how many entries it finds now."""
    return [_tab(kept, asked) for kept in filters_of(asked.reader, asked.key)]


def _tab(kept: SavedFilter, asked: QueueFilter) -> Tab:
    n = type(asked).written(kept.query, asked.reader).found()[:_COUNTED].count()
    shown = str(n) if n < _COUNTED else f"{_COUNTED - 1}+"
    return Tab(kept, f"{asked.path}?{kept.query}", shown, kept.query == asked.query)


def queue_context(asked: QueueFilter, page: int) -> dict[str, Any]:
    """Return what every queue's page shows besides its rows."""
    tabs = tabs_of(asked)
    current = next((tab for tab in tabs if tab.is_current), None)
    return {
        "asked": asked,
        "place": Place(asked, page),
        "kept_tabs": tabs,
        "kept_current": current,
        "may_keep": asked.is_part and asked.is_valid() and current is None and len(tabs) < MOST_FILTERS,
        "is_full": len(tabs) >= MOST_FILTERS and current is None,
        "most_filters": MOST_FILTERS,
    }


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
