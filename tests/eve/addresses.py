"""Every address of the site, from the table that Django answers by, so that a new page is among them at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver

#: The pretended gateways are another site, which is there only where no real money is.
_ELSEWHERE = "sandbox/"
SAMPLES = {"int": "1", "uuid": str(uuid4()), "str": "none_such", "slug": "none-such"}


class Address(NamedTuple):
    """A page: its name with the room it is in, and an address behind which nothing is."""

    name: str
    path: str
    pattern: URLPattern


def every_address() -> Iterator[Address]:
    """Yield each of them once."""
    yield from _below(get_resolver(), "/", "")


def _below(resolver: URLResolver, prefix: str, room: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if str(entry.pattern) == _ELSEWHERE:
            continue
        if isinstance(entry, URLPattern):
            yield Address(f"{room}{entry.name}", _filled(route), entry)
        else:
            yield from _below(entry, route, f"{entry.namespace}:" if entry.namespace else room)


def _filled(route: str) -> str:
    """Return a route with a sample in the place of each of its parts."""
    before, found, rest = route.partition("<")
    if not found:
        return route
    part, _, after = rest.partition(">")
    return before + SAMPLES[part.partition(":")[0]] + _filled(after)
