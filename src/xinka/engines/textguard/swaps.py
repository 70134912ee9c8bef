"""Finds terms torn apart because one of their characters changed places with one beside the term."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from xinka.engines.textguard.automata import ReadyWays, Ways, packed
from xinka.engines.textguard.spellings import is_han

#: (step, offset) of the rows of characters that a text is read in.
_ROWS = ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))


def pairs_of(terms: Iterable[tuple[int, str]]) -> Ways:
    """Build the automaton of the first and the last two characters of terms.

    A number is twice that of the term, and one more for the last two.
    """
    pairs: defaultdict[str, list[int]] = defaultdict(list)
    for number, text in terms:
        if 2 <= len(text) <= 6 and is_han(text):
            pairs[text[:2]].append(number * 2)
            if len(text) > 2:
                pairs[text[-2:]].append(number * 2 + 1)
    return packed(pairs.items())


class SwappedApart:
    """Pairs of neighbours in terms, looked for at a distance of two and three characters."""

    def __init__(self, texts: Sequence[str], pairs: Ways) -> None:
        self._texts, self._pairs = texts, ReadyWays(pairs)

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Return (term, start, end) of the spans that hold a term and the one or two characters that came between."""
        found = self._pairs.find(self.rows(text))
        return list(self._joined(text, found)) if found else []

    @staticmethod
    def rows(text: str) -> str:
        """Return a text's characters in the rows in which those two and three places apart are neighbours."""
        return f"{text[::2]}\0{text[1::2]}\0{text[::3]}\0{text[1::3]}\0{text[2::3]}"

    def places(self, rows: str) -> list[int]:
        """Return where a pair begins in the rows of some texts; a term may be torn there."""
        return [start for start, _end, _which in self._pairs.find(rows)]

    def _joined(self, text: str, found: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
        begins = list(accumulate((len(text[offset::step]) + 1 for step, offset in _ROWS), initial=0))
        for place, _end, which in found:
            row = bisect_right(begins, place) - 1
            step, offset = _ROWS[row]
            start = offset + (place - begins[row]) * step
            end = start + step + 1
            for number in self._pairs.of(which):
                text_of = self._texts[number >> 1]
                head, tail = (text_of[:-2], "") if number & 1 else ("", text_of[2:])
                if text.startswith(tail, end) and text.endswith(head, 0, start) and is_han(text[start:end]):
                    yield number >> 1, start - len(head), end + len(tail)
