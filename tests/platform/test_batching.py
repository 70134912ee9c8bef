"""Batches grow by themselves, never hold two items of one key, and one poisoned item spoils no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import pytest

from xinka.platform.batching import Batcher, Overloaded

Work = Callable[[Sequence[int]], Awaitable[Sequence[int | Exception]]]


class Bench:
    """Work that notes its batches, and waits at the gate until the test opens it."""

    def __init__(
        self, *, poison: frozenset[int] = frozenset(), refuse: frozenset[int] = frozenset(), takes: float = 0.0
    ) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.poison, self.refuse, self.takes = poison, refuse, takes

    async def work(self, items: Sequence[int]) -> list[int | Exception]:
        """Double each item; refuse some, and fail as a whole when a poisoned one is among them."""
        self.batches.append(list(items))
        await self.gate.wait()
        if self.takes:
            await asyncio.sleep(self.takes)
        if self.poison & set(items):
            raise ValueError(f"poisoned: {sorted(self.poison & set(items))}")
        return [KeyError(item) if item in self.refuse else item * 2 for item in items]


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run a story and give up on one that hangs."""
    asyncio.run(asyncio.wait_for(story, 30))


def batcher(
    bench: Bench, *, min_batch: int | None = None, max_batch: int = 100, beat: float = 0.0
) -> Batcher[int, int]:
    """Return a batcher whose key is the item's remainder of 1,000, and whose batches are whole unless told."""
    least = max_batch if min_batch is None else min_batch
    return Batcher(bench.work, lambda item: item % 1000, min_batch=least, max_batch=max_batch, beat=beat)


def test_a_lone_item_does_not_wait_for_company() -> None:
    async def story() -> None:
        bench = Bench()
        assert await batcher(bench).submit(3, limit=10) == 6
        assert bench.batches == [[3]]

    run(story())


def test_what_arrives_in_the_moment_a_worker_ends_does_not_wait_for_somebody_else() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench)

        async def late() -> int:
            return await queue.submit(2, limit=10)

        first = queue.submit(1, limit=10)
        await asyncio.sleep(0)  # the worker begins
        assert bench.batches == [[1]]
        bench.gate.set()
        # The loop has this task's step right behind the one in which the worker finds nothing more to do and ends.
        second = asyncio.create_task(late())
        assert await asyncio.wait_for(asyncio.gather(first, second), 10) == [2, 4]
        assert bench.batches == [[1], [2]]

    run(story())


def test_what_arrives_while_a_batch_runs_shares_the_next_one() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench)
        first = queue.submit(0, limit=100)
        await asyncio.sleep(0)
        rest = [queue.submit(item, limit=100) for item in range(1, 51)]
        assert queue.n_waiting == 50
        bench.gate.set()
        assert [await first, *await asyncio.gather(*rest)] == [item * 2 for item in range(51)]
        assert bench.batches == [[0], list(range(1, 51))]
        assert (queue.n_batches, queue.n_items, queue.n_waiting) == (2, 51, 0)

    run(story())


@pytest.mark.parametrize(
    ("beat", "batches"), [(0.0, [[0, 1], [2], [3], [4]]), (2.0, [[0, 1], [2, 3, 4]])], ids=["without", "with"]
)
def test_with_a_beat_items_that_come_soon_after_a_batch_share_the_next_one(
    beat: float, batches: list[list[int]]
) -> None:
    async def story() -> None:
        bench = Bench()
        queue = batcher(bench, beat=beat)
        waiting = [queue.submit(0, limit=10)]
        for item in range(1, 5):
            waiting.append(queue.submit(item, limit=10))
            await asyncio.sleep(0.02)
        assert await asyncio.gather(*waiting) == [0, 2, 4, 6, 8]
        assert bench.batches == batches

    run(story())


def test_a_batch_that_is_full_does_not_wait_for_its_beat() -> None:
    async def story() -> None:
        bench = Bench()
        queue = batcher(bench, max_batch=3, beat=60)
        await asyncio.gather(queue.submit(0, limit=10), queue.submit(1, limit=10))
        waiting = [queue.submit(item, limit=10) for item in (2, 3)]
        await asyncio.sleep(0.05)
        assert bench.batches == [[0, 1]], "two of three wait for the beat"
        waiting.append(queue.submit(4, limit=10))
        assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [4, 6, 8]
        assert bench.batches == [[0, 1], [2, 3, 4]]

    run(story())


def test_a_batch_is_not_quite_half_of_what_is_under_way() -> None:
    async def story() -> None:
        bench = Bench(takes=0.02)
        queue = batcher(bench, min_batch=10)

        async def buyer(item: int) -> None:
            for _ in range(8):
                await queue.submit(item, limit=1000)

        await asyncio.gather(*[buyer(item) for item in range(80)])
        sizes = [len(batch) for batch in bench.batches]
        assert sum(sizes) == 640
        assert sizes[0] == 80, "nobody knows yet how many there are"
        usual = sizes[2 : len(sizes) // 2]
        assert min(usual) >= 30
        assert max(usual) <= 40

    run(story())


@pytest.mark.parametrize("others", [0, 1])
def test_who_comes_after_one_alone_or_after_the_beat_starts_at_once(others: int) -> None:
    async def story() -> None:
        bench = Bench()
        queue = batcher(bench, beat=0.05 if others else 60)
        await asyncio.gather(*[queue.submit(item, limit=10) for item in range(1 + others)])
        await asyncio.sleep(0.1 if others else 0)
        rest = queue.submit(2, limit=10)
        await asyncio.sleep(0)
        assert bench.batches == [list(range(1 + others)), [2]]
        assert await rest == 4

    run(story())


def test_a_batch_is_never_larger_than_allowed() -> None:
    async def story() -> None:
        bench = Bench()
        queue = batcher(bench, max_batch=7)
        answers = await asyncio.gather(*[queue.submit(item, limit=100) for item in range(40)])
        assert answers == [item * 2 for item in range(40)]
        assert max(map(len, bench.batches)) == 7

    run(story())


def test_items_of_one_key_never_share_a_batch_and_keep_their_order() -> None:
    async def story() -> None:
        bench = Bench()
        queue = batcher(bench)
        items = [1, 2, 1001, 2001, 3, 1002]
        await asyncio.gather(*[queue.submit(item, limit=100) for item in items])
        assert bench.batches == [[1, 2, 3], [1001, 1002], [2001]]

    run(story())


def test_what_is_urgent_goes_first_and_the_others_keep_a_quarter() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench, max_batch=8)
        running = queue.submit(0, limit=99)
        await asyncio.sleep(0)
        others = [queue.submit(item, limit=99) for item in range(1, 9)]
        urgent = [queue.submit(item, limit=99, is_urgent=True) for item in range(11, 21)]
        assert queue.n_waiting == 18
        bench.gate.set()
        await asyncio.gather(running, *others, *urgent)
        assert bench.batches == [
            [0],
            [11, 12, 13, 14, 15, 16, 1, 2],
            [17, 18, 19, 20, 3, 4, 5, 6],
            [7, 8],
        ]

    run(story())


def test_urgent_items_of_one_key_wait_for_one_another_in_their_order() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench, max_batch=8)
        running = queue.submit(0, limit=99)
        await asyncio.sleep(0)
        same = [queue.submit(item, limit=99, is_urgent=True) for item in (1001, 2001, 3001)]
        other = queue.submit(4001, limit=99)
        bench.gate.set()
        await asyncio.gather(running, *same, other)
        assert bench.batches == [[0], [1001], [2001], [3001], [4001]]

    run(story())


def test_one_poisoned_item_fails_alone() -> None:
    async def story() -> None:
        bench = Bench(poison=frozenset({13}))
        queue = batcher(bench)
        futures = [queue.submit(item, limit=100) for item in range(32)]
        answers = await asyncio.gather(*futures, return_exceptions=True)
        assert [answer for item, answer in enumerate(answers) if item != 13] == [
            item * 2 for item in range(32) if item != 13
        ]
        assert isinstance(answers[13], ValueError)
        assert str(answers[13]) == "poisoned: [13]"

    run(story())


def test_a_refused_item_is_told_so_and_its_batch_runs_once() -> None:
    async def story() -> None:
        bench = Bench(refuse=frozenset({2}))
        queue = batcher(bench)
        answers = await asyncio.gather(*[queue.submit(item, limit=9) for item in range(4)], return_exceptions=True)
        assert [answers[0], answers[1], answers[3]] == [0, 2, 6]
        assert isinstance(answers[2], KeyError)
        assert bench.batches == [[0, 1, 2, 3]]

    run(story())


def test_a_full_queue_refuses_at_once_and_each_kind_has_its_own_limit() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench)
        running = queue.submit(0, limit=1)
        await asyncio.sleep(0)
        waiting = [queue.submit(item, limit=5) for item in range(1, 6)]
        with pytest.raises(Overloaded) as refused:
            queue.submit(6, limit=5)
        assert refused.value.status == 503
        urgent = queue.submit(7, limit=50)
        bench.gate.set()
        assert [await running, *await asyncio.gather(*waiting), await urgent] == [0, 2, 4, 6, 8, 10, 14]
        assert 6 not in [item for batch in bench.batches for item in batch]

    run(story())


def test_a_buyer_who_hung_up_spoils_nothing_for_the_others() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench)
        futures = [queue.submit(item, limit=10) for item in range(3)]
        await asyncio.sleep(0)
        futures[1].cancel()
        bench.gate.set()
        await queue.drain()
        assert [futures[0].result(), futures[2].result()] == [0, 4]
        assert futures[1].cancelled()

    run(story())


def test_one_batch_runs_at_a_time_and_draining_waits_for_all() -> None:
    async def story() -> None:
        bench = Bench()
        bench.gate.clear()
        queue = batcher(bench, max_batch=3)
        futures = [queue.submit(item, limit=100) for item in range(12)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(bench.batches) == 1
        bench.gate.set()
        await queue.drain()
        assert [future.result() for future in futures] == [item * 2 for item in range(12)]

    run(story())
