"""The till's own HTTP: requests in turn, bounds on everything, and nothing that two readers could read in two ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.till.visiting import GET, echo, tell, until
from xinka.till.serving.edge import Edge
from xinka.till.serving.exchange import Exchange, HungUp
from xinka.till.serving.heads import SAFE, response_head


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


def test_whoever_was_turned_away_is_not_read_again_at_once_and_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    later: list[Any] = []

    async def turn_away(exchange: Exchange) -> None:
        seen.append(exchange.path)
        exchange.rest = 5.0 if exchange.path == "/first" else 0.0
        await echo(exchange)

    async def story(visit: Any, edge: Edge) -> None:
        call_later = edge.loop.call_later
        monkeypatch.setattr(
            edge.loop, "call_later", lambda s, f, *a: later.append(f) if s == 5.0 else call_later(s, f, *a)
        )
        visitor, other = await visit(), await visit()
        visitor.send(GET % b"first")
        assert (await visitor.answer())[0] == 200, "it hears at once"
        visitor.send(GET % b"again")
        for _ in range(3):
            other.send(GET % b"other")
            await other.answer()
        assert seen == ["/first", *["/other"] * 3]
        (read_on,) = later
        read_on()
        assert (await visitor.answer())[1]["x-path"] == "/again"

    tell(story, turn_away)


def test_nobody_works_on_for_a_visitor_who_is_gone() -> None:
    held = asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        if exchange.path == "/held":
            await held.wait()
        await echo(exchange)

    async def story(visit: Any, edge: Edge) -> None:
        before = len(asyncio.all_tasks())
        resting, waiting, fresh = [await visit() for _ in range(3)]
        for visitor, path in ((resting, b"one"), (resting, b"two"), (waiting, b"held")):
            visitor.send(GET % path)
            if visitor is resting:
                await visitor.answer()
        await until(lambda: len(asyncio.all_tasks()) == before + 2)
        for visitor in (resting, waiting, fresh):
            visitor.writer.close()
        held.set()
        await until(lambda: len(asyncio.all_tasks()) == before and not edge.connections)

    tell(story, waits)


@pytest.mark.parametrize("fault", [None, HungUp, RuntimeError])
def test_what_ended_in_half_an_answer_is_not_begun_again(fault: type[Exception] | None) -> None:
    begun: list[str] = []

    async def stops(exchange: Exchange) -> None:
        begun.append(exchange.path)
        exchange.begin(200, [("content-length", "9")])
        await exchange.send(b"half")
        if fault is not None:
            raise fault

    async def story(visit: Any, edge: Edge) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        visitor = await visit()
        visitor.send(GET % b"once")
        assert (await visitor.rest()).startswith(b"HTTP/1.1 200")
        await until(lambda: not edge.connections)
        await asyncio.sleep(0.05)
        assert begun == ["/once"]

    tell(story, stops)


def test_a_fault_in_one_answer_ends_its_connection_and_no_other() -> None:
    async def breaks(exchange: Exchange) -> None:
        if exchange.path == "/broken":
            raise RuntimeError("a fault of ours")
        await echo(exchange)

    async def story(visit: Any, _edge: Edge) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        one, other = await visit(), await visit()
        other.send(GET % b"0")
        assert (await other.answer())[0] == 200
        one.send(GET % b"broken" + GET % b"next")
        assert await one.rest() == b""
        other.send(GET % b"1")
        assert (await other.answer())[1]["x-path"] == "/1"

    tell(story, breaks)


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
        b"GET / HTTP/2.0\r\nHost: shop\r\n\r\n",
        b"GET / HTTP/0.9\r\nHost: shop\r\n\r\n",
        b"GET /\r\nHost: shop\r\n\r\n",
        b"GET /#part HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"GET http://shop@other/ HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"GET http:///x HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nHost: shop\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
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
        for name, value in SAFE:
            assert f"{name}: {value}\r\n".encode() in said

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


async def told_late(exchange: Exchange) -> None:
    """Answer with the headers as they are when the body is whole."""
    _ = [part async for part in exchange.parts()]
    exchange.answer(200, [], repr(sorted(exchange.fields)).encode())


def test_what_comes_after_a_body_is_no_header_and_changes_nothing() -> None:
    start = b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nTrailer: X-Forwarded-For\r\n\r\n"
    late = b"X-Forwarded-For: 203.0.113.66\r\nHost: evil\r\nCookie: xk_order=1\r\nX-Empty:\r\n\r\n"

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        for _ in range(2):
            visitor.send(start + b"2\r\nhi\r\n0\r\n" + late)
            assert (await visitor.answer())[2] == b"[b'host', b'trailer', b'transfer-encoding']"
        visitor.send(GET % b"x")
        assert (await visitor.answer())[2] == b"[b'host']"

    tell(story, told_late)


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


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"http://shop/y?z", "/y", "z"),
        (b"HTTP://shop/y", "/y", ""),
        (b"https://shop", "/", ""),
        (b"http://shop?from=/y", "/", "from=/y"),
    ],
)
def test_the_absolute_form_is_read_to_where_its_host_ends_and_its_host_is_the_one_that_counts(
    target: bytes, path: str, query: str
) -> None:
    async def whose(exchange: Exchange) -> None:
        exchange.answer(200, [("x-path", exchange.path), ("x-query", exchange.query)], exchange.fields[b"host"])

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(b"GET %b HTTP/1.1\r\nHost: other\r\n\r\n" % target)
        _, headers, host = await visitor.answer()
        assert (headers["x-path"], headers["x-query"], host) == (path, query, b"shop")

    tell(story, whose)


@pytest.mark.parametrize("n_pieces", [1, 3, 1000])
@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"],
)
def test_who_wishes_for_another_protocol_is_heard_to_the_end_of_the_body(body: bytes, n_pieces: int) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        said = head + body
        for start in range(0, len(said), size := -(-len(said) // n_pieces)):
            visitor.send(said[start : start + size])
            await asyncio.sleep(0)
        visitor.send(GET % b"smuggled")
        status, headers, answered = await visitor.answer()
        assert (status, headers["connection"], answered) == (200, "close", b"POSThello")
        assert await visitor.rest() == b""

    tell(story)


@pytest.mark.parametrize("said", [b"Expect: 100-continue\r\n", b"Expect: another\r\n"])
def test_nobody_is_told_to_go_on_who_would_not_understand_it(said: bytes) -> None:
    version = b"1.0" if b"100" in said else b"1.1"

    async def story(visit: Any, _edge: Edge) -> None:
        visitor = await visit()
        visitor.send(b"POST /x HTTP/%b\r\nHost: shop\r\nContent-Length: 2\r\n%b\r\nhi" % (version, said))
        assert (await visitor.answer())[::2] == (200, b"POSThi")

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
        async with asyncio.timeout(30):
            while len(ends) < 2 or edge.connections:  # noqa: ASYNC110 - there is no event for a connection that went
                await asyncio.sleep(0.01)
        assert sorted(ends) == ["done", "hung up"]

    tell(story, handler)


def test_at_the_end_what_is_under_way_is_answered() -> None:
    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(0.1)
        await echo(exchange)

    async def story(visit: Any, edge: Edge) -> None:
        busy, idle = await visit(), await visit()
        busy.send(GET % b"x")
        await asyncio.sleep(0.02)
        await edge.drain(30)
        status, headers, _ = await busy.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await idle.rest() == b""

    tell(story, late)


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x=1", "a\nb", "a\rb"])
def test_no_header_can_bring_another(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        response_head(200, [("location", value)], 0, is_last=False)
