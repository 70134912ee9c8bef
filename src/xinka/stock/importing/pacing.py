"""How fast an import goes: as fast as it can in a quiet shop, in small steps with rests while the till sells.

Politeness of the process alone (nice) does not do it: most of the work is PostgreSQL's, and its writing of one large
chunk makes every commit behind it wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from xinka.platform.outbox.sql import LAST_NUMBER

#: Codes per transaction: large enough for COPY to pay, small enough that a till never waits for it.
CHUNK = 50_000
#: The same while the till sells, or while nobody knows whether it does: a few tens of milliseconds.
SMALL_CHUNK = 2_500
#: With more than so many deliveries a second the shop counts as busy.
BUSY_FROM = 20.0
#: After each small chunk, rest so many times as long as it took: four fifths of the time are the till's. Never longer
#: than that many seconds.
_REST, _LONGEST_REST = 4.0, 0.5


class Pace:
    """The pace of one import, judged anew after each chunk by how much was sold meanwhile."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Look for the first time."""
        self._connection = connection
        self._clock = clock
        self._sleep = sleep
        #: Nobody knows before the first look, and two large chunks are all of many an import.
        self.is_busy = True
        self._at, self._number = clock(), self._last_number()

    @property
    def chunk(self) -> int:
        """How many codes the next transaction should have."""
        return SMALL_CHUNK if self.is_busy else CHUNK

    def rest(self) -> None:
        """Judge the time since the last look and, when the till sold in it, leave it four times as much alone."""
        now, number = self._clock(), self._last_number()
        took = now - self._at
        self.is_busy = number - self._number > BUSY_FROM * took
        if self.is_busy:
            self._sleep(min(_REST * took, _LONGEST_REST))
        self._at, self._number = self._clock(), self._last_number()

    def _last_number(self) -> int:
        row = self._connection.execute(LAST_NUMBER).fetchone()
        return int(row[0]) if row else 0
