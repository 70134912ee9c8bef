"""Lists of the desk: narrowed down, kept under a name, and come back to as they were (see ``accounts.lists``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

from django.http import HttpRequest
from django.urls import reverse

from xinka.accounts import lists
from xinka.accounts.lists import LONGEST_QUERY, Asked, Place
from xinka.accounts.models import User
from xinka.accounts.policies import signed_in
from xinka.desk.access import Desk
from xinka.merchants.policies import Duty


class DeskList(Asked):
    """What is asked of one list of a merchant's."""

    #: Whose work it is.
    duty: ClassVar[Duty]
    #: The name of its page.
    address: ClassVar[str]

    def __init__(self, asked: Mapping[str, Any], *, desk: Desk, reader: User) -> None:
        super().__init__(asked, reader=reader)
        self.desk = desk

    @classmethod
    def asked_by(cls, request: HttpRequest, desk: Desk) -> Self:
        """Return what the list's own page was asked for."""
        return cls(request.GET.dict(), desk=desk, reader=signed_in(request))

    @classmethod
    def written(cls, query: str, desk: Desk, reader: User) -> Self:
        """Return what a filter that was written down asks for."""
        return cls(dict(parse_qsl(query[:LONGEST_QUERY])), desk=desk, reader=reader)

    def again(self, query: str) -> Self:
        """Return what another filter of this list asks for."""
        return self.written(query, self.desk, self.reader)

    @property
    def shelf(self) -> str:
        """Filters are kept for each merchant apart: products and shelves of one mean nothing to another."""
        return shelf_of(self.key, self.desk)

    @property
    def path(self) -> str:
        """The address of the list, narrowed down to nothing."""
        return self.at(self.address)

    @property
    def keep_address(self) -> str:
        """Where what is asked for is kept."""
        return self.at("filter_keep", self.key)

    def kept_address(self, filter_id: int, act: str = "") -> str:
        """Where a kept filter is renamed, or deleted."""
        return self.at(f"filter{act}", filter_id)

    def at(self, name: str, *more: object) -> str:
        """Return the address of a page of this desk."""
        return reverse(f"desk:{name}", args=[self.desk.merchant.slug, *more])


def shelf_of(key: str, desk: Desk) -> str:
    """Return where the filters of one list of a merchant's are kept."""
    return f"{key}:{desk.merchant.pk}"


def place_in(request: HttpRequest, desk: Desk, kind: type[DeskList]) -> Place:
    """Return where in a list the reader of an entry came from."""
    return lists.place_in(request, partial(kind.written, desk=desk, reader=signed_in(request)))


def number_in(text: object) -> int:
    """Return the number of a thing of ours as it stands in an address, or 0."""
    digits = str(text or "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < _DIGITS else 0


#: A number of so many digits is none of ours.
_DIGITS = 19
