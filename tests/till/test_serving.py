"""The till's own HTTP: requests in turn, bounds on everything, and nothing that two readers could read in two ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from xinka.till.serving import connection as serving
from xinka.till.serving.connection import Connection, Edge
from xinka.till.serving.exchange import Exchange, HungUp
from xinka.till.serving.heads import response_head

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
async def serving_at(handler: Handler, **options: Any) -> AsyncIterator[tuple[Edge, Callable[[], Awaitable[Visitor]]]]:
    """Serve on a free port; yields the edge and what opens a connection to it."""
    edge = Edge(handler, **options)
    server = await edge.loop.create_server(lambda: Connection(edge), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    visitors: list[Visitor] = []

    async def visit() -> Visitor:
        visitors.append(Visitor(*await asyncio.open_connection("127.0.0.1", port)))
        return visitors[-1]

    try:
        yield edge, visit
    finally:
        server.close()
        for visitor in visitors:
            visitor.writer.close()
        await edge.drain(1)


def tell(story: Callable[[Callable[[], Awaitable[Visitor]], Edge], Awaitable[None]], handler: Handler = echo) -> None:
    """Run a story of one visitor's."""

    async def run() -> None:
        async with serving_at(handler) as (edge, visit):
            await story(visit, edge)

    asyncio.run(asyncio.wait_for(run(), 30))


def test_requests_of_one_connection_are_answered_in_their_order_however_they_arrive() -> None:
    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(b"".join(GET % f"{n}?q={n}".encode() for n in range(9)))
        answers = [await visitor.answer() for _ in range(9)]
        assert [(status, headers["x-path"], headers["x-query"], body) for status, headers, body in answers] == [
            (200, f"/{n}", f"q={n}", b"GET") for n in range(9)
        ]
        for byte in GET % b"slow":
            visitor.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await visitor.answer())[1]["x-path"] == "/slow"

    tell(story)


def test_a_slow_answer_is_not_overtaken() -> None:
    async def first_sleeps(exchange: Exchange) -> None:
        await asyncio.sleep(0.05 if exchange.path == "/0" else 0)
        await echo(exchange)

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(GET % b"0" + GET % b"1")
        assert [(await visitor.answer())[1]["x-path"] for _ in range(2)] == ["/0", "/1"]

    tell(story, first_sleeps)


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"],
)
def test_a_body_comes_whole_in_either_framing(body: bytes) -> None:
    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        for _ in range(2):
            visitor.send(b"POST /x HTTP/1.1\r\nHost: shop\r\n" + body)
            assert (await visitor.answer())[2] == b"POSThello"

    tell(story)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: shop\r\nHost: other\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : shop\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: shop\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: shop\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET shop HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"CONNECT shop:443 HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: shop\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS greeting",
    ],
)
def test_what_could_be_read_in_two_ways_or_in_none_is_refused_and_ends_the_connection(request_bytes: bytes) -> None:
    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(request_bytes + GET % b"smuggled")
        said = await visitor.rest()
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"smuggled" not in said
        assert b"connection: close" in said

    tell(story)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /%b HTTP/1.1\r\nHost: shop\r\n\r\n" % (b"a" * 20_000),
        b"GET / HTTP/1.1\r\nHost: shop\r\nX: %b\r\n\r\n" % (b"a" * 20_000),
        b"GET / HTTP/1.1\r\nHost: shop\r\n%b\r\n" % b"".join(b"X-%d: 1\r\n" % n for n in range(101)),
    ],
)
def test_a_head_too_large_is_refused(request_bytes: bytes) -> None:
    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(request_bytes)
        assert (await visitor.rest()).startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 414 "))

    tell(story)


def test_many_requests_ahead_of_their_answers_are_not_kept() -> None:
    async def never(_: Exchange) -> None:
        await asyncio.sleep(10)

    async def story(visit: Any, edge: Edge) -> None:
        visitor = await visit()
        visitor.send((GET % b"x") * 5_000)
        await asyncio.sleep(0.1)
        (connection,) = edge.connections
        assert len(connection._queue) <= serving.MAX_PIPELINED + 1

    tell(story, never)


def test_older_visitors_and_those_who_want_to_leave_are_let_go() -> None:
    async def story(visit: Any, _edge: Edge) -> None:
        for request in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"):
            visitor = await visit()
            visitor.send(request)
            _, headers, _ = await visitor.answer()
            assert headers["connection"] == "close"
            assert await visitor.rest() == b""

    tell(story)


def test_a_visitor_who_half_closes_still_gets_the_answer() -> None:
    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        await echo(exchange)

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(GET % b"x")
        visitor.writer.write_eof()
        assert (await visitor.answer())[0] == 200

    tell(story, late)


def test_heads_have_no_body_and_absolute_targets_and_upgrades_are_ordinary_requests() -> None:
    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(b"HEAD /x HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert (await visitor.answer(has_body=False))[1]["content-length"] == "4"
        visitor.send(b"GET http://shop/y?z HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert (await visitor.answer())[1]["x-path"] == "/y"
        visitor.send(b"GET /w HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        status, headers, _ = await visitor.answer()
        assert (status, headers["connection"]) == (200, "close")

    tell(story)


def test_who_asks_first_is_told_to_go_on_and_who_is_refused_gets_to_read_why() -> None:
    async def refuse(exchange: Exchange) -> None:
        exchange.answer(413, [], b"too large")

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10000000\r\nExpect: 100-continue\r\n\r\n")
        assert (await visitor.answer())[0] == 100
        for _ in range(100):
            visitor.send(b"x" * 100_000)
        status, headers, body = await visitor.answer()
        assert (status, headers["connection"], body) == (413, "close", b"too large")
        assert await visitor.rest() == b""

    tell(story, refuse)


def test_an_answer_in_parts_is_chunked_and_half_an_answer_never_looks_whole() -> None:
    async def in_parts(exchange: Exchange) -> None:
        exchange.begin(200, [])
        await exchange.send(b"one")
        await exchange.send(b"two")
        if exchange.path == "/broken":
            return
        exchange.end()

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(GET % b"whole")
        await visitor.answer()
        assert await visitor.reader.readexactly(21) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
        visitor.send(GET % b"broken")
        assert not (await visitor.rest()).endswith(b"0\r\n\r\n")

    tell(story, in_parts)


def test_who_is_slow_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_WITHIN", 0.1)
    monkeypatch.setattr(serving, "BODY_PAUSE", 0.1)
    monkeypatch.setattr(serving, "IDLE_FOR", 0.1)

    async def story(visit: Any, edge: Edge) -> None:
        edge.sweep()
        half_a_head, half_a_body, idle = await visit(), await visit(), await visit()
        half_a_head.send(b"GET / HTTP/1.1\r\nHost:")
        half_a_body.send(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhal")
        idle.send(GET % b"x")
        assert (await idle.answer())[0] == 200
        assert (await half_a_head.rest()).startswith(b"HTTP/1.1 408 ")
        assert await idle.rest() == b""
        assert await half_a_body.rest() == b""
        assert edge.connections == set()

    tell(story)


def test_who_does_not_read_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "UNREAD_FOR", 0.1)
    sent = 0

    async def endless(exchange: Exchange) -> None:
        nonlocal sent
        exchange.begin(200, [])
        while True:
            await exchange.send(b"x" * 65_536)
            sent += 65_536

    async def story(visit: Any, edge: Edge) -> None:
        edge.sweep()
        visitor = await visit()
        visitor.send(GET % b"x")
        await asyncio.wait_for(edge._drained.wait(), 10)
        assert sent < 20_000_000

    tell(story, endless)


def test_a_body_is_read_no_faster_than_it_is_used() -> None:
    held: list[int] = []

    async def slow(exchange: Exchange) -> None:
        async for _ in exchange.parts():
            held.append(exchange._size)
            await asyncio.sleep(0)
        exchange.answer(200, [], b"done")

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 8000000\r\n\r\n" + b"x" * 8_000_000)
        assert (await visitor.answer())[2] == b"done"
        assert max(held) < 1_000_000

    tell(story, slow)


def test_the_work_of_a_visitor_who_hung_up_goes_on_but_reading_from_him_ends() -> None:
    ends: list[str] = []

    async def handler(exchange: Exchange) -> None:
        try:
            async for _ in exchange.parts():
                pass
            await asyncio.sleep(0.1)
            ends.append("done")
        except HungUp:
            ends.append("hung up")
            raise

    async def story(visit: Any, edge: Edge) -> None:
        whole, half = await visit(), await visit()
        whole.send(GET % b"x")
        half.send(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhal")
        await asyncio.sleep(0.02)
        whole.writer.close()
        half.writer.close()
        await asyncio.sleep(0.2)
        assert sorted(ends) == ["done", "hung up"]
        assert edge.connections == set()

    tell(story, handler)


def test_no_more_connections_than_allowed() -> None:
    async def run() -> None:
        async with serving_at(echo, max_connections=2) as (edge, visit):
            for _ in range(2):
                visitor = await visit()
                visitor.send(GET % b"x")
                assert (await visitor.answer())[0] == 200
            third = await visit()
            assert await third.rest() == b""
            assert len(edge.connections) == 2

    asyncio.run(run())


def test_at_the_end_what_is_under_way_is_answered() -> None:
    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(0.1)
        await echo(exchange)

    async def story(visit: Any, edge: Edge) -> None:
        busy, idle = await visit(), await visit()
        busy.send(GET % b"x")
        await asyncio.sleep(0.02)
        await edge.drain(5)
        status, headers, _ = await busy.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await idle.rest() == b""

    tell(story, late)


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x=1", "a\nb", "a\rb"])
def test_no_header_can_bring_another(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        response_head(200, [("location", value)], 0, is_last=False)
