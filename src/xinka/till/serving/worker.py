"""Works for one connection, request after request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from xinka.till.serving.exchange import Exchange, HungUp


class Desk(Protocol):
    """Where a worker finds what to answer: ``active``, or nothing before the next request has come."""

    active: Exchange | None

    def is_over(self) -> bool:
        """Whether no request will come any more."""
        ...

    def finish(self, exchange: Exchange) -> None:
        """Take leave of a request that was answered, or was given up; the next one may be active after it."""
        ...

    def abort(self) -> None:
        """End at once."""
        ...


class Worker:
    """One task that answers a connection's requests in turn and rests between them.

    A task of its own for each request would be entered in the loop's list of tasks and taken out again each time, which
    costs more than to rest and be woken.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, handler: Callable[[Exchange], Awaitable[None]]) -> None:
        self._loop = loop
        self._handler = handler
        self._task: asyncio.Task[None] | None = None
        #: There while it rests.
        self._rest: asyncio.Future[None] | None = None

    def wake(self, desk: Desk) -> None:
        """Let it look: there is something to answer, or there never will be; one at work looks by itself."""
        if self._rest is not None:
            if not self._rest.done():
                self._rest.set_result(None)
        elif self._task is None and desk.active is not None:
            self._task = self._loop.create_task(self._work(desk))

    async def _work(self, desk: Desk) -> None:
        try:
            while (exchange := desk.active) is not None:
                await self._answer(desk, exchange)
                if desk.active is None and not desk.is_over():
                    self._rest = self._loop.create_future()
                    await self._rest
                    self._rest = None
        except BaseException:
            desk.abort()
            raise
        finally:
            self._task = self._rest = None

    async def _answer(self, desk: Desk, exchange: Exchange) -> None:
        try:
            await self._handler(exchange)
        except HungUp:
            pass
        finally:
            desk.finish(exchange)
