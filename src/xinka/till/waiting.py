"""Those who wait for an order to move: woken at once by this till's own settlements, within moments by others'.

One query per moment asks for all orders somebody waits for, however many wait.
"""

from __future__ import annotations

import asyncio
import contextlib
from uuid import UUID

import psycopg
import structlog

from xinka.kernel.flow import Query
from xinka.orders import sql as orders_sql
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.drive import fetch_async
from xinka.till.engine import Pool
from xinka.till.logs import seldom

#: How often the database is asked about the orders somebody waits for, in seconds.
LOOK_EVERY = 0.4
MAX_WAITING = 5_000

log = structlog.get_logger("xinka.till")


class Waiting:
    """Reads states of orders in batches and wakes those who wait for a change."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sleepers: dict[UUID, set[asyncio.Event]] = {}
        self._wanted: dict[UUID, list[asyncio.Future[str | None]]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._known: dict[UUID, str] = {}

    async def state_of(self, order_id: UUID) -> str | None:
        """Return the order's state, reading together with whoever else asks now; ``None`` if there is no such order."""
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(order_id, []).append(future)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read_wanted())
        return await future

    async def wait(self, order_id: UUID, state: str, seconds: float) -> str:
        """Return the order's state once it is no longer ``state``, or after ``seconds``."""
        if len(self._sleepers) >= MAX_WAITING:
            return state
        if self._known.get(order_id, state) != state:
            self.wake(order_id)  # this one has seen a change that those who wait already have not heard of yet
        event = asyncio.Event()
        self._sleepers.setdefault(order_id, set()).add(event)
        self._known[order_id] = state
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.get_running_loop().create_task(self._watch())
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), seconds)
        finally:
            self._sleepers[order_id].discard(event)
            if not self._sleepers[order_id]:
                del self._sleepers[order_id]
                self._known.pop(order_id, None)
        return await self.state_of(order_id) or state

    def wake(self, order_id: UUID) -> None:
        """Wake whoever waits for this order."""
        for event in self._sleepers.get(order_id, ()):
            event.set()

    def wake_all(self) -> None:
        """Wake everybody: the till is about to end."""
        for order_id in list(self._sleepers):
            self.wake(order_id)

    async def _read_wanted(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                states = await self._states(list(wanted))
            except Exception as error:  # noqa: BLE001 - handed to those who asked
                for futures in wanted.values():
                    for future in futures:
                        if not future.done():
                            future.set_exception(error)
                continue
            for order_id, futures in wanted.items():
                for future in futures:
                    if not future.done():
                        future.set_result(states.get(order_id))

    async def _watch(self) -> None:
        while self._sleepers:
            await asyncio.sleep(LOOK_EVERY)
            try:
                states = await self._states(list(self._known))
            except psycopg.Error as error:
                if n := seldom.count("waiting.look_failed", type(error).__name__):
                    log.warning("waiting.look_failed", reason=type(error).__name__, n=n)
                continue
            for order_id, state in states.items():
                if self._known.get(order_id, state) != state:
                    self.wake(order_id)

    async def _states(self, order_ids: list[UUID]) -> dict[UUID, str]:
        async with self._pool.connection() as connection:
            rows = await fetch_async(connection, Query(orders_sql.STATES, (plain_array(order_ids),)))
        return dict(rows)
