"""Bodies on their way to Django, which has few threads: none of them may wait for a visitor who sends slowly.

What is small is taken in whole before Django hears of it. What is large cannot be kept in memory, so it is passed on as
it comes, but only a part of the threads is ever lent to such bodies, and half of that part to any one place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: Bytes up to which a body is small: every form but those with files and pasted lists of codes.
SMALL = 64 * 1024
#: How long, in seconds, a large body waits for its turn before its visitor is asked to try again.
PATIENCE = 10.0


class TooManyUploads(Exception):
    """All turns were taken, and none came free."""


class Uploads:
    """The turns of large bodies; ``most`` at a time, and half as many from one place on the network."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_place = max(1, most // 2)
        self._of_place: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Raises:
            TooManyUploads: if there is none within ``PATIENCE``.
        """
        async with self._changed:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._changed.wait_for(lambda: self._has_room(place))
            except TimeoutError:
                raise TooManyUploads from None
            self._of_place[place] += 1
        try:
            yield
        finally:
            async with self._changed:
                self._of_place[place] -= 1
                self._of_place += Counter()  # forgets the places without any
                self._changed.notify_all()

    def _has_room(self, place: str) -> bool:
        return self._of_place.total() < self._most and self._of_place[place] < self._most_of_place
