"""Changes texts character by character, and says where each character came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from typing import Protocol

from xinka.engines.textguard.prepared import prepared
from xinka.engines.textguard.signs import ranges

Table = dict[int, str | None]


class Change(Protocol):
    """Changes texts, each character for itself."""

    def change(self, text: str) -> str:
        """Return the changed text."""

    def starts(self, text: str) -> Sequence[int]:
        """Return where each character of the changed text began; each came from one."""


Offsets = tuple[Sequence[int], Sequence[int]]
#: Longer texts are traced in blocks of so many characters.
BLOCK = 16_384
_LAST_LEARNT = 0xFFFF


#: In a flat table: a character that goes, and one that the flat table cannot tell (it becomes several, or is far).
_GONE, _MANY = "\uffff", "\ufffe"
_CODED = ("utf-8", "surrogatepass")
_UNFIT = re.compile("[\ufffe\U00010000-\U0010ffff]").search
#: Rows of characters that the flat table cannot tell, or that go.
_UNFIT_ROWS = re.compile("[\ufffe\U00010000-\U0010ffff]+").finditer
_MOVING_ROWS = re.compile("[\ufffe\uffff\U00010000-\U0010ffff]+").finditer


@cache
def _unchanged() -> str:
    return "".join(map(chr, range(_LAST_LEARNT + 1)))


def _flat(table: Table) -> str:
    """Return what the basic plane becomes, a character each: small, in one piece, and quick where memory is slow."""
    flat = list(_unchanged())
    flat[ord(_GONE)] = flat[ord(_MANY)] = _MANY
    for code, became in table.items():
        if code <= _LAST_LEARNT:
            flat[code] = (became if len(became) == 1 and became < _MANY else _MANY) if became else _GONE
    return "".join(flat)


class _Learning(dict[int, str | None]):
    """A table for ``str.translate`` that learns what it leaves alone: a missing key costs an exception each time.

    At most the 65,536 characters of the basic plane are learnt.
    """

    def __missing__(self, code: int) -> str:
        if code > _LAST_LEARNT:
            return chr(code)
        kept = self[code] = chr(code)
        return kept


class Kept:
    """A table that changes characters, kept in one flat piece; the rest of it is made for a text that needs it."""

    def __init__(self, table: Callable[[], Table], name: str = "") -> None:
        """``name`` is that of the flat piece in the cache folder; without one it is made anew."""
        self._make = table
        self._flat = str(prepared(f"flat_{name}", b"", self._packed) if name else self._packed(), *_CODED)

    def _packed(self) -> bytes:
        return _flat(self._make()).encode(*_CODED)

    @cached_property
    def table(self) -> _Learning:
        """The table itself."""
        return _Learning(self._make())

    def change(self, text: str) -> str:
        """Return ``text.translate(table)``; one look into one flat table a character where that is enough."""
        changed = text.translate(self._flat)
        if not _UNFIT(changed):
            return changed.replace(_GONE, "") if _GONE in changed else changed
        pieces, begin = [], 0
        for row in _UNFIT_ROWS(changed):
            start, end = row.span()
            pieces += [changed[begin:start].replace(_GONE, ""), text[start:end].translate(self.table)]
            begin = end
        return "".join([*pieces, changed[begin:].replace(_GONE, "")])

    def change_common(self, text: str) -> str:
        """Return ``change(text)`` of a text without characters beyond the basic plane, by a table that adds none."""
        changed = text.translate(self._flat)
        return changed.replace(_GONE, "") if _GONE in changed else changed

    def starts(self, text: str) -> Sequence[int]:
        """Return where each character of ``change(text)`` began in ``text``; each came from one."""
        starts: list[int] = []
        begin = 0
        for row in _MOVING_ROWS(text.translate(self._flat)):
            starts += range(begin, row.start())
            begin = row.end()
            for at in range(row.start(), begin):
                became = self.table.get(ord(text[at]), text[at])
                if became:
                    starts.extend([at] * len(became))
        return [*starts, *range(begin, len(text))] if begin else range(len(text))


class Dropping:
    """Drops characters; quicker than a table, for it looks at nothing else."""

    def __init__(self, characters: Iterable[str]) -> None:
        self._rows = re.compile(f"[{ranges(characters)}]+")

    def change(self, text: str) -> str:
        """Return the text without the characters."""
        return self._rows.sub("", text)

    def starts(self, text: str) -> Sequence[int]:
        """Return where each character of ``change(text)`` stood in ``text``."""
        starts: list[int] = []
        begin = 0
        for row in self._rows.finditer(text):
            starts += range(begin, row.start())
            begin = row.end()
        return [*starts, *range(begin, len(text))] if begin else range(len(text))


class LongTrace:
    """Offsets of a long text, worked out for the block that is asked for and no other."""

    def __init__(self, text: str, table: Change) -> None:
        self._text, self._table = text, table
        blocks = range(0, len(text), BLOCK)
        self._ends = list(accumulate(len(table.change(text[at : at + BLOCK])) for at in blocks))
        self._traced = lru_cache(maxsize=2)(self._trace)

    def _trace(self, block: int) -> Sequence[int]:
        return self._table.starts(self._text[block * BLOCK : (block + 1) * BLOCK])

    def place(self, at: int) -> int:
        """Return where the character at a place of the translated text came from."""
        block = bisect_right(self._ends, at)
        before = self._ends[block - 1] if block else 0
        return block * BLOCK + self._traced(block)[at - before]
