"""Micro-batching: whatever arrives while a transaction runs shares the next one (group commit). No Django here.

A lone request starts at once, and under load batches grow by themselves, because more requests wait for the connection.
Between the two, batches follow each other in a beat, so that they are not many and small: each costs the same. The
queue is bounded, and who finds it full is refused at once and told when to come back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Generic, TypeVar, cast

from xinka.kernel.errors import Refusal

#: Event loops count in milliseconds; less would be a busy loop.
SHORTEST_SLEEP = 0.001

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Overloaded(Refusal):
    """More requests are waiting than can be answered soon; nothing was done for this one."""

    code = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "现在排队的人太多，没有扣款。过几秒再试。"
    en = "Too many people are waiting. You have not been charged; try again in a few seconds."


class Batcher(Generic[Item, Answer]):
    """Gathers items and hands them to ``work`` in lists; ``work`` answers each, with a value or an exception.

    Items with the same key never share a batch, and a batch that fails as a whole is run again by halves, so that one
    poisoned item never spoils its neighbours. ``work`` must be safe to repeat.

    With a ``beat``, in seconds, a batch begins no sooner than that after the one before it began: an item waits for it
    only if another came just before.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        key: Callable[[Item], object],
        *,
        n_workers: int,
        max_batch: int,
        beat: float = 0.0,
    ) -> None:
        self._work = work
        self._key = key
        self._n_workers = n_workers
        self._max_batch = max_batch
        self._beat = beat
        self._due = 0.0
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self.n_batches = 0
        self.n_items = 0

    @property
    def n_waiting(self) -> int:
        """How many items wait for a batch."""
        return len(self._waiting)

    def submit(self, item: Item, *, limit: int) -> asyncio.Future[Answer]:
        """Queue an item and return the future of its answer.

        ``limit`` is how long the queue may be for this kind of item, so that a rush of one kind leaves room for others.

        Raises:
            Overloaded: if the queue is longer than that.
        """
        if len(self._waiting) >= limit:
            raise Overloaded
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._running) < self._n_workers:
            self._running.add(asyncio.get_running_loop().create_task(self._run()))
        return future

    async def drain(self) -> None:
        """Wait until everything that was queued is answered."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        try:
            await self._empty()
        finally:
            # Here and not when the loop gets round to saying that this task is done: what is queued in between would
            # find a worker that looks no more, and wait until somebody else comes.
            self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _empty(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting:
            if (early := self._due - clock()) > 0:
                await asyncio.sleep(max(early, SHORTEST_SLEEP))
                continue  # another worker may have taken what waited
            batch = self._next_batch()
            self._due = clock() + self._beat
            await self._answer(batch)
            if len(batch) == 1 and not self._waiting:
                self._due = 0.0

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        batch: list[tuple[Item, asyncio.Future[Answer]]] = []
        keys = set()
        postponed = []
        while self._waiting and len(batch) < self._max_batch:
            entry = self._waiting.popleft()
            key = self._key(entry[0])
            if key in keys:
                postponed.append(entry)
            else:
                keys.add(key)
                batch.append(entry)
        self._waiting.extendleft(reversed(postponed))
        return batch

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        self.n_batches += 1
        self.n_items += len(batch)
        try:
            answers = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - the batch's failure is handed to those who wait for it
            if len(batch) == 1:
                _resolve(batch[0][1], error)
                return
            middle = len(batch) // 2
            await self._answer(batch[:middle])
            await self._answer(batch[middle:])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _resolve(future, answer)


def _resolve(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    """Give the answer to whoever still waits; a client that hung up has cancelled its future."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
