"""Changes texts character by character, and says where each character came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

Table = dict[int, str | None]
Offsets = tuple[Sequence[int], Sequence[int]]
#: Longer texts are traced in blocks of so many characters.
BLOCK = 16_384
_LAST_LEARNT = 0xFFFF


class Kept(dict[int, str | None]):
    """A table for ``str.translate`` that learns what it leaves alone: a missing key costs an exception each time.

    At most the 65,536 characters of the basic plane are learnt.
    """

    def __missing__(self, code: int) -> str:
        if code > _LAST_LEARNT:
            return chr(code)
        kept = self[code] = chr(code)
        return kept

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.gone = frozenset(chr(c) for c, became in table.items() if not became)
        self._grows = frozenset(chr(c) for c, became in table.items() if became and len(became) > 1)

    def trace(self, text: str) -> Offsets:
        """Return where each character of ``text.translate(self)`` came from in ``text``."""
        if self._grows.isdisjoint(text):
            gone = self.gone
            starts = [at for at, char in enumerate(text) if char not in gone]
        else:
            starts = []
            for at, char in enumerate(text):
                became = self.get(ord(char), char)
                if became:
                    starts.extend([at] * len(became))
        return starts, [at + 1 for at in starts]


class LongTrace:
    """Offsets of a long text, worked out for the block that is asked for and no other."""

    def __init__(self, text: str, table: Kept) -> None:
        self._text, self._table = text, table
        blocks = range(0, len(text), BLOCK)
        self._ends = list(accumulate(len(text[at : at + BLOCK].translate(table)) for at in blocks))
        self._traced = lru_cache(maxsize=2)(self._trace)

    def _trace(self, block: int) -> Offsets:
        return self._table.trace(self._text[block * BLOCK : (block + 1) * BLOCK])

    def place(self, at: int) -> int:
        """Return where the character at a place of the translated text came from."""
        block = bisect_right(self._ends, at)
        before = self._ends[block - 1] if block else 0
        return block * BLOCK + self._traced(block)[0][at - before]
