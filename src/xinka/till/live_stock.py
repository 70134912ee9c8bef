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
#: So many are looked up by one statement.
_AT_ONCE = 5_000
_NEVER = (float("-inf"), None)


class LiveStock:
    """Counts of the unsold, remembered for a second; also that there is nothing of a number."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[float, int | None]] = {}
        self._lock = asyncio.Lock()
        #: What those who wait for the lock want to know: whoever has it next asks for all of them.
        self._wanted: set[int] = set()

    async def answer(self, till: Till, request: Request) -> Response:
        """Answer ``{"stock": {"1": 318, …}}``; -1 means that it never runs out."""
        skus = _parse(request.query)
        if skus is None:
            return json_response({"code": "bad_input"}, HTTPStatus.UNPROCESSABLE_ENTITY)
        if wanted := self._stale(skus):
            self._wanted.update(wanted)
            async with self._lock:
                if wanted := self._stale(skus):  # else one before has asked for them, too
                    together = [*dict.fromkeys([*wanted, *self._wanted])][:_AT_ONCE]
                    self._wanted.difference_update(together)
                    await self._refresh(till, together)
        found = {str(sku): left for sku in skus if (left := self._counts.get(sku, _NEVER)[1]) is not None}
        return json_response({"stock": found})

    def _stale(self, skus: list[int]) -> list[int]:
        since = time.monotonic() - FRESH_FOR
        return [sku for sku in skus if self._counts.get(sku, _NEVER)[0] < since]

    async def _refresh(self, till: Till, skus: list[int]) -> None:
        async with till.pool.connection() as connection:
            rows = await fetch_async(connection, Query(stock_sql.COUNT_ON_SALE, (plain_array(skus),)))
        if len(self._counts) > _REMEMBERED:
            self._counts.clear()
        now = time.monotonic()
        self._counts.update(dict.fromkeys(skus, (now, None)))
        self._counts.update((sku, (now, count)) for sku, count in rows)


def _parse(query: str) -> list[int] | None:
    """Return the SKUs asked for, or ``None`` if the question makes no sense."""
    name, _, text = query.partition("=")
    parts = text.replace("%2C", ",").replace("%2c", ",").split(",")
    if name != "sku" or len(parts) > MAX_SKUS:
        return None
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    return sorted({int(part) for part in parts})
