"""A list that somebody works through: narrowed down by a filter that is a link, and not lost in an entry's pages.

Where somebody is in a list travels along as ``?in=…``: what it was narrowed down to and which page of it. From there an
entry knows the way back, and which entry comes before it and after it. A filter may be kept under a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from xinka.accounts.models import SavedFilter, User
from xinka.accounts.saved_filters import MOST_FILTERS, drop_filter, filters_of, keep_filter, rename_filter
from xinka.kernel.errors import Refusal

LONGEST_QUERY = 1000
#: How far a kept filter is counted.
_COUNTED = 100
_MOST_PAGES = 1_000_000
_LONGEST_NAME = 30


class Asked(forms.Form):
    """What is asked of a list. A list is a subclass: its rows, what narrows them down, and the address of each."""

    key: ClassVar[str]
    #: The parameter that its page's number is under, where one page has several lists.
    number: ClassVar[str] = "page"
    per_page: ClassVar[int] = 30
    #: Whether each kept filter is counted whenever the list is looked at; not where that may read very much.
    counts_kept: ClassVar[bool] = True

    def __init__(self, asked: Mapping[str, Any], *, reader: User) -> None:
        super().__init__(asked)
        self.reader = reader

    def choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        """Say between what one may choose in a field."""
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a select has choices

    def again(self, query: str) -> Asked:
        """Return what the same reader asks of the same list by a filter that was written down."""
        raise NotImplementedError

    @property
    def shelf(self) -> str:
        """Where filters of this list are kept."""
        return self.key

    @property
    def path(self) -> str:
        """The address of the list, narrowed down to nothing."""
        raise NotImplementedError

    @property
    def keep_address(self) -> str:
        """Where what is asked for is kept under a name."""
        raise NotImplementedError

    def kept_address(self, filter_id: int, act: str = "") -> str:
        """Where a kept filter is renamed, or with ``_delete`` deleted."""
        raise NotImplementedError

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
    def may_be_kept(self) -> bool:
        """Whether what is asked for may lie in the database under a name."""
        return self.is_part and self.is_valid()

    @property
    def back(self) -> str:
        """The address of the list as it is narrowed down."""
        return f"{self.path}?{self.query}" if self.is_part else self.path

    @property
    def n_fields(self) -> int:
        """How many fields people see are filled in."""
        return sum(bool(str(self.data.get(field.name, "")).strip()) for field in self.visible_fields())

    def found(self) -> QuerySet[Any]:
        """Return the entries meant, in the list's order; what cannot be read narrows nothing down."""
        raise NotImplementedError

    def page_of(self, key: Any) -> str:
        """Return the address of an entry."""
        raise NotImplementedError


class NameForm(forms.Form):
    """What a kept filter is called."""

    name = forms.CharField(
        label=_("Name of the filter"),
        max_length=_LONGEST_NAME,
        strip=True,
        help_text=_("Only you see it. 30 characters at most."),
    )

    def clean_name(self) -> str:
        """Take a name as it is shown: without signs that show nothing, and not of those alone."""
        seen = "".join(sign for sign in self.cleaned_data["name"] if not unicodedata.category(sign).startswith("C"))
        name = " ".join(seen.split())
        if not name:
            raise forms.ValidationError(gettext("Write a name that can be read."))
        return name


@dataclass(frozen=True)
class Place:
    """Where somebody is in a list; known only if they came from there."""

    asked: Asked
    page: int = 1
    is_known: bool = True

    @property
    def query(self) -> str:
        """The list's own query string."""
        number = urlencode({self.asked.number: self.page}) if self.page > 1 else ""
        return "&".join(part for part in (self.asked.query, number) if part)

    @property
    def back(self) -> str:
        """The address of the list as it was."""
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
    """A kept filter as its list shows it."""

    kept: SavedFilter
    href: str
    edit_href: str
    n: str
    is_current: bool


def place_in(request: HttpRequest, written: Callable[[str], Asked]) -> Place:
    """Return where in a list the reader of an entry came from; ``written`` reads a filter that was written down."""
    query = request.GET.get("in", "")[: LONGEST_QUERY + 40]
    asked = written(query)
    return Place(asked, _page_number(dict(parse_qsl(query)).get(asked.number, "")), "in" in request.GET)


def _page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1
    return max(1, min(number, _MOST_PAGES))


def around(place: Place, key: Any, onward: str = "") -> Around:
    """Return what comes before and after an entry, looked for on its page of the list and on those beside it.

    An entry that left the list by being decided has no neighbours any more; ``onward`` then is the address of the one
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


def tabs_of(asked: Asked) -> list[Tab]:
    """Return what the reader keeps of a list, each with how many entries it finds now where that is counted."""
    return [_tab(kept, asked) for kept in filters_of(asked.reader, asked.shelf)]


def _tab(kept: SavedFilter, asked: Asked) -> Tab:
    shown = ""
    if asked.counts_kept:
        n = asked.again(kept.query).found().order_by()[:_COUNTED].count()
        shown = str(n) if n < _COUNTED else f"{_COUNTED - 1}+"
    address = f"{asked.path}?{kept.query}"
    return Tab(kept, address, asked.kept_address(kept.pk), shown, kept.query == asked.query)


def list_context(asked: Asked, page: int) -> dict[str, Any]:
    """Return what the page of every list shows besides its rows."""
    tabs = tabs_of(asked)
    current = next((tab for tab in tabs if tab.is_current), None)
    return {
        "asked": asked,
        "place": Place(asked, page),
        "kept_tabs": tabs,
        "kept_current": current,
        "may_keep": asked.may_be_kept and current is None and len(tabs) < MOST_FILTERS,
        "is_full": len(tabs) >= MOST_FILTERS and current is None,
        "most_filters": MOST_FILTERS,
    }


def is_kept(request: HttpRequest, asked: Asked, form: NameForm) -> bool:
    """Keep what is asked for under the name that was sent; false if it cannot be, and then the form says why."""
    if not asked.may_be_kept:
        form.add_error(None, gettext("There is nothing here to keep. Go back, set the filter, then keep it."))
        return False
    if not form.is_valid():
        return False
    try:
        keep_filter(asked.reader, asked.shelf, name=form.cleaned_data["name"], query=asked.query)
    except Refusal as refusal:
        form.add_error("name", refusal.message(get_language() or ""))
        return False
    messages.success(request, gettext("The filter is kept"))
    return True


def is_renamed(request: HttpRequest, asked: Asked, kept: SavedFilter, form: NameForm) -> bool:
    """Give a kept filter the name that was sent; false if nothing was or it cannot be, and then the form says why."""
    if not form.is_bound or not form.is_valid():
        return False
    try:
        rename_filter(asked.reader, kept.pk, name=form.cleaned_data["name"])
    except Refusal as refusal:
        form.add_error("name", refusal.message(get_language() or ""))
        return False
    messages.success(request, gettext("The filter has its new name"))
    return True


def delete_kept(request: HttpRequest, asked: Asked, kept: SavedFilter) -> HttpResponseRedirect:
    """Delete a filter of one's own; what it found stays where it is."""
    drop_filter(asked.reader, kept.pk)
    messages.success(request, gettext("The filter is deleted"))
    return see(asked)


def filter_page(request: HttpRequest, name: str, asked: Asked, form: NameForm, **more: Any) -> HttpResponse:
    """Show the page ``name`` of a filter that is to be kept, or of the one that is ``kept``."""
    kept = more.get("kept")
    here = asked.kept_address(kept.pk) if kept else asked.keep_address
    delete_address = asked.kept_address(kept.pk, "_delete") if kept else ""
    context = {"form": form, "asked": asked, "here": here, "delete_address": delete_address, **more}
    return render(request, name, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK)


def see(asked: Asked) -> HttpResponseRedirect:
    """Send the browser to a list as it is narrowed down."""
    response = HttpResponseRedirect(asked.back)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
