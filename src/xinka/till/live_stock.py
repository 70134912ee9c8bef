"""``/stock?sku=1,2``: how many are left, read at most once a second for everybody."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus

from xinka.kernel.flow import Query
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.drive import fetch_async
from xinka.stock import sql as stock_sql
from xinka.till.context import Till
from xinka.till.http import Request, Response, json_response

MAX_SKUS = 100
FRESH_FOR = 1.0
_REMEMBERED = 50_000


class LiveStock:
    """Counts of the unsold, remembered for a second."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[float, int]] = {}
        self._lock = asyncio.Lock()

    async def answer(self, till: Till, request: Request) -> Response:
        """Answer ``{"stock": {"1": 318, …}}``; -1 means that it never runs out."""
        skus = _parse(request.query)
        if skus is None:
            return json_response({"code": "bad_input"}, HTTPStatus.UNPROCESSABLE_ENTITY)
        if self._stale(skus):
            async with self._lock:
                # Whoever waited for the lock finds the counts of the one before.
                if stale := self._stale(skus):
                    await self._refresh(till, stale)
        found = {str(sku): self._counts[sku][1] for sku in skus if sku in self._counts}
        return json_response({"stock": found})

    def _stale(self, skus: list[int]) -> list[int]:
        since = time.monotonic() - FRESH_FOR
        return [sku for sku in skus if self._counts.get(sku, (0.0, 0))[0] < since]

    async def _refresh(self, till: Till, skus: list[int]) -> None:
        async with till.pool.connection() as connection:
            rows = await fetch_async(connection, Query(stock_sql.COUNT_ON_SALE, (plain_array(skus),)))
        if len(self._counts) > _REMEMBERED:
            self._counts.clear()
        now = time.monotonic()
        for sku, count in rows:
            self._counts[sku] = (now, count)


def _parse(query: str) -> list[int] | None:
    """Return the SKUs asked for, or ``None`` if the question makes no sense."""
    name, _, text = query.partition("=")
    parts = text.replace("%2C", ",").replace("%2c", ",").split(",")
    if name != "sku" or len(parts) > MAX_SKUS:
        return None
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    return sorted({int(part) for part in parts})
