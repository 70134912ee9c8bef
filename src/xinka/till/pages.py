"""Catalogue pages from memory: rendered by Django once, compressed once, dropped within moments of a change.

Django marks a page that is the same for every visitor with ``X-Xinka-Cache`` and the tags of what is on it. A visitor
who is signed in, or whose request is not a plain reading one, is never answered from here.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

import brotli
import psycopg
import structlog

from xinka.platform.look.preferences import LANGUAGE_COOKIE, THEME_COOKIE, language_of, theme_of
from xinka.promotions.passes import CODE_COOKIE
from xinka.till.http import Request, Response
from xinka.till.serving.heads import Headers
from xinka.till.turns import ManyAreHere, TooManyPages
from xinka.till.upstream import Upstream, come_later

CHANNEL = "xinka_pages"
MARK = "x-xinka-cache"
#: A page is rendered again after this many seconds even if nobody said that it changed.
FRESH_FOR = 60.0
#: For so many seconds more it is shown when nobody can render it again: the pages or the database are away then, and
#: nothing that is said to have changed is kept at all.
STALE_FOR = 600.0
MAX_PAGES = 2_000
MAX_BYTES = 48 * 1024 * 1024
_DROPPED_HEADERS = frozenset(
    {MARK, "content-length", "content-encoding", "vary", "set-cookie", "etag", "cache-control"}
)
#: Whoever has one of these sees pages of their own: somebody signed in, or with a code that changes prices.
_SESSIONS = ("xk_session", "__Host-xk_session", *CODE_COOKIE.names)

log = structlog.get_logger("xinka.till")
Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Page:
    """One rendered page in the three encodings browsers ask for."""

    plain: bytes
    gzip: bytes
    brotli: bytes
    headers: Headers
    etag: str
    tags: frozenset[str]
    rendered_at: float
    is_doubted: bool = False

    @property
    def is_fresh(self) -> bool:
        """Whether it may be shown without being rendered again."""
        return not self.is_doubted and time.monotonic() < self.rendered_at + FRESH_FOR

    @property
    def size(self) -> int:
        """The bytes it holds in memory."""
        return len(self.plain) + len(self.gzip) + len(self.brotli)


class Pages:
    """The pages in memory, least recently used first out."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._size = 0
        self._rendering: dict[Key, asyncio.Future[Page | Response]] = {}
        #: Counts the drops, so that a page rendered before a drop is not kept after it.
        self._era = 0

    def key_of(self, request: Request) -> Key | None:
        """Return under which key a request may be answered from memory, or ``None`` if it must not be."""
        if request.method != "GET" or not _is_public(request.path) or len(request.query) > 200:
            return None
        cookies = _cookies(request.header("cookie"))
        if any(name in cookies for name in _SESSIONS) or "messages" in cookies or request.header("hx-request"):
            return None
        language = language_of(LANGUAGE_COOKIE.of(cookies), request.header("accept-language"))
        return (request.path, request.query, language, theme_of(THEME_COOKIE.of(cookies)))

    def get(self, key: Key) -> Page | None:
        """Return a page that is still fresh."""
        page = self._pages.get(key)
        if page is None or not page.is_fresh:
            return None
        self._pages.move_to_end(key)
        return page

    async def render(self, key: Key, request: Request) -> Page | Response:
        """Let Django render a page; requests for the same page meanwhile wait for the one rendering.

        They wait for one that Django works on, not for one whose turn is yet to come: that depends on who asked for it.
        """
        if key in self._rendering:
            return await asyncio.shield(self._rendering[key])
        try:
            async with self._upstream.turn(request):
                return self.get(key) or await self._render_once(key, request)
        except (TooManyPages, ManyAreHere) as refusal:
            return self._stale(key) or come_later(refusal, request)

    async def _render_once(self, key: Key, request: Request) -> Page | Response:
        if key in self._rendering:
            return await asyncio.shield(self._rendering[key])
        future: asyncio.Future[Page | Response] = asyncio.get_running_loop().create_future()
        self._rendering[key] = future
        try:
            answer = await self._render(key, request)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # seen: nobody may be waiting for it
            raise
        finally:
            self._rendering.pop(key, None)
        future.set_result(answer)
        return answer

    async def _render(self, key: Key, request: Request) -> Page | Response:
        era = self._era
        _, _, language, theme = key
        cookies = [f"{LANGUAGE_COOKIE.plain}={language}", *([f"{THEME_COOKIE.plain}={theme}"] if theme else [])]
        headers = [("accept", "text/html"), ("cookie", "; ".join(cookies)), ("x-xinka-render", "1")]
        answer = await self._upstream.fetch(request, headers)
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and (old := self._stale(key)):
            return old
        tags = next((value for name, value in answer.headers if name == MARK), "")
        if answer.status != 200 or not tags:
            answer.headers = [(name, value) for name, value in answer.headers if name != MARK]
            return answer
        page = await asyncio.get_running_loop().run_in_executor(None, _compress, answer, frozenset(tags.split()))
        if era == self._era:
            self._keep(key, page)
        return page

    def _stale(self, key: Key) -> Page | None:
        """Return a page that is not fresh any more but better than none."""
        page = self._pages.get(key)
        return page if page is not None and time.monotonic() < page.rendered_at + FRESH_FOR + STALE_FOR else None

    def _keep(self, key: Key, page: Page) -> None:
        old = self._pages.pop(key, None)
        self._size += page.size - (old.size if old else 0)
        self._pages[key] = page
        while self._pages and (len(self._pages) > MAX_PAGES or self._size > MAX_BYTES):
            _, oldest = self._pages.popitem(last=False)
            self._size -= oldest.size

    def drop_all(self) -> None:
        """Forget every page: something that is on all of them changed."""
        self._era += 1
        self._pages.clear()
        self._size = 0

    def drop(self, tag: str) -> None:
        """Forget the pages that show ``tag``; with an empty tag all of them are doubted, since nobody knows."""
        self._era += 1
        if not tag:
            for page in self._pages.values():
                page.is_doubted = True
        for key in [key for key, page in self._pages.items() if tag in page.tags]:
            self._size -= self._pages.pop(key).size


def respond(page: Page, request: Request) -> Response:
    """Return a page in the best encoding the browser takes, or 304 if it has it already (RFC 9110, section 13)."""
    if page.etag in request.header("if-none-match"):
        return Response(304, b"", [("etag", page.etag), ("cache-control", "no-cache")])
    accepted = request.header("accept-encoding")
    if "br" in accepted:
        return Response(200, page.brotli, [*page.headers, ("content-encoding", "br")])
    if "gzip" in accepted:
        return Response(200, page.gzip, [*page.headers, ("content-encoding", "gzip")])
    return Response(200, page.plain, page.headers)


def _compress(answer: Response, tags: frozenset[str]) -> Page:
    etag = f'"{hashlib.blake2b(answer.body, digest_size=9).hexdigest()}"'
    kept = [(name, value) for name, value in answer.headers if name not in _DROPPED_HEADERS]
    headers = [
        *kept,
        ("etag", etag),
        # The browser may keep the page but must ask each time whether it is still the one.
        ("cache-control", "no-cache"),
        ("vary", "accept-encoding, accept-language, cookie"),
    ]
    return Page(
        plain=answer.body,
        gzip=gzip.compress(answer.body, 6, mtime=0),
        brotli=brotli.compress(answer.body, quality=5),
        headers=headers,
        etag=etag,
        tags=tags,
        rendered_at=time.monotonic(),
    )


def is_shop_window(path: str) -> bool:
    """Whether a path shows goods to buy, or works out their price: what is shut while the shop is closed."""
    return _is_public(path) or path == "/code"


def _is_public(path: str) -> bool:
    """Whether a path can be a catalogue page at all; Django's mark then decides."""
    return path == "/" or path.startswith(("/p/", "/c/", "/search"))


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: unquote_plus(value) for name, _, value in pairs if name}


async def listen(database_url: str) -> AsyncIterator[str]:
    """Yield the tags that change, as other processes name them; an empty tag after each new connection.

    While there was no connection, changes went unheard: everything must be rendered again then.
    """
    while True:
        try:
            connection: psycopg.AsyncConnection[Any]
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                yield ""
                async for notify in connection.notifies():
                    yield notify.payload
        except psycopg.Error as error:
            log.warning("pages.listen_failed", reason=type(error).__name__)
            yield ""
            await asyncio.sleep(1)
