"""The till: routes the few hot requests, answers pages from memory, passes on the rest."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from xinka.config.crews import web_threads
from xinka.config.environment import HSTS_SECONDS
from xinka.kernel.errors import Refusal
from xinka.platform.batching import Overloaded
from xinka.platform.database.away import DatabaseAway, is_away
from xinka.platform.maintenance.state import HEADER, TAG, is_closed_now
from xinka.till import checkout, health, logs, notices, orders, pages
from xinka.till.closed import ClosedPages
from xinka.till.context import Till, close_till, open_till
from xinka.till.engine import OutcomeUnknown
from xinka.till.http import Request, Response, client_address, refusal_response
from xinka.till.live_stock import LiveStock
from xinka.till.plain import plain_page, wants_page
from xinka.till.serving.connection import Connection
from xinka.till.serving.edge import Edge
from xinka.till.serving.exchange import Exchange, HungUp
from xinka.till.serving.heads import PRIVATE, Headers
from xinka.till.upstream import Upstream

log = structlog.get_logger("xinka.till")
BACKLOG = 2048
#: How long answers may take that are under way when the till is asked to end; shorter than its supervisor's patience.
DRAIN_SECONDS = 20.0
_HSTS = f"strict-transport-security: max-age={HSTS_SECONDS}; includeSubDomains\r\n"


class App:
    """One till process."""

    def __init__(self, till: Till) -> None:
        """Take what the till holds; ``open`` makes one."""
        self.till = till
        self._live_stock = LiveStock()
        scheme = "https" if till.environment.secure else "http"
        host = urlsplit(till.environment.site_url).netloc
        self._upstream = Upstream(till.environment.web_socket, scheme, host, web_threads(), self._news)
        self._pages = pages.Pages(self._upstream)
        self._closed = ClosedPages(self._upstream)
        self._hosts = frozenset(till.environment.hosts)
        self._has_warned = False
        self._following = asyncio.get_running_loop().create_task(self._follow_changes())

    @classmethod
    async def open(cls) -> Self:
        """Open what the till holds."""
        app = cls(await open_till())
        # What lives as long as the process need not be looked through for garbage again and again, and what an order
        # leaves behind goes by reference counts: fewer collections are some 5 % less work per order.
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        log.info("till.open", channels=sorted(app.till.channels))
        return app

    async def close(self) -> None:
        """Answer what is queued and close."""
        self._following.cancel()
        await self._upstream.close()
        await close_till(self.till)

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request."""
        till = self.till
        forwarded = exchange.fields.get(b"x-forwarded-for", b"").decode("latin-1")
        if forwarded and not self._has_warned:
            self._warn_of_proxy(exchange.address)
        request = Request(exchange, client_address(exchange.address, forwarded, till.environment.trusted_proxies))
        started = time.perf_counter()
        try:
            response = await self._route(till, request)
        except HungUp:
            return
        except Exception as error:  # noqa: BLE001 - the outermost: whatever happens, the visitor gets an answer
            response = _failed(request, error)
        if response is None:
            await self._upstream.relay(request)
            return
        exchange.answer(response.status, response.headers, response.body, response.ready)
        health.count(request.path, response.status, time.perf_counter() - started)

    def _news(self) -> Headers:
        """Return what Django hears of a closure of the shop with each request."""
        maintenance = self.till.maintenance
        return [(HEADER, maintenance.as_header())] if maintenance else []

    def _warn_of_proxy(self, peer: str) -> None:
        """Say once that a shop reached by TLS takes its proxy for every visitor: all share one limit then."""
        environment = self.till.environment
        if environment.secure and peer not in environment.trusted_proxies:
            self._has_warned = True
            log.warning("proxy.not_trusted", address=peer, setting="XINKA_TRUSTED_PROXIES")

    async def _route(self, till: Till, request: Request) -> Response | None:
        """Return the till's own answer, or ``None`` if the request is for Django."""
        path = request.path
        if path.startswith(notices.PREFIX):
            return await notices.notice(till, request)
        if path in health.ROUTES:
            return await health.answer(till, request)
        if request.host() not in self._hosts:
            return None  # Django refuses it; a shop under a name that is not its own is somebody else's bait
        if path == "/checkout":
            if request.method != "POST":
                return Response(HTTPStatus.SEE_OTHER, b"", [("location", "/")], PRIVATE)
            return await checkout.checkout(till, request)
        if path.startswith(orders.PREFIX) and path.endswith(orders.SUFFIX):
            return await orders.status(till, request)
        if path == "/stock":
            return await self._live_stock.answer(till, request)
        if till.maintenance is not None and is_closed_now(till.maintenance) and pages.is_shop_window(path):
            return await self._closed.answer(request, till.maintenance)
        key = self._pages.key_of(request)
        if key is None:
            return None
        page = self._pages.get(key) or await self._pages.render(key, request)
        return pages.respond(page, request) if isinstance(page, pages.Page) else page

    async def _follow_changes(self) -> None:
        """Forget pages and read channels again when other processes say that they changed."""
        async for tag in pages.listen(self.till.environment.database_url):
            self._pages.drop(tag)
            if tag in ("", TAG):
                await self._follow_maintenance()
            if tag in ("", "channels"):
                try:
                    await self.till.reload_channels()
                except psycopg.Error as error:  # whatever it is, the news that follow must still be heard
                    log.warning("channels.reload_failed", reason=type(error).__name__)

    async def _follow_maintenance(self) -> None:
        """Read again whether the shop is closed, and forget what said otherwise; a banner is on every page."""
        before = self.till.maintenance
        try:
            await self.till.reload_maintenance()
        except (psycopg.Error, PoolTimeout) as error:  # what was known holds, and the news that follow must be heard
            log.warning("maintenance.reload_failed", reason=type(error).__name__)
            return
        if self.till.maintenance != before:
            self._pages.drop_all()
            self._closed.drop()
            log.info("maintenance.heard", is_closed=is_closed_now(self.till.maintenance))


def _failed(request: Request, error: Exception) -> Response:
    """Return the answer for what was refused or went wrong: a page for a person, a problem document for a program."""
    refusal = _refusal_of(request, error)
    if not wants_page(request):
        return refusal_response(refusal, request.language())
    wait = int(str(refusal.params.get("retry_after", 2)))
    texts = (refusal.message("zh-hans"), refusal.message("en"))
    return plain_page(request, int(refusal.status), *texts, retry_after=wait, was_done=False)


def _refusal_of(request: Request, error: Exception) -> Refusal:
    """Return what is said of an error; only what went wrong is worth a line with its trace."""
    if isinstance(error, Refusal):
        logs.tell_refused(error, request.address)
        return error
    if is_away(error):
        logs.tell_database_unavailable(error)
        return DatabaseAway()
    if isinstance(error, OutcomeUnknown):
        logs.tell_database_unavailable(error)
        return DatabaseAway()  # it says to look first, for nobody knows
    if isinstance(error, psycopg.OperationalError):  # a lock that did not come free, for one
        logs.tell_database_unavailable(error)
        return Overloaded()
    log.error("till.failed", exc_info=error, path_kind=request.path.split("/")[1][:12])
    return InternalFault()


class InternalFault(Refusal):
    """Our mistake; the transaction it happened in was rolled back."""

    code = "internal_fault"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    zh = "我们这边出错了，这一步没有生效，也没有扣款。请再试一次。"
    en = "Our mistake: this step did not happen and you have not been charged. Please try again."


async def serve(listening: socket.socket) -> None:
    """Serve on a socket that listens already, until SIGTERM or SIGINT; then answer what is under way."""
    logs.configure()
    loop = asyncio.get_running_loop()
    asked_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)
    app = await App.open()
    edge = Edge(app.answer, always=_HSTS if app.till.environment.secure else "")
    edge.on_refusal = logs.tell_no_request
    edge.sweep()
    server = await loop.create_server(lambda: Connection(edge), sock=listening, backlog=BACKLOG)
    await asked_to_end.wait()
    server.close()
    app.till.waiting.wake_all()
    await edge.drain(DRAIN_SECONDS)
    await app.close()
