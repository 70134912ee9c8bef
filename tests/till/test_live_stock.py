"""Who asks how much is left costs the database one statement a second, however many ask, and for whatever numbers."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from xinka.kernel.flow import Query
from xinka.till import live_stock
from xinka.till.live_stock import LiveStock


class Database:
    """Knows the variants 1 and 2, and answers when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[set[int]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.n_failing = 0
        monkeypatch.setattr(live_stock, "fetch_async", self.answer)

    async def answer(self, _connection: object, query: Query) -> list[tuple[int, int]]:
        """Return the rows of the till's statement."""
        wanted = {int(number) for number in str(query.params[0]).strip("{}").split(",")}
        self.asked.append(wanted)
        await self.free.wait()
        if len(self.asked) <= self.n_failing:
            raise ConnectionError
        return [(sku, left) for sku, left in ((1, 318), (2, 7)) if sku in wanted]

    @asynccontextmanager
    async def connection(self) -> Any:
        """Be a pool of connections."""
        yield self


def ask(stock: LiveStock, database: Database, skus: str) -> asyncio.Task[Any]:
    """Begin to ask for some variants."""

    async def answered() -> object:
        answer = await stock.answer(
            SimpleNamespace(pool=database),  # type: ignore[arg-type]  # all that is used of a till
            SimpleNamespace(query=f"sku={skus}"),  # type: ignore[arg-type]  # and of a request
        )
        return json.loads(answer.body)["stock"]

    return asyncio.get_running_loop().create_task(answered())


def test_numbers_of_nothing_are_asked_for_once_a_second_like_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        stock, database = LiveStock(), Database(monkeypatch)
        for _ in range(5):
            assert await ask(stock, database, "1,999") == {"1": 318}
        assert database.asked == [{1, 999}]
        monkeypatch.setattr(live_stock, "FRESH_FOR", -1.0)
        assert await ask(stock, database, "1,999") == {"1": 318}
        assert len(database.asked) == 2

    asyncio.run(story())


def test_all_who_wait_share_the_next_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        stock, database = LiveStock(), Database(monkeypatch)
        database.free.clear()
        first = ask(stock, database, "1")
        await asyncio.sleep(0)
        others = [ask(stock, database, f"{2 if n % 2 else n + 100}") for n in range(50)]
        await asyncio.sleep(0)
        database.free.set()
        assert await first == {"1": 318}
        assert await asyncio.gather(*others) == [{"2": 7} if n % 2 else {} for n in range(50)]
        assert [len(asked) for asked in database.asked] == [1, 26]

    asyncio.run(story())


def test_whoever_waited_for_one_that_failed_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        stock, database = LiveStock(), Database(monkeypatch)
        database.n_failing = 1
        database.free.clear()
        failing, waiting = ask(stock, database, "1"), ask(stock, database, "2")
        await asyncio.sleep(0)
        database.free.set()
        with pytest.raises(ConnectionError):
            await failing
        assert await waiting == {"2": 7}

    asyncio.run(story())
