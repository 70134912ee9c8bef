"""One request and its answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Protocol

from xinka.till.serving.heads import Headers

#: How many bytes of a body may wait for their reader before the sender is told to pause.
_MANY = 256 * 1024
#: Answers without a body, beside those that only announce another (RFC 9110, section 6.4.1).
_BODILESS = frozenset({int(HTTPStatus.NO_CONTENT), int(HTTPStatus.NOT_MODIFIED)})
_FIRST_OF_FINAL = int(HTTPStatus.OK)


class HungUp(Exception):
    """The visitor closed the connection before the request was whole; there is nobody left to answer."""


class Line(Protocol):
    """What an exchange needs of its connection."""

    def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    async def drained(self) -> None:
        """Wait until the visitor has read enough of what was sent; raises ``HungUp``."""
        ...

    def pause_body(self) -> None:
        """Let the visitor wait with the rest of the body."""
        ...

    def resume_body(self) -> None:
        """Read on."""
        ...

    def head(self, status: int, headers: Headers, length: int | None, ready: str = "") -> bytes:
        """Return the head of the answer under way."""
        ...


class Exchange:
    """A request as it comes in, and the means to answer it once."""

    __slots__ = (
        "_gone", "_line", "_parts", "_size", "_waiter", "address", "fields", "is_answered", "is_begun", "is_chunked",
        "is_old", "is_whole", "keep_alive", "method", "path", "query", "rest",
    )  # fmt: skip

    def __init__(self, line: Line, method: str, target: str, fields: dict[bytes, bytes]) -> None:
        self._line = line
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.fields = fields
        self.address = ""
        self.keep_alive = True
        #: Seconds for which the connection is not read after the answer.
        self.rest = 0.0
        self.is_old = False  # HTTP/1.0
        self.is_whole = False
        self.is_begun = False
        self.is_answered = False
        self.is_chunked = False
        self._gone = False
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None

    def receive(self, part: bytes) -> None:
        """Take a part of the body from the wire."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > _MANY:
            self._line.pause_body()
        self._wake()

    def complete(self) -> None:
        """Note that the body is whole."""
        self.is_whole = True
        self._wake()

    def lose(self) -> None:
        """Note that the visitor is gone."""
        self._gone = True
        self._wake()

    def forget(self) -> None:
        """Drop what nobody will read any more."""
        self._parts.clear()
        self._size = 0

    async def read_all(self) -> bytes:
        """Return the whole body; the caller has made sure that it is small. Raises ``HungUp``."""
        while not self.is_whole:
            await self._more()
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    async def is_whole_within(self, size: int) -> bool:
        """Wait until the body is whole or larger than ``size``; return whether it is whole. It stays to be read.

        Raises:
            HungUp: if the visitor is gone before.
        """
        while not self.is_whole and self._size <= size:
            await self._more()
        return self.is_whole

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes. Raises ``HungUp``."""
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._size -= len(part)
                yield part
            if self.is_whole:
                return
            self._line.resume_body()
            await self._more()

    async def _more(self) -> None:
        if self._gone:
            raise HungUp
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
        if self._gone and not self.is_whole:
            raise HungUp

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    def answer(self, status: int, headers: Headers, body: bytes, ready: str = "") -> None:
        """Send a whole answer; ``ready`` are header lines as ``lines_of`` writes them."""
        if self._gone:
            return
        self.is_begun = self.is_answered = True
        silent = status in _BODILESS or status < _FIRST_OF_FINAL
        head = self._line.head(status, headers, None if silent else len(body), ready)
        self._line.write(head if silent or self.method == "HEAD" else head + body)

    def begin(self, status: int, headers: Headers) -> None:
        """Send the head of an answer that comes in parts; without a length it is chunked (RFC 9112, section 7.1)."""
        self.is_begun = True
        has_length = any(name == "content-length" for name, _ in headers)
        self.is_chunked = not has_length and not self.is_old
        if not has_length and self.is_old:
            self.keep_alive = False
        added = [("transfer-encoding", "chunked")] if self.is_chunked else []
        self._line.write(self._line.head(status, [*headers, *added], None))

    async def send(self, part: bytes) -> None:
        """Send a part. Raises ``HungUp``."""
        if self._gone:
            raise HungUp
        if not part or self.method == "HEAD":
            return
        self._line.write(b"%x\r\n%b\r\n" % (len(part), part) if self.is_chunked else part)
        await self._line.drained()

    def end(self) -> None:
        """Finish an answer that came in parts."""
        if self.is_chunked and self.method != "HEAD" and not self._gone:
            self._line.write(b"0\r\n\r\n")
        self.is_answered = True
