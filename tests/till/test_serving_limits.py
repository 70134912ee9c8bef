"""What one visitor may cost the till: memory, time and places are bounded, and nobody is kept out by somebody else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.till.visiting import GET, echo, serving_at, tell
from xinka.till.serving import connection as serving
from xinka.till.serving.edge import Edge
from xinka.till.serving.exchange import Exchange

ENDLESS = [
    b"GET /",
    b"GET / HTTP/1.1\r\nHost: shop\r\nX",
    b"GET / HTTP/1.1\r\nHost: shop\r\nX: ",
    b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5;x=",
]


@pytest.mark.parametrize("start", ENDLESS)
def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory(start: bytes) -> None:
    async def story(visit: Any, edge: Edge) -> None:
        visitor = await visit()
        visitor.send(start)
        sent = 0
        with suppress(ConnectionError):
            while edge.connections and sent < 64_000_000:
                visitor.send(b"a" * 65_536)
                sent += 65_536
                await visitor.writer.drain()
        assert sent < 32_000_000
        assert edge.connections == set()

    tell(story)


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"GET / HTTP/1.1\r\nHost: shop\r\nX: ", b"a"),
        (b"GET / HTTP/1.1\r\nHost: shop\r\n", b"X: a\r\n"),
        (b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\n", b"a"),
        (b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
)
def test_who_sends_a_little_now_and_then_is_not_waited_for_either(
    monkeypatch: pytest.MonkeyPatch, start: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(serving, "HEAD_WITHIN", 0.3)
    monkeypatch.setattr(serving, "BODY_PAUSE", 0.3)

    async def story(visit: Any, edge: Edge) -> None:
        edge.sweep()
        visitor = await visit()
        visitor.send(start)
        n_drops = 0
        while edge.connections or not n_drops:
            await asyncio.sleep(0.05)
            visitor.send(drop)
            n_drops += 1
            assert n_drops < 100, "waited for five seconds, where not even one was allowed"

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


def test_whoever_opens_all_connections_there_are_keeps_nobody_else_out() -> None:
    async def run() -> None:
        async with serving_at(echo, max_connections=4) as (edge, visit):
            greedy = [await visit("127.0.0.9") for _ in range(4)]
            greedy[0].send(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n")
            for n in (1, 2):
                visitor = await visit(f"127.0.1.{n}")
                visitor.send(GET % b"x")
                assert (await visitor.answer())[0] == 200
            assert await (await visit("127.0.0.9")).rest() == b""
            assert sorted(one.place for one in edge.connections) == ["127.0.0.9", "127.0.0.9", "127.0.1.1", "127.0.1.2"]
            assert len(edge._of_place) == 3

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_request_that_is_being_answered_gives_way_to_nobody() -> None:
    async def run() -> None:
        going_on = asyncio.Event()

        async def slow(exchange: Exchange) -> None:
            await going_on.wait()
            exchange.answer(200, [], b"")

        async with serving_at(slow, max_connections=2) as (_, visit):
            busy = [await visit("127.0.0.9") for _ in range(2)]
            for one in busy:
                one.send(GET % b"x")
            await asyncio.sleep(0.05)
            assert await (await visit("127.0.1.1")).rest() == b""
            going_on.set()
            assert [(await one.answer())[0] for one in busy] == [200, 200]

    asyncio.run(asyncio.wait_for(run(), 30))
