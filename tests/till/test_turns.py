"""Who asks for much waits by himself: pages are made for one place after another, and not without end for any."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.till.visiting import GET, serving_at
from xinka.till import pages, turns
from xinka.till.http import Request
from xinka.till.serving.exchange import Exchange
from xinka.till.turns import Allowance, ManyAreHere, TooManyPages, Turns
from xinka.till.upstream import Upstream

SLOW = 0.05
SCHOOL, HOME, EVE = "127.0.0.1", "127.0.0.2", "127.0.0.66"


class SlowDjango:
    """A Django that makes so many pages at a time, each in a twentieth of a second, and tells what it made for whom."""

    def __init__(self, n_threads: int) -> None:
        self.threads = asyncio.Semaphore(n_threads)
        self.made: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after another."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                async with self.threads:
                    await asyncio.sleep(SLOW)
                self.made.append(head.partition("x-xinka-client: ")[2].partition("\r\n")[0])
                mark = b"X-Xinka-Cache: all\r\n" if head.startswith("get /p/") else b""
                writer.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: 2\r\n\r\nok" % mark)
        except asyncio.IncompleteReadError:
            writer.close()


Story = Callable[[Callable[..., Awaitable[Any]], SlowDjango], Awaitable[None]]


def tell(story: Story, *, allowance: Allowance | None = None) -> None:
    """Run a story before a till that shows pages, from memory where it can."""

    async def run() -> None:
        place = Path(tempfile.mkdtemp(prefix="xk-"))
        django = SlowDjango(4)
        server = await asyncio.start_unix_server(django.serve, place / "web.sock")
        upstream = Upstream(place / "web.sock", "http", "shop", 4)
        if allowance is not None:
            upstream._allowance = allowance
        kept = pages.Pages(upstream)

        async def show(exchange: Exchange) -> None:
            request = Request(exchange, exchange.address)
            if (key := kept.key_of(request)) is None:
                await upstream.relay(request)
                return
            page = kept.get(key) or await kept.render(key, request)
            answer = pages.respond(page, request) if isinstance(page, pages.Page) else page
            exchange.answer(answer.status, answer.headers, answer.body)

        try:
            async with serving_at(show) as (_, visit):
                await story(visit, django)
        finally:
            await upstream.close()
            server.close()
            shutil.rmtree(place)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_who_asks_for_hundreds_of_pages_keeps_nobody_else_waiting() -> None:
    async def story(visit: Any, django: SlowDjango) -> None:
        flood = [await visit(EVE) for _ in range(300)]
        for n, one in enumerate(flood):
            one.send(GET % b"search?q=%d" % n)
        await asyncio.sleep(2 * SLOW)
        other = await visit(HOME)
        begun = time.monotonic()
        other.send(GET % b"search?q=mine")
        assert (await other.answer())[0] == 200
        # Alone, all of Eve's would have come first: 300 pages, four at a time, are almost four seconds.
        assert time.monotonic() - begun < 20 * SLOW
        assert Counter(django.made)[EVE] < 100
        assert {(await one.answer())[0] for one in flood} == {200}, "and Eve gets hers, in her own time"

    tell(story)


def test_a_school_behind_one_address_is_served() -> None:
    async def story(visit: Any, django: SlowDjango) -> None:
        pupils = [await visit(SCHOOL) for _ in range(300)]
        for n, one in enumerate(pupils):
            one.send(GET % (b"orders/find" if n % 2 else b"p/popular"))
        assert {(await one.answer())[0] for one in pupils} == {200}
        # The popular page was made once for all of them.
        assert len(django.made) == 151

    tell(story)


def test_who_has_used_all_up_is_told_when_to_come_back_and_others_are_served() -> None:
    async def story(visit: Any, django: SlowDjango) -> None:
        eve, other = await visit(EVE), await visit(HOME)
        for _ in range(3):
            eve.send(GET % b"orders/find")
            assert (await eve.answer())[0] == 200
        eve.send(GET % b"orders/find")
        status, headers, body = await eve.answer()
        assert (status, headers["retry-after"], headers["cache-control"]) == (429, "30", "no-store")
        assert "太多页面" in body.decode()
        assert b"Please try again in half a minute" in body
        eve.send(b"GET /orders/find HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\n\r\n")
        assert b'"code":"too_many_pages"' in (await eve.answer())[2]
        eve.send(b"GET /orders/find HTTP/1.1\r\nHost: shop\r\nHX-Request: true\r\n\r\n")
        assert (await eve.answer())[1]["hx-reswap"] == "none", "what is on the page stays"
        eve.send(GET % b"static/xinka/xinka.css")
        assert (await eve.answer())[0] == 200, "files are as good as free"
        other.send(GET % b"p/popular")
        assert (await other.answer())[0] == 200
        eve.send(GET % b"p/popular")
        assert (await eve.answer())[0] == 200, "what lies in memory is not counted"
        assert Counter(django.made) == {EVE: 4, HOME: 1}

    tell(story, allowance=Allowance(at_once=3, a_second=0.01))


def test_a_page_that_is_being_made_is_shared_with_others_but_a_refusal_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 5)

    async def story(visit: Any, django: SlowDjango) -> None:
        flood = [await visit(EVE) for _ in range(60)]
        for n, one in enumerate(flood):
            one.send(GET % b"search?q=%d" % n)
        last = await visit(EVE)
        await asyncio.sleep(SLOW / 2)
        last.send(GET % b"p/popular")
        other = await visit(HOME)
        other.send(GET % b"p/popular")
        assert (await last.answer())[0] == 429
        assert (await other.answer())[0] == 200

    tell(story)


def test_a_turn_that_does_not_come_in_time_is_given_up_and_lost_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)

    async def run() -> None:
        line = Turns(2, 2)
        async with line.turn("a"), line.turn("b"):
            with pytest.raises(ManyAreHere):
                async with line.turn("c"):
                    pass
            monkeypatch.setattr(turns, "PATIENCE", 5.0)
            waiting = [asyncio.create_task(_hold(line, "c")) for _ in range(2)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        await waiting[1]
        for _ in range(2):
            async with line.turn("d"), line.turn("e"):
                pass
        assert (line._n_free, dict(line._held), dict(line._waiting)) == (2, {}, {})

    asyncio.run(asyncio.wait_for(run(), 10))


async def _hold(line: Turns, place: str) -> None:
    async with line.turn(place):
        await asyncio.sleep(0)


def test_a_place_that_gives_one_turn_back_still_counts_for_those_it_holds() -> None:
    async def run() -> None:
        line, turns_of_a = Turns(8, 2), [contextlib.AsyncExitStack() for _ in range(2)]
        for one in turns_of_a:
            await one.enter_async_context(line.turn("a"))
        await turns_of_a.pop().aclose()
        third, fourth = (asyncio.create_task(_stay(line, "a")) for _ in range(2))
        await asyncio.sleep(0.02)
        assert (line._held["a"], line._n_free, len(line._waiting["a"])) == (2, 6, 1), "two at a time, and no third"
        third.cancel()
        await asyncio.sleep(0.02)
        assert (line._held["a"], dict(line._waiting)) == (2, {}), "whoever waited has what was given back"
        fourth.cancel()
        await turns_of_a.pop().aclose()
        await asyncio.sleep(0.02)
        assert (line._n_free, dict(line._held), dict(line._waiting)) == (8, {}, {})

    asyncio.run(asyncio.wait_for(run(), 10))


def test_who_gives_up_waiting_takes_no_turn_from_others_of_the_same_place() -> None:
    async def run() -> None:
        line = Turns(1, 1)
        async with line.turn("b"):
            waiting = [asyncio.create_task(_hold(line, "a")) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[1].cancel()
            await asyncio.sleep(0)
            assert len(line._waiting["a"]) == 2
        await asyncio.wait_for(asyncio.gather(waiting[0], waiting[2]), 1.0)

    asyncio.run(asyncio.wait_for(run(), 10))


async def _stay(line: Turns, place: str) -> None:
    async with line.turn(place):
        await asyncio.sleep(60)


def test_of_one_place_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 2)

    async def run() -> None:
        line = Turns(4, 1)
        async with line.turn("a"):
            waiting = [asyncio.create_task(_hold(line, "a")) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(TooManyPages):
                async with line.turn("a"):
                    pass
            async with line.turn("b"):
                pass
        await asyncio.gather(*waiting)

    asyncio.run(asyncio.wait_for(run(), 10))


def test_an_allowance_comes_back_by_and_by_and_remembers_no_end_of_places(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(turns.time, "monotonic", lambda: now)
    allowance = Allowance(at_once=10, a_second=2)
    assert [allowance.spend("a") for _ in range(12)] == [True] * 10 + [False] * 2
    assert allowance.spend("b")
    now += 1.0
    assert [allowance.spend("a") for _ in range(3)] == [True, True, False]
    now += 100.0
    assert [allowance.spend("a") for _ in range(11)] == [True] * 10 + [False]
    monkeypatch.setattr(turns, "_REMEMBERED", 100)
    for n in range(1_000):
        assert allowance.spend(f"many {n}")
    assert len(allowance._full_at) <= 100
    assert not allowance.spend("a"), "and who asked for the most is not forgotten for it"


def test_those_that_have_had_their_rest_make_way_and_none_that_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(turns.time, "monotonic", lambda: now)
    monkeypatch.setattr(turns, "_REMEMBERED", 100)
    allowance = Allowance(at_once=10, a_second=2)
    for n in range(90):
        assert allowance.spend(f"rested {n}")
    now += 0.6
    for n in range(40):
        assert allowance.spend(f"busy {n}")
    assert {f"busy {n}" for n in range(40)} <= set(allowance._full_at)
    assert len(allowance._full_at) <= 100
