"""Several tills' engines in one event loop, on connections set up as the real till's: races without the HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from psycopg_pool import AsyncConnectionPool

from xinka.till.context import _configure
from xinka.till.engine import Engine


@asynccontextmanager
async def engines(database_url: str, n: int) -> AsyncIterator[list[Engine]]:
    """Open the engines of ``n`` tills."""
    async with AsyncExitStack() as stack:
        pools = [
            await stack.enter_async_context(
                AsyncConnectionPool(database_url, min_size=2, max_size=4, configure=_configure, open=False, timeout=30)
            )
            for _ in range(n)
        ]
        yield [Engine(pool, lambda _: None) for pool in pools]


def at_tills(database_url: str, n: int, story: Callable[[list[Engine]], Awaitable[object]]) -> None:
    """Run a story at ``n`` tills; a hang fails."""

    async def run() -> None:
        async with engines(database_url, n) as opened:
            await story(opened)

    asyncio.run(asyncio.wait_for(run(), 300))
