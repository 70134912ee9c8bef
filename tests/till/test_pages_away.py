"""Pages that nobody can render again: shown as they were, unless somebody said that they changed, and not for ever."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, cast

import pytest

from xinka.till import pages
from xinka.till.http import Request, Response
from xinka.till.pages import Page, Pages
from xinka.till.upstream import Upstream

KEY = ("/p/card", "", "en", "")


class Django:
    """What renders pages, or says 503 while it is away."""

    def __init__(self) -> None:
        self.status = 200
        self.n_rendered = 0

    def turn(self, _request: Request) -> AbstractAsyncContextManager[None]:
        """It is anybody's turn at once."""
        return nullcontext()

    async def fetch(self, _request: Request, _headers: Any) -> Response:
        """Answer as it can now."""
        if self.status != 200:
            return Response(self.status, b"away", [])
        self.n_rendered += 1
        return Response(200, b"page %d" % self.n_rendered, [(pages.MARK, "product:1 catalogue")])


@pytest.fixture
def django() -> Django:
    """Django, at work."""
    return Django()


@pytest.fixture
def kept(django: Django) -> Pages:
    """Pages in memory: one, rendered just now."""
    found = Pages(cast("Upstream", django))
    assert _seen(found) == b"page 1"
    return found


def _seen(kept: Pages) -> bytes | int:
    """Return what a visitor gets: a page's text, or the status of what is no page."""

    async def ask() -> Page | Response:
        return kept.get(KEY) or await kept.render(KEY, cast("Request", None))

    found = asyncio.run(ask())
    return found.plain if isinstance(found, Page) else found.status


def _later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = pages.time.monotonic() + seconds
    monkeypatch.setattr(pages.time, "monotonic", lambda: now)


def test_an_old_page_is_shown_while_nobody_can_render_it_and_anew_once_somebody_can(
    kept: Pages, django: Django, monkeypatch: pytest.MonkeyPatch
) -> None:
    django.status = 503
    _later(monkeypatch, pages.FRESH_FOR + 1)
    assert _seen(kept) == b"page 1"
    django.status = 200
    assert _seen(kept) == b"page 2"


def test_a_page_is_rendered_again_after_the_line_to_the_database_broke_and_kept_while_it_cannot_be(
    kept: Pages, django: Django
) -> None:
    kept.drop("")
    django.status = 503
    assert _seen(kept) == b"page 1"
    django.status = 200
    assert _seen(kept) == b"page 2"
    assert _seen(kept) == b"page 2"
    assert django.n_rendered == 2


def test_a_page_that_changed_is_not_shown_again_whatever_else_is_away(kept: Pages, django: Django) -> None:
    kept.drop("")
    kept.drop("product:1")
    django.status = 503
    assert _seen(kept) == 503


@pytest.mark.parametrize("status", [404, 500])
def test_a_page_that_is_gone_or_broken_is_not_covered_up(
    kept: Pages, django: Django, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    django.status = status
    _later(monkeypatch, pages.FRESH_FOR + 1)
    assert _seen(kept) == status


def test_an_old_page_is_not_shown_for_ever(kept: Pages, django: Django, monkeypatch: pytest.MonkeyPatch) -> None:
    django.status = 503
    _later(monkeypatch, pages.FRESH_FOR + pages.STALE_FOR + 1)
    assert _seen(kept) == 503


def test_a_page_nobody_has_seen_is_not_made_up(django: Django) -> None:
    django.status = 503
    assert _seen(Pages(cast("Upstream", django))) == 503
