"""A visitor's end of a connection to the till's own HTTP, written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from xinka.till.serving.connection import Connection
from xinka.till.serving.edge import Edge
from xinka.till.serving.exchange import Exchange

GET = b"GET /%b HTTP/1.1\r\nHost: shop\r\n\r\n"
Handler = Callable[[Exchange], Awaitable[None]]


async def echo(exchange: Exchange) -> None:
    """Answer with what was asked."""
    body = b"".join([part async for part in exchange.parts()])
    exchange.answer(200, [("x-path", exchange.path), ("x-query", exchange.query)], exchange.method.encode() + body)


class Visitor:
    """A visitor's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)

    async def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """Read one answer: status, headers, body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0")) if has_body else 0
        return int(first.split()[1]), headers, await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Read until the other side closes, in whatever way."""
        said = b""
        with suppress(ConnectionResetError):
            while part := await asyncio.wait_for(self.reader.read(65_536), 10):
                said += part
        return said


@asynccontextmanager
async def serving_at(handler: Handler, **options: Any) -> AsyncIterator[tuple[Edge, Callable[..., Awaitable[Visitor]]]]:
    """Serve on a free port; yields the edge and what opens a connection to it."""
    edge = Edge(handler, **options)
    server = await edge.loop.create_server(lambda: Connection(edge), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    visitors: list[Visitor] = []

    async def visit(source: str = "127.0.0.1") -> Visitor:
        line = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        visitors.append(Visitor(*line))
        return visitors[-1]

    try:
        yield edge, visit
    finally:
        server.close()
        for visitor in visitors:
            visitor.writer.close()
        await edge.drain(1)


def tell(story: Callable[[Callable[..., Awaitable[Visitor]], Edge], Awaitable[None]], handler: Handler = echo) -> None:
    """Run a story of one visitor's."""

    async def run() -> None:
        async with serving_at(handler) as (edge, visit):
            await story(visit, edge)

    asyncio.run(asyncio.wait_for(run(), 30))


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells us of."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
