"""What the calls of every gateway begin with: connections that stay open, and one call without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, Self, TypeVar

from xinka.payments.providers.http import MAX_REPLY_BYTES, TOTAL_SECONDS, HttpClient

_Config = TypeVar("_Config")
_T = TypeVar("_T")
_S = TypeVar("_S", bound=AbstractAsyncContextManager[object])


class GatewaySession(Generic[_Config]):
    """What the session of every kind of gateway begins with. One per event loop; an async context manager."""

    def __init__(
        self, config: _Config, *, total_seconds: float = TOTAL_SECONDS, max_reply_bytes: int = MAX_REPLY_BYTES
    ) -> None:
        self._config = config
        self._http = HttpClient(total_seconds=total_seconds, max_reply_bytes=max_reply_bytes)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()


def run_once(session: _S, ask: Callable[[_S], Awaitable[_T]]) -> _T:
    """Do something with a session that lives as long as that takes, from code without an event loop."""

    async def once() -> _T:
        async with session:
            return await ask(session)

    return asyncio.run(once())
