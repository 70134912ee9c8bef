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
from typing import Generic, TypeVar

from xinka.kernel.errors import Refusal

#: Event loops count in milliseconds; less would be a busy loop.
SHORTEST_SLEEP = 0.001
#: How much of what is under way shares a batch: a little less than half, so that the next is whole when one is done.
_SHARE = 0.45
#: How much of a batch is for what is not urgent, however much that is waits.
_FOR_OTHERS = 0.25

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Overloaded(Refusal):
    """More requests are waiting than can be answered soon; nothing was done for this one."""

    code = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "现在排队的人太多，没有扣款。过几秒再试。"
    en = "Too many people are waiting. You have not been charged; try again in a few seconds."


class Batcher(Generic[Item, Answer]):
    """Gathers items and hands them to ``work`` in lists, one after the other; ``work`` answers each, or says why not.

    An answer is a value or an exception. Items with the same key never share a batch, and a batch that fails as a whole
    is run again by halves, so that one poisoned item never spoils its neighbours. ``work`` must be safe to repeat.

    With a ``beat``, in seconds, a batch begins no sooner than that after the one before it began, unless as many wait
    as it may hold: an item waits only if others came just before.

    A batch holds not quite half of what is under way, within ``min_batch`` and ``max_batch``. Were it all, this process
    would have nothing to do while the batch runs, and whoever runs it nothing while this process hands out the answers
    and reads what comes next: of two halves, one is always here and one there (decision 39).
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        key: Callable[[Item], object],
        *,
        min_batch: int,
        max_batch: int,
        beat: float = 0.0,
    ) -> None:
        self._work = work
        self._key = key
        self._min_batch = min_batch
        self._max_batch = max_batch
        self._most = max_batch
        self._beat = beat
        self._due = 0.0
        self._urgent: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._others: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._runner: asyncio.Task[None] | None = None
        #: There while the runner waits for its beat; set when it need not wait any longer.
        self._enough: asyncio.Future[None] | None = None
        self.n_batches = 0
        self.n_items = 0

    @property
    def n_waiting(self) -> int:
        """How many items wait for a batch."""
        return len(self._urgent) + len(self._others)

    def submit(self, item: Item, *, limit: int, is_urgent: bool = False) -> asyncio.Future[Answer]:
        """Queue an item and return the future of its answer.

        ``limit`` is how long the queue may be for this kind of item, so that a rush of one kind leaves room for others.
        What is urgent goes before everything else, but for a share of each batch that the others keep.

        Raises:
            Overloaded: if the queue is longer than that.
        """
        if self.n_waiting >= limit:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        (self._urgent if is_urgent else self._others).append((item, future))
        if self._runner is None:
            self._runner = loop.create_task(self._run())
        elif self._enough is not None and self.n_waiting >= self._most:
            _wake(self._enough)
        return future

    async def drain(self) -> None:
        """Wait until everything that was queued is answered."""
        while self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        try:
            await self._empty()
        finally:
            # Here and not when the loop gets round to saying that this task is done: what is queued in between would
            # find a runner that looks no more, and wait until somebody else comes.
            self._runner = None

    async def _empty(self) -> None:
        clock = asyncio.get_running_loop().time
        while self.n_waiting:
            if (early := self._due - clock()) > 0 and self.n_waiting < self._most:
                await self._wait_for_more(early)
            batch = self._next_batch()
            self._due = clock() + self._beat
            await self._answer(batch)
            if len(batch) == 1 and not self.n_waiting:
                self._due = 0.0
            share = int((len(batch) + self.n_waiting) * _SHARE)
            self._most = min(max(share, self._min_batch), self._max_batch)

    async def _wait_for_more(self, seconds: float) -> None:
        """Wait for the beat, or until a batch is full."""
        loop = asyncio.get_running_loop()
        self._enough = loop.create_future()
        alarm = loop.call_later(max(seconds, SHORTEST_SLEEP), _wake, self._enough)
        try:
            await self._enough
        finally:
            alarm.cancel()
            self._enough = None

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        batch: list[tuple[Item, asyncio.Future[Answer]]] = []
        keys: set[object] = set()
        kept_free = min(len(self._others), max(1, int(self._most * _FOR_OTHERS)))
        self._take(self._urgent, max(1, self._most - kept_free), batch, keys)
        self._take(self._others, self._most, batch, keys)
        return batch

    def _take(
        self,
        lane: deque[tuple[Item, asyncio.Future[Answer]]],
        size: int,
        batch: list[tuple[Item, asyncio.Future[Answer]]],
        keys: set[object],
    ) -> None:
        """Fill a batch up to this size; whose key is in it already waits for the next, in front of its lane."""
        postponed = []
        while lane and len(batch) < size:
            entry = lane.popleft()
            key = self._key(entry[0])
            if key in keys:
                postponed.append(entry)
            else:
                keys.add(key)
                batch.append(entry)
        lane.extendleft(reversed(postponed))

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


def _wake(sleeper: asyncio.Future[None]) -> None:
    """Let whoever sleeps go on, once."""
    if not sleeper.done():
        sleeper.set_result(None)
