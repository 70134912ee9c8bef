"""Django has few threads: whoever sends slowly, or much, keeps none of them from the others."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.till.visiting import serving_at
from xinka.till import uploads
from xinka.till.http import Request
from xinka.till.serving.exchange import Exchange
from xinka.till.upstream import Upstream

THREADS = 4
FORM = b"POST /look/language HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST /look/language HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = 1_000_000


class Pretended:
    """A Django that only counts: how many requests it has before it, and how many bytes each of them brought."""

    def __init__(self) -> None:
        self.n_under_way = self.most_under_way = 0
        self.sizes: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after another."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                self.n_under_way += 1
                self.most_under_way = max(self.most_under_way, self.n_under_way)
                try:
                    self.sizes.append(await self._read_body(reader, head))
                finally:
                    self.n_under_way -= 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()

    async def _read_body(self, reader: asyncio.StreamReader, head: bytes) -> int:
        if b"transfer-encoding: chunked" in head:
            size = 0
            while length := int((await reader.readline()).strip(), 16):
                size += len(await reader.readexactly(length + 2)) - 2
            await reader.readexactly(2)
            return size
        _, found, rest = head.partition(b"content-length: ")
        return len(await reader.readexactly(int(rest.split(b"\r\n")[0]))) if found else 0


Story = Callable[[Callable[..., Awaitable[Any]], Pretended], Awaitable[None]]


def tell(story: Story) -> None:
    """Run a story before a till whose Django works on four requests at a time."""

    async def run() -> None:
        place = Path(tempfile.mkdtemp(prefix="xk-"))
        django = Pretended()
        server = await asyncio.start_unix_server(django.serve, place / "web.sock")
        upstream = Upstream(place / "web.sock", "http", "shop", THREADS)

        async def relay(exchange: Exchange) -> None:
            await upstream.relay(Request(exchange, exchange.address))

        try:
            async with serving_at(relay) as (_, visit):
                await story(visit, django)
        finally:
            await upstream.close()
            server.close()
            shutil.rmtree(place)

    asyncio.run(asyncio.wait_for(run(), 30))


async def settled() -> None:
    await asyncio.sleep(0.3)


@pytest.mark.parametrize(
    ("head", "first"), [(FORM % 60_000, b"a" * 100), (CHUNKED, b"5\r\nhello\r\n"), (FORM % 9, b"")]
)
def test_django_hears_of_a_form_only_when_it_is_whole(head: bytes, first: bytes) -> None:
    async def story(visit: Any, django: Pretended) -> None:
        slow = [await visit() for _ in range(40)]
        for visitor in slow:
            visitor.send(head + first)
        await settled()
        assert django.most_under_way == 0
        quick = await visit()
        quick.send(FORM % 5 + b"hello")
        assert (await quick.answer())[2] == b"ok"
        assert django.sizes == [5]

    tell(story)


@pytest.mark.parametrize("size", [1, 60_000, uploads.SMALL, uploads.SMALL + 1, LARGE])
def test_bodies_of_all_sizes_arrive_whole(size: int) -> None:
    async def story(visit: Any, django: Pretended) -> None:
        visitor = await visit()
        for head, body in ((FORM % size, b"a" * size), (CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"a" * size))):
            for start in range(0, len(head + body), 30_000):
                visitor.send((head + body)[start : start + 30_000])
                await asyncio.sleep(0)
            assert (await visitor.answer())[2] == b"ok"
        assert django.sizes == [size, size]

    tell(story)


def test_large_ones_leave_half_of_the_threads_to_all_else_and_one_place_has_half_of_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 0.2)

    async def story(visit: Any, django: Pretended) -> None:
        begin = FORM % LARGE + b"a" * (uploads.SMALL + 1)
        here = [await visit("127.0.0.1") for _ in range(10)]
        for visitor in here:
            visitor.send(begin)
        await settled()
        assert django.n_under_way == 1
        refused = 0
        for visitor in here[1:]:
            status, headers, body = await visitor.answer()
            refused += status == 503 and headers["retry-after"] == "30" and b"half a minute" in body
        assert refused == 9
        there = [await visit(f"127.0.0.{n}") for n in range(2, 8)]
        for visitor in there:
            visitor.send(begin)
        await settled()
        assert (django.n_under_way, django.most_under_way) == (THREADS // 2, THREADS // 2)
        here[0].send(b"a" * (LARGE - uploads.SMALL - 1))
        assert (await here[0].answer())[2] == b"ok"
        assert django.sizes == [LARGE]
        again = await visit("127.0.0.9")
        again.send(begin + b"a" * (LARGE - uploads.SMALL - 1))
        assert (await again.answer())[2] == b"ok", "a turn that was given back is there for the next"

    tell(story)


def test_who_hangs_up_in_the_middle_gives_the_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 3.0)

    async def story(visit: Any, django: Pretended) -> None:
        for n in range(2, 12):
            visitor = await visit(f"127.0.0.{n}")
            visitor.send(FORM % LARGE + b"a" * (uploads.SMALL + 1))
            await asyncio.sleep(0.02)
            visitor.writer.transport.abort()
        last = await visit()
        last.send(FORM % LARGE + b"a" * LARGE)
        assert (await last.answer())[2] == b"ok"
        assert django.sizes == [LARGE]

    tell(story)
