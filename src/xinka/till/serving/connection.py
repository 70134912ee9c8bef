"""One visitor's connection: requests are read one after another, answered in turn, and nobody is waited for endlessly.

What a visitor may cost is bounded everywhere: the size of a head, the number of headers, how long a head or a body may
take, how much is read ahead, how long an answer may lie unread. What comes after a body (trailers) is read over: a
header that comes when the request is already being judged must not change what it is judged by (RFC 9110, section
6.5.1).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

import httptools

from xinka.kernel.places import place_of, plain_address
from xinka.till.serving.edge import Edge
from xinka.till.serving.exchange import Exchange, HungUp
from xinka.till.serving.heads import PRIVATE, Headers, response_head
from xinka.till.serving.targets import read_target
from xinka.till.serving.worker import Worker

MAX_HEAD = 16 * 1024
MAX_HEADERS = 100
MAX_PIPELINED = 16
HEAD_WITHIN = 15.0
BODY_PAUSE = 30.0
#: Bytes a second below which a body is not waited for: whoever sends a byte now and then holds a place and no more.
BODY_RATE = 500
IDLE_FOR = 75.0
UNREAD_FOR = 60.0
#: How much, and how long, is read of a body that was refused, so that the visitor gets to read why.
DISCARD_BYTES = 32 * 1024 * 1024
DISCARD_FOR = 5.0

_JOINED_BY = {b"cookie": b"; "}
_ONCE = frozenset({b"host", b"content-length", b"content-type", b"origin"})


class Connection(asyncio.Protocol):
    """One connection; httptools calls the ``on_…`` methods while it reads."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._address = ""
        #: Where it comes from: an IPv4 address, or the network of one IPv6 customer.
        self.place = ""
        self._target = b""
        self._fields: dict[bytes, bytes] = {}
        self._head_size = 0
        self._n_headers = 0
        self._is_in_head = False
        #: Bytes read since the last whole head or piece of a body; the parser keeps them all until a header is whole.
        self._n_fruitless = 0
        self._problem: HTTPStatus | None = None
        self._receiving: Exchange | None = None
        self.active: Exchange | None = None
        self._worker = Worker(edge.loop, edge.handler)
        self._queue: deque[Exchange] = deque()
        self._is_reading = True
        self._is_ending = False
        self._discarded = 0
        self._writable: asyncio.Future[None] | None = None
        self.deadline = math.inf

    # ── asyncio's side ────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._address = plain_address(peer[0]) if isinstance(peer, tuple) else ""
        self.place = place_of(self._address)
        if not self._edge.admit(self):
            self._transport.abort()
            return
        self.deadline = self._edge.loop.time() + HEAD_WITHIN

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        if self._is_ending:
            self._discard(len(data))
            return
        if self.active is None and not self._n_fruitless:
            self.deadline = self._edge.loop.time() + HEAD_WITHIN  # for the whole head, however small its pieces
        self._n_fruitless += len(data)
        try:
            self._read(data)
        except httptools.HttpParserError:
            self._problem = self._problem or HTTPStatus.BAD_REQUEST
        if self._n_fruitless > MAX_HEAD:
            self._problem = self._problem or HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if self._problem is not None:
            self._refuse(self._problem)

    def _read(self, data: bytes) -> None:
        """Have the parser read; raises ``HttpParserError``."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            if self._receiving is None:
                self._is_ending = True  # we speak nothing else: the request is answered as it stands, and that is all
            else:
                self._parser = self._parser_of_body()
                self._parser.feed_data(data[wish.args[0] :])

    def _parser_of_body(self) -> Any:
        """Return what reads the body of a request that wishes for another protocol.

        The wish may be passed over (RFC 9110, section 7.8), the body not; httptools reads none after such a head.
        """
        parser = httptools.HttpRequestParser(
            SimpleNamespace(on_body=self.on_body, on_message_complete=self._complete_and_end)
        )
        length = self._fields.get(b"content-length")
        framing = b"transfer-encoding: chunked" if length is None else b"content-length: " + length
        parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
        return parser

    def eof_received(self) -> bool:
        """Whoever half-closes still gets the answer that is under way."""
        if self.active is None or not self.active.is_whole:
            return False
        self._is_ending = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell whoever works for this visitor."""
        self._edge.forget(self)
        self._is_ending = True
        for exchange in (self._receiving, self.active, *self._queue):
            if exchange is not None:
                exchange.lose()
        self._queue.clear()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._worker.wake(self)
        # What is under way goes on: a gateway that hung up told us of money all the same.

    def pause_writing(self) -> None:
        """The visitor reads slower than we write."""
        self._writable = self._edge.loop.create_future()
        self.deadline = self._edge.loop.time() + UNREAD_FOR

    def resume_writing(self) -> None:
        """Go on writing."""
        self.deadline = math.inf
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # ── the parser's side ─────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        """A request begins."""
        self._target, self._fields, self._head_size, self._n_headers = b"", {}, 0, 0
        self._is_in_head = True

    def on_url(self, part: bytes) -> None:
        """Take a part of the target."""
        self._target += part
        self._head_size += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; where one may only come once, twice is a problem (RFC 9112, section 3.2)."""
        self._head_size += len(name) + len(value) + 4
        self._n_headers += 1
        if self._head_size > MAX_HEAD or self._n_headers > MAX_HEADERS:
            self._problem = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            return
        if not self._is_in_head:
            return
        name = name.lower()
        if name in self._fields:
            if name in _ONCE:
                self._problem = HTTPStatus.BAD_REQUEST
                return
            value = self._fields[name] + _JOINED_BY.get(name, b", ") + value
        self._fields[name] = value

    def on_headers_complete(self) -> None:
        """The head is whole: somebody may begin to work on the request while its body comes."""
        self._is_in_head, self._n_fruitless = False, 0
        if self._problem is not None or self._is_ending:
            return
        exchange = self._exchange()
        if exchange is None:
            self._problem = HTTPStatus.BAD_REQUEST
            return
        self._receiving = exchange
        if self.active is None:
            self._begin(exchange)
        else:
            self._queue.append(exchange)
            self._stop_reading()
            if len(self._queue) > MAX_PIPELINED:
                self._problem = HTTPStatus.BAD_REQUEST

    def on_body(self, part: bytes) -> None:
        """Take a part of the body; its sender gets more time for it, as much as its size deserves."""
        self._n_fruitless = 0
        if self._receiving is not None:
            self._receiving.receive(part)
            if self.deadline != math.inf:
                self.deadline = min(self.deadline + len(part) / BODY_RATE, self._edge.loop.time() + BODY_PAUSE)

    def on_message_complete(self) -> None:
        """The request is whole; from now on the time is ours."""
        self._n_fruitless = 0
        if not self._wishes_with_body():
            self._complete()

    def _complete_and_end(self) -> None:
        self._complete()
        self._is_ending = True

    def _wishes_with_body(self) -> bool:
        """Whether the request whose head was just read wishes for another protocol and has a body all the same."""
        if not self._parser.should_upgrade():
            return False
        return b"transfer-encoding" in self._fields or self._fields.get(b"content-length", b"0").strip(b"0") != b""

    def _complete(self) -> None:
        if self._receiving is not None:
            self._receiving.complete()
            if self._receiving is self.active:
                self.deadline = math.inf
            self._receiving = None

    # ── the exchange's side ───────────────────────────────────────────────────────────────────────

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the visitor has read enough; raises ``HungUp``."""
        if self._writable is not None:
            await self._writable
        if self._transport.is_closing():
            raise HungUp

    def pause_body(self) -> None:
        """Let the visitor wait with the rest."""
        self._stop_reading()
        self.deadline = math.inf

    def resume_body(self) -> None:
        """Read on."""
        if not self._is_reading:
            self._read_on()
            self.deadline = self._edge.loop.time() + BODY_PAUSE

    def head(self, status: int, headers: Headers, length: int | None, ready: str = "") -> bytes:
        """Return the head of the answer under way."""
        return response_head(status, headers, length, is_last=self.is_last(), always=self._edge.always, ready=ready)

    def is_last(self) -> bool:
        """Whether this connection ends after the exchange under way."""
        active = self.active
        return self._is_ending or self._edge.is_closing or active is None or not (active.keep_alive and active.is_whole)

    # ── between them ──────────────────────────────────────────────────────────────────────────────

    def _exchange(self) -> Exchange | None:
        """Return the exchange that the head asks for, if it is one we can answer."""
        parser, fields = self._parser, self._fields
        version, found = parser.get_http_version(), read_target(self._target)
        old = version == "1.0"
        if found is None or not (old or (version == "1.1" and b"host" in fields)):
            return None
        # Anything but chunks is a coding we do not undo, and to HTTP/1.0 there was none (RFC 9112, section 6.1).
        if b"transfer-encoding" in fields and (old or fields[b"transfer-encoding"].lower() != b"chunked"):
            return None
        target, host = found
        if host:
            fields[b"host"] = host.encode()  # what a header says instead does not count (RFC 9112, section 3.2.2)
        exchange = Exchange(self, parser.get_method().decode("ascii"), target, fields)
        exchange.address = self._address
        exchange.keep_alive = parser.should_keep_alive() and not self._wishes_with_body()
        exchange.is_old = old
        if fields.get(b"expect", b"").lower() == b"100-continue" and not old and self.active is None:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return exchange

    def _begin(self, exchange: Exchange) -> None:
        self.active = exchange
        self.deadline = math.inf if exchange.is_whole else self._edge.loop.time() + BODY_PAUSE
        if not exchange.is_whole:
            self._read_on()
        self._worker.wake(self)

    def is_over(self) -> bool:
        """Whether no request will come any more."""
        return self._transport.is_closing()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def finish(self, exchange: Exchange) -> None:
        """Go on with the next request, or end the connection, as the answer has announced."""
        if self._transport.is_closing():
            self.active = None
            return
        if not exchange.is_answered:
            self.active = None  # or its worker would begin it again
            self._transport.abort()  # half an answer: a closed connection says so, silence would not
            return
        last = self.is_last()
        self.active = None
        if not exchange.is_whole:
            self._is_ending = True
            exchange.forget()
            self._receiving = None
            self.deadline = self._edge.loop.time() + DISCARD_FOR
            self._transport.write_eof()
            self._read_on()
        elif last:
            self._transport.close()
        elif self._queue:
            self._begin(self._queue.popleft())
        else:
            self._head_size = 0
            self.deadline = self._edge.loop.time() + IDLE_FOR
            if exchange.rest:
                self._stop_reading()
                self._edge.loop.call_later(exchange.rest, self._read_on)
            else:
                self._read_on()

    def _discard(self, n_bytes: int) -> None:
        """Read over what belongs to a request that has its refusal already."""
        self._discarded += n_bytes
        if self.active is None and self._discarded > DISCARD_BYTES:
            self._transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what is no request, and end the connection."""
        self._is_ending = True
        active = self.active
        if active is None or not (active.is_whole or active.is_begun):
            self._write_refusal(status)
            self._transport.close()
        if active is not None and not active.is_whole:
            active.lose()

    def _write_refusal(self, status: HTTPStatus) -> None:
        if self._edge.on_refusal is not None:
            self._edge.on_refusal(status, self._address)
        self.write(response_head(status, [], 0, is_last=True, always=self._edge.always, ready=PRIVATE))

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._transport.pause_reading()

    def _read_on(self) -> None:
        if not self._is_reading and not self._transport.is_closing():
            self._is_reading = True
            self._transport.resume_reading()

    def is_worked_for(self) -> bool:
        """Whether there is a whole request on it that is being answered."""
        return self.active is not None and self.active.is_whole

    def close_if_idle(self) -> None:
        """Close it unless a request is under way."""
        if self.active is None:
            self._transport.close()

    def give_up(self) -> None:
        """Its time is over: close it, saying so if a request was on its way."""
        if self._receiving is None and self.active is None and self._head_size and not self._is_ending:
            self._write_refusal(HTTPStatus.REQUEST_TIMEOUT)
            self._transport.close()
        else:
            self._transport.abort()
