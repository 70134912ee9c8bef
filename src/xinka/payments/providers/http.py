"""The little HTTP client with which providers call gateways: asyncio and h11, connections that stay open.

``HttpClient.call`` is for an event loop, ``ask`` for code without one; ``download`` streams a bill into a file.

A general client costs the till fifteen megabytes and a millisecond per question, and writes addresses into the log,
where some protocols put keys. This one has no redirects, no decompression, no proxies and no log.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import certifi
import h11

from xinka.kernel.errors import ProviderError

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
MAX_REPLY_BYTES = 64 * 1024
#: A bill of a million lines has about three hundred bytes a line.
MAX_BILL_BYTES = 512 * 1024 * 1024
BILL_SECONDS = 600.0
_MAX_HEAD_BYTES = 16 * 1024
_MOST_IDLE = 32


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to a gateway; whatever may hold a key or a signature is never printed.

    The query is what ``url`` has, as it is written there, and then ``query``. The body is ``content`` or ``form``.
    """

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, already capped in size; the names of ``headers`` are in lower case."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was streamed to where it is wanted: its size, and its hash in lower-case hexadecimal."""

    size: int
    digest: str


#: Gets the status of the answer and each piece of its body.
_Take = Callable[[int, bytes], None]


class _Connection:
    """One open connection, used for one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self.heard = False

    async def exchange(self, request: h11.Request, body: bytes, take: _Take) -> tuple[int, dict[str, str]]:
        """Say one request and read its answer; ``heard`` tells whether anything came back."""
        self.heard = False
        parts = [self._state.send(request), self._state.send(h11.Data(body)) if body else b""]
        self._writer.write(b"".join(part for part in parts if part) + (self._state.send(h11.EndOfMessage()) or b""))
        status, headers = 0, dict[str, str]()
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status, headers = event.status_code, _headers_of(event)
            elif isinstance(event, h11.Data):
                take(status, bytes(event.data))
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError
        return status, headers

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

    def __init__(self, *, total_seconds: float = TOTAL_SECONDS, max_reply_bytes: int = MAX_REPLY_BYTES) -> None:
        self._total_seconds = total_seconds
        self._max_reply_bytes = max_reply_bytes
        self._idle: list[_Connection] = []

    async def close(self) -> None:
        """Close every connection."""
        while self._idle:
            await self._idle.pop().close()

    async def call(self, call: Call) -> Reply:
        """Make one call; raises ``ProviderError`` if no whole answer came within the total time."""
        pieces = bytearray()

        def take(_status: int, data: bytes) -> None:
            pieces.extend(data)
            if len(pieces) > self._max_reply_bytes:
                raise ProviderError("the gateway's answer is too large")

        status, headers = await self._within(self._total_seconds, call, take)
        return Reply(status, bytes(pieces), headers)

    async def download(
        self, call: Call, into: BinaryIO, *, max_bytes: int = MAX_BILL_BYTES, algorithm: str = "sha256"
    ) -> Download:
        """Write the answer of one call into a file, piece by piece; raises ``ProviderError`` unless it is a whole 200.

        The hash is made on the way, for gateways that announce it: read the file only once both agree.
        """
        digest = hashlib.new(algorithm, usedforsecurity=False)  # the gateway prescribes which, even SHA-1
        size = 0

        def take(status: int, data: bytes) -> None:
            nonlocal size
            size += len(data)
            if size > max_bytes:
                raise ProviderError("the gateway's file is too large", permanent=True)
            if status == HTTPStatus.OK:
                digest.update(data)
                into.write(data)

        status, _ = await self._within(BILL_SECONDS, call, take)
        if status != HTTPStatus.OK:
            raise ProviderError("the gateway answered without a file", quote=f"HTTP {status}")
        return Download(size, digest.hexdigest())

    async def _within(self, seconds: float, call: Call, take: _Take) -> tuple[int, dict[str, str]]:
        try:
            async with asyncio.timeout(seconds):
                return await self._try(call, take)
        except ssl.SSLCertVerificationError as error:
            # It also "has expired", or "is not yet valid", where the clock of this machine is wrong.
            raise ProviderError("the gateway's certificate is not valid", quote=error.verify_message) from None
        except socket.gaierror as error:
            raise ProviderError("the gateway's host name is not known", quote=error.strerror or "") from None
        except (h11.ProtocolError, OSError, TimeoutError, UnicodeError) as error:
            raise ProviderError("the gateway could not be reached", quote=type(error).__name__) from None

    async def _try(self, call: Call, take: _Take) -> tuple[int, dict[str, str]]:
        """Use an idle connection for a question; anything that moves money gets one of its own."""
        target = urlsplit(call.url)
        request, body = _request(call, target)
        while call.method == "GET" and self._idle:
            connection = self._idle.pop()
            if connection.is_stale():
                await connection.close()
                continue
            try:
                return await self._use(connection, request, body, take)
            except (h11.RemoteProtocolError, OSError):
                if connection.heard:
                    raise  # hung up in the middle of an answer; before it, another connection may do
        return await self._use(await _connect(target), request, body, take)

    async def _use(
        self, connection: _Connection, request: h11.Request, body: bytes, take: _Take
    ) -> tuple[int, dict[str, str]]:
        whole = False
        try:
            found = await connection.exchange(request, body, take)
            whole = True
        finally:
            if not whole:
                connection.abort()
        if len(self._idle) < _MOST_IDLE and connection.is_reusable():
            self._idle.append(connection)
        else:
            await connection.close()
        return found


def ask(call: Call, *, total_seconds: float = TOTAL_SECONDS, max_reply_bytes: int = MAX_REPLY_BYTES) -> Reply:
    """Make one call from code without an event loop, over a connection of its own."""

    async def once() -> Reply:
        client = HttpClient(total_seconds=total_seconds, max_reply_bytes=max_reply_bytes)
        try:
            return await client.call(call)
        finally:
            await client.close()

    return asyncio.run(once())


def download(call: Call, into: BinaryIO, *, max_bytes: int = MAX_BILL_BYTES, algorithm: str = "sha256") -> Download:
    """As ``HttpClient.download``, from code without an event loop."""

    async def once() -> Download:
        client = HttpClient()
        try:
            return await client.download(call, into, max_bytes=max_bytes, algorithm=algorithm)
        finally:
            await client.close()

    return asyncio.run(once())


def _request(call: Call, target: SplitResult) -> tuple[h11.Request, bytes]:
    path = quote(target.path or "/", safe="/%:@!$&'()*+,;=~")
    query = "&".join(part for part in (quote(target.query, safe="%/?:@!$&'()*+,;=~"), urlencode(call.query)) if part)
    body = call.content or (urlencode(call.form).encode() if call.form else b"")
    headers = {
        "host": target.netloc.rpartition("@")[2].encode("idna").decode(),
        "user-agent": "Xinka",
        "accept": "application/json",
        "accept-encoding": "identity",
    }
    if body or call.method in ("POST", "PUT", "PATCH"):
        headers["content-type"] = "application/json" if call.content else "application/x-www-form-urlencoded"
        headers["content-length"] = str(len(body))
    headers |= {name.lower(): value for name, value in call.headers.items()}
    line = f"{path}?{query}" if query else path
    return h11.Request(method=call.method, target=line, headers=list(headers.items())), body


def _headers_of(response: h11.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("ascii"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


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
