"""The little HTTP client with which providers call gateways: asyncio and h11, connections that stay open.

A general client costs the till fifteen megabytes and a millisecond per question, and writes addresses into the log,
where some protocols put keys. This one has no redirects, no decompression, no proxies and no log.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import certifi
import h11

from xinka.kernel.errors import ProviderError

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
MAX_REPLY_BYTES = 64 * 1024
_MAX_HEAD_BYTES = 16 * 1024
_MOST_IDLE = 32


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to a gateway; ``query`` and ``form`` may hold the key and are never printed."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, already capped in size."""

    status: int
    body: bytes = field(repr=False)


class _Connection:
    """One open connection, used for one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self.heard = False

    async def exchange(self, request: h11.Request, body: bytes) -> Reply:
        """Say one request and read its answer; ``heard`` tells whether anything came back."""
        self.heard = False
        parts = [self._state.send(request), self._state.send(h11.Data(body)) if body else b""]
        self._writer.write(b"".join(part for part in parts if part) + (self._state.send(h11.EndOfMessage()) or b""))
        status, received = 0, bytearray()
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                received += event.data
                if len(received) > MAX_REPLY_BYTES:
                    raise ProviderError("the gateway's answer is too large")
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError
        return Reply(status, bytes(received))

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(MAX_REPLY_BYTES)
            self.heard = self.heard or bool(data)
            self._state.receive_data(data)
        return event

    def is_reusable(self) -> bool:
        """Whether the next call may use this connection, which is then ready for it."""
        if self._state.our_state is h11.DONE and self._state.their_state is h11.DONE:
            self._state.start_next_cycle()
            return True
        return False

    def is_stale(self) -> bool:
        """Whether the gateway has hung up in the meantime."""
        return self._reader.at_eof() or self._writer.is_closing()

    def abort(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class HttpClient:
    """Calls of one event loop to one gateway; an async context manager closes what is left open."""

    def __init__(self, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._total_seconds = total_seconds
        self._idle: list[_Connection] = []

    async def close(self) -> None:
        """Close every connection."""
        while self._idle:
            await self._idle.pop().close()

    async def call(self, call: Call) -> Reply:
        """Make one call; raises ``ProviderError`` if no whole answer came within the total time."""
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._try(call)
        except (h11.ProtocolError, OSError, TimeoutError, UnicodeError) as error:
            raise ProviderError(f"the gateway could not be reached ({type(error).__name__})") from None

    async def _try(self, call: Call) -> Reply:
        """Use an idle connection for a question; anything that moves money gets one of its own."""
        target = urlsplit(call.url)
        request, body = _request(call, target)
        while call.method == "GET" and self._idle:
            connection = self._idle.pop()
            if connection.is_stale():
                await connection.close()
                continue
            try:
                return await self._use(connection, request, body)
            except (h11.RemoteProtocolError, OSError):
                if connection.heard:
                    raise  # hung up in the middle of an answer; before it, another connection may do
        return await self._use(await _connect(target), request, body)

    async def _use(self, connection: _Connection, request: h11.Request, body: bytes) -> Reply:
        whole = False
        try:
            reply = await connection.exchange(request, body)
            whole = True
        finally:
            if not whole:
                connection.abort()
        if len(self._idle) < _MOST_IDLE and connection.is_reusable():
            self._idle.append(connection)
        else:
            await connection.close()
        return reply


def _request(call: Call, target: SplitResult) -> tuple[h11.Request, bytes]:
    path = quote(target.path or "/", safe="/%")
    body = urlencode(call.form).encode() if call.form else b""
    headers = [
        ("Host", target.netloc.encode("idna").decode()),
        ("User-Agent", "Xinka"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
    ]
    if call.method == "POST":
        headers += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
    line = f"{path}?{urlencode(call.query)}" if call.query else path
    return h11.Request(method=call.method, target=line, headers=headers), body


async def _connect(target: SplitResult) -> _Connection:
    secure = target.scheme == "https"
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(
            target.hostname, target.port or (443 if secure else 80), ssl=_trusted() if secure else None
        )
    return _Connection(reader, writer)


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates we trust, read once: this machine's own and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
