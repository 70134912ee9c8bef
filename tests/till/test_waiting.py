"""Who waits for an order hears of a change, whoever else waits for the same one."""

from __future__ import annotations

import asyncio
from typing import cast
from uuid import UUID, uuid4

from xinka.till.engine import Pool
from xinka.till.waiting import Waiting


class Told(Waiting):
    """Waits for orders whose states the test says."""

    def __init__(self) -> None:
        super().__init__(cast("Pool", None))
        self.states: dict[UUID, str] = {}

    async def _states(self, order_ids: list[UUID]) -> dict[UUID, str]:
        return {one: self.states[one] for one in order_ids}


def test_a_second_tab_that_has_seen_the_change_does_not_keep_it_from_the_first() -> None:
    async def story() -> None:
        waiting, order = Told(), uuid4()
        waiting.states[order] = "awaiting_payment"
        first = asyncio.create_task(waiting.wait(order, "awaiting_payment", 60))
        await asyncio.sleep(0)
        waiting.states[order] = "delivered"  # by another process: nobody wakes those who wait here
        second = asyncio.create_task(waiting.wait(order, "delivered", 60))
        assert await asyncio.wait_for(first, 20) == "delivered"
        assert not second.done()
        second.cancel()

    asyncio.run(story())
