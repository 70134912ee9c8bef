"""The page that stands in front of the goods while the shop is closed: made by Django, kept here for all who come.

It is shown too while Django is away, for that is when a shop is closed: as it was last made, or in plain words.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from http import HTTPStatus

from xinka.platform.look.preferences import LANGUAGE_COOKIE, THEME_COOKIE, theme_of
from xinka.platform.maintenance.state import Maintenance
from xinka.till.http import Request, Response, refusal_response
from xinka.till.plain import plain_page
from xinka.till.serving.heads import Headers
from xinka.till.turns import ManyAreHere, TooManyPages
from xinka.till.upstream import Upstream

#: Where Django makes it.
PATH = "/closed"
#: It is made again after so many seconds, since the time it names may have passed.
FRESH_FOR = 15.0

_Kept = tuple[float, Headers, bytes]


class ClosedPages:
    """The page in each language and theme."""

    def __init__(self, upstream: Upstream) -> None:
        """Take where Django is asked."""
        self._upstream = upstream
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = asyncio.Lock()

    def drop(self) -> None:
        """Forget the pages: something else is to be said."""
        self._kept.clear()

    async def answer(self, request: Request, maintenance: Maintenance) -> Response:
        """Answer a request for goods; programs get a problem document."""
        now = datetime.now(UTC)
        refusal = maintenance.refusal(now)
        if request.wants_json():
            return refusal_response(refusal, request.language())
        later = ("retry-after", str(maintenance.retry_after(now)))
        kept = await self._page(request)
        if kept is not None:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, kept[2], [*kept[1], later])
        texts = (refusal.message("zh-hans"), refusal.message("en"))
        wait = maintenance.retry_after(now)
        return plain_page(request, HTTPStatus.SERVICE_UNAVAILABLE, *texts, retry_after=wait, was_done=False)

    async def _page(self, request: Request) -> _Kept | None:
        key = (request.language(), theme_of(request.kept(THEME_COOKIE)))
        if not self._is_fresh(key):
            async with self._lock:
                # Whoever waited for the lock finds the page of the one before.
                if not self._is_fresh(key):
                    await self._make(request, *key)
        return self._kept.get(key)

    def _is_fresh(self, key: tuple[str, str]) -> bool:
        return key in self._kept and time.monotonic() < self._kept[key][0] + FRESH_FOR

    async def _make(self, request: Request, language: str, theme: str) -> None:
        cookies = [f"{LANGUAGE_COOKIE.plain}={language}", *([f"{THEME_COOKIE.plain}={theme}"] if theme else [])]
        headers = [("accept", "text/html"), ("cookie", "; ".join(cookies))]
        try:
            async with self._upstream.turn(request):
                made = await self._upstream.fetch(request, headers, PATH)
        except (TooManyPages, ManyAreHere):
            return
        found = dict(made.headers)
        if made.status == HTTPStatus.SERVICE_UNAVAILABLE and found.get("content-type", "").startswith("text/html"):
            kept = [(name, value) for name, value in made.headers if name not in {"content-length", "retry-after"}]
            self._kept[language, theme] = (time.monotonic(), kept, made.body)
