"""The till as granian runs it (RSGI): routes the few hot requests, answers pages from memory, passes on the rest."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from xinka.kernel.errors import Refusal
from xinka.platform.batching import Overloaded
from xinka.till import checkout, health, logs, notices, orders, pages
from xinka.till.context import Till, close_till, open_till
from xinka.till.http import HungUp, Request, Response, Scope, client_address, refusal_response
from xinka.till.live_stock import LiveStock
from xinka.till.upstream import Upstream

log = structlog.get_logger("xinka.till")
Handler = Callable[[Till, Request], Awaitable[Response]]


class App:
    """One till process."""

    def __init__(self) -> None:
        self._till: Till | None = None
        self._starting: asyncio.Task[None] | None = None
        self._live_stock = LiveStock()
        self._tasks: set[asyncio.Task[None]] = set()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start opening what the till holds; requests that come before it is open wait for it."""
        self._starting = loop.create_task(self._start())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer what is queued and close."""
        for task in self._tasks:
            task.cancel()
        if self._till is not None:
            loop.run_until_complete(close_till(self._till))

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answer one request."""
        if self._till is None:
            await self._wait_until_open()
        assert self._till is not None  # noqa: S101 - for the type checker: opened just above
        till = self._till
        address = client_address(
            scope.client, scope.headers.get("x-forwarded-for") or "", till.environment.trusted_proxies
        )
        request = Request(scope, protocol, address)
        started = time.perf_counter()
        try:
            response = await self._route(till, request)
        except HungUp:
            return
        except Exception as error:  # noqa: BLE001 - the outermost: whatever happens, the visitor gets an answer
            response = _failed(request, error)
        if response is None:
            await self._upstream.relay(request, protocol)
            return
        protocol.response_bytes(response.status, response.headers, response.body)
        health.count(request.path, response.status, time.perf_counter() - started)

    async def _route(self, till: Till, request: Request) -> Response | None:
        """Return the till's own answer, or ``None`` if the request is for Django."""
        path = request.path
        if path == "/checkout":
            if request.method != "POST":
                return Response(HTTPStatus.SEE_OTHER, b"", [("location", "/")])
            return await checkout.checkout(till, request)
        if path.startswith(notices.PREFIX):
            return await notices.notice(till, request)
        if path.startswith(orders.PREFIX) and path.endswith(orders.SUFFIX):
            return await orders.status(till, request)
        if path == "/stock":
            return await self._live_stock.answer(till, request)
        if path in health.ROUTES:
            return await health.answer(till, request)
        key = self._pages.key_of(request)
        if key is None:
            return None
        page = self._pages.get(key) or await self._pages.render(key, request)
        return pages.respond(page, request) if isinstance(page, pages.Page) else page

    async def _wait_until_open(self) -> None:
        if self._starting is None:
            self.__rsgi_init__(asyncio.get_running_loop())
        assert self._starting is not None  # noqa: S101 - for the type checker: set just above
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        till = await open_till()
        scheme = "https" if till.environment.secure else "http"
        host = urlsplit(till.environment.site_url).netloc
        self._upstream = Upstream(till.environment.web_socket, scheme, host)
        self._pages = pages.Pages(self._upstream)
        till.exits.push_async_callback(self._upstream.close)
        task = asyncio.get_running_loop().create_task(self._follow_changes(till))
        self._tasks.add(task)
        self._till = till
        # What lives as long as the process need not be looked through for garbage again and again, and what an order
        # leaves behind goes by reference counts: fewer collections are some 5 % less work per order.
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        log.info("till.open", channels=sorted(till.channels))

    async def _follow_changes(self, till: Till) -> None:
        """Forget pages and read channels again when other processes say that they changed."""
        async for tag in pages.listen(till.environment.database_url):
            self._pages.drop(tag)
            if tag in ("", "channels"):
                try:
                    await till.reload_channels()
                except (psycopg.OperationalError, PoolTimeout) as error:
                    log.warning("channels.reload_failed", reason=type(error).__name__)


def _failed(request: Request, error: Exception) -> Response:
    """Return the answer for what was refused or went wrong; only the latter is worth a line with its trace."""
    if isinstance(error, Refusal):
        return refusal_response(error, request.language())
    if isinstance(error, PoolTimeout | psycopg.OperationalError):
        log.error("till.database_unavailable", reason=type(error).__name__)
        return refusal_response(Overloaded(), request.language())
    log.error("till.failed", exc_info=error, path_kind=request.path.split("/")[1][:12])
    return refusal_response(InternalFault(), request.language())


class InternalFault(Refusal):
    """Our mistake; the transaction it happened in was rolled back."""

    code = "internal_fault"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    zh = "我们这边出错了，这一步没有生效，也没有扣款。请再试一次。"
    en = "Our mistake: this step did not happen and you have not been charged. Please try again."


logs.configure()
app = App()
