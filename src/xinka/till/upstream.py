"""Everything the till does not answer itself goes to Django, over a unix socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path

import httpcore
import structlog

from xinka.kernel.places import place_of
from xinka.till.http import Request, Response, refusal_response
from xinka.till.logs import seldom
from xinka.till.plain import plain_page
from xinka.till.serving.exchange import Exchange
from xinka.till.serving.heads import PRIVATE, Headers
from xinka.till.turns import Allowance, ManyAreHere, TooManyPages, Turns
from xinka.till.uploads import SMALL, TooManyUploads, Uploads

#: Concern one connection only, and must not be passed on (RFC 9110, section 7.6.1).
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: Only the till may say these; a visitor who sends them is not believed.
_OURS = "x-xinka-"
_FORWARDED = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip"})
#: Files that cost next to nothing, and of which a first visit takes a dozen.
_CHEAP = "/static/"
#: What the till writes on every answer itself.
_WE_SAY = frozenset({"server", "date", "strict-transport-security"})
_MAX_CONNECTIONS = 32
_TIMEOUTS = {"connect": 2.0, "pool": 10.0, "read": 60.0, "write": 60.0}
#: An answer up to this size is passed on in one piece, a larger one as it comes.
_WHOLE = 1_000_000
#: The largest upload Django is shown: a stock file of a million long codes.
MAX_UPLOAD = 256 * 1024 * 1024

_RESTARTING = (
    "页面服务正在重启，几秒后刷新即可。订单和付款不受影响。",
    "Pages are restarting; reload in a few seconds. Orders and payments are safe.",
)
_MANY_UPLOADS = (
    "同时上传大文件的人太多，什么都没有保存。请过半分钟再传一次。",
    "Too many large files are being sent at once; nothing was saved. Please send yours again in half a minute.",
)

log = structlog.get_logger("xinka.till")


class Upstream:
    """The connections to Django."""

    def __init__(
        self, socket: Path, scheme: str, host: str, n_threads: int, news: Callable[[], Headers] = list
    ) -> None:
        """Take where Django listens, what the shop is called, and how many requests Django works on at a time.

        ``news`` returns the headers that every request tells Django besides.
        """
        n_uploads = max(1, n_threads // 2)
        most = max(_MAX_CONNECTIONS - n_uploads, n_threads)
        self._pool = httpcore.AsyncConnectionPool(
            uds=str(socket), max_connections=most + n_uploads, max_keepalive_connections=8, keepalive_expiry=30
        )
        self._scheme = scheme
        self._host = host
        self._news = news
        self._uploads = Uploads(n_uploads)
        self._turns = Turns(most, max(most // 2, n_threads))
        self._allowance = Allowance()

    def turn(self, request: Request) -> AbstractAsyncContextManager[None]:
        """Return what waits for a turn among all who want a page made, and holds it.

        Raises:
            TooManyPages: if this place has asked for too many.
            ManyAreHere: if the turn does not come in time.
        """
        place = place_of(request.address)
        if not request.path.startswith(_CHEAP) and not self._allowance.spend(place):
            raise TooManyPages
        return self._turns.turn(place)

    async def fetch(self, request: Request, headers: Headers, path: str = "") -> Response:
        """Return Django's answer to a request for a page that many will see, whole; ``path`` is another page's.

        Of the visitor's headers none is passed on: what one visitor sent must not get into the page of the next.
        """
        try:
            answer = await self._pool.request(
                "GET" if path else request.method,
                _target(path) if path else _url(request),
                headers=_encode([("host", self._host), *headers, *self._ours(request)]),
                extensions={"timeout": _TIMEOUTS},
            )
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            return _unavailable(error, request, for_all=bool(path))
        return Response(answer.status, answer.content, _pass_back(answer.headers))

    async def relay(self, request: Request) -> None:
        """Pass a request with its body to Django and its answer back, neither held in memory whole if it is large.

        Raises:
            HungUp: if the visitor is gone before a small body is whole, or reads no further.
        """
        length = request.header("content-length")
        if length.isdigit() and int(length) > MAX_UPLOAD:
            _send(request.exchange, Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ready=PRIVATE))
            return
        has_body = length not in ("", "0") or bool(request.header("transfer-encoding"))
        if not has_body or await request.exchange.is_whole_within(SMALL):
            await self._in_turn(request, has_body=has_body)
            return
        try:
            async with self._uploads.turn(place_of(request.address)):
                await self._pass_on(request, has_body=True)
        except TooManyUploads:
            log.warning("upstream.too_many_uploads", address=request.address)
            busy = plain_page(request, HTTPStatus.SERVICE_UNAVAILABLE, *_MANY_UPLOADS, retry_after=30, was_done=False)
            _send(request.exchange, busy)

    async def _in_turn(self, request: Request, *, has_body: bool) -> None:
        try:
            async with self.turn(request):
                await self._pass_on(request, has_body=has_body)
        except (TooManyPages, ManyAreHere) as refusal:
            _send(request.exchange, come_later(refusal, request))

    async def _pass_on(self, request: Request, *, has_body: bool) -> None:
        exchange = request.exchange
        try:
            async with self._pool.stream(
                request.method,
                _url(request),
                headers=_encode(self._headers(request)),
                content=_body(exchange) if has_body else None,
                extensions={"timeout": _TIMEOUTS},
            ) as answer:
                await _pass_body(answer, exchange)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            unavailable = _unavailable(error, request)
            if not exchange.is_begun:  # half an answer cannot be taken back; the connection is closed instead
                _send(exchange, unavailable)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._pool.aclose()

    def _headers(self, request: Request) -> Headers:
        """Return what Django may hear of a visitor's headers.

        A name with an underscore is dropped, as nginx does: to WSGI ``x_xinka_client`` is the same as
        ``x-xinka-client`` (PEP 3333), so it would speak with our voice.
        """
        kept = [
            (name, value)
            for name, value in request.headers()
            if name not in _HOP_BY_HOP and name not in _FORWARDED and not name.startswith(_OURS) and "_" not in name
        ]
        return [*kept, *self._ours(request)]

    def _ours(self, request: Request) -> Headers:
        return [("x-xinka-client", request.address), ("x-xinka-scheme", self._scheme), *self._news()]


def _url(request: Request) -> httpcore.URL:
    return _target(request.path + (f"?{request.query}" if request.query else ""))


def _target(target: str) -> httpcore.URL:
    return httpcore.URL(scheme=b"http", host=b"xinka", port=None, target=target.encode("ascii"))


def _encode(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]


def _pass_back(headers: list[tuple[bytes, bytes]]) -> Headers:
    decoded = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]
    return [(name, value) for name, value in decoded if name not in _HOP_BY_HOP and name not in _WE_SAY]


async def _body(exchange: Exchange) -> AsyncIterator[bytes]:
    size = 0
    async for part in exchange.parts():
        size += len(part)
        if size > MAX_UPLOAD:
            raise httpcore.ProtocolError("upload too large")
        yield part


async def _pass_body(answer: httpcore.Response, exchange: Exchange) -> None:
    headers = [(name, value) for name, value in _pass_back(answer.headers) if not name.startswith(_OURS)]
    length = next((int(value) for name, value in headers if name == "content-length" and value.isdigit()), None)
    if length is not None and length <= _WHOLE:
        body = b"".join([part async for part in answer.aiter_stream()])
        _send(exchange, Response(answer.status, body, headers))
        return
    exchange.begin(answer.status, headers)
    async for part in answer.aiter_stream():
        await exchange.send(part)
    exchange.end()


def _send(exchange: Exchange, response: Response) -> None:
    exchange.answer(response.status, response.headers, response.body, response.ready)


def _unavailable(error: Exception, request: Request, *, for_all: bool = False) -> Response:
    """Django is starting, restarting or overwhelmed; what matters about money is not lost, so say just that.

    ``for_all`` is what was asked for on behalf of many, whom no single one's words are for.
    """
    if n := seldom.count("upstream.unavailable", type(error).__name__):
        log.warning("upstream.unavailable", reason=type(error).__name__, n=n)
    if for_all:
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, ready=PRIVATE)
    return plain_page(request, HTTPStatus.SERVICE_UNAVAILABLE, *_RESTARTING, retry_after=3, asks_again=True)


def come_later(refusal: TooManyPages | ManyAreHere, request: Request) -> Response:
    """Return the answer to somebody whose page was not made, in both languages."""
    if n := seldom.count("upstream.too_many_pages", refusal.code):
        log.warning("upstream.too_many_pages", why=refusal.code, address=request.address, n=n)
    if request.wants_json():
        return refusal_response(refusal, request.language())
    is_here = isinstance(refusal, ManyAreHere)
    return plain_page(
        request,
        int(refusal.status),
        refusal.message("zh-hans"),
        refusal.message("en"),
        retry_after=3 if is_here else 30,
        asks_again=is_here,
        was_done=False,
    )
