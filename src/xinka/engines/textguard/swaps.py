"""Finds terms torn apart because one of their characters changed places with one beside the term."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.spellings import is_han

#: (step, offset) of the rows of characters that a text is read in.
_ROWS = ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))


class SwappedApart:
    """Pairs of neighbours in terms, looked for at a distance of two and three characters."""

    def __init__(self, terms: Iterable[tuple[int, str]]) -> None:
        pairs: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for number, text in terms:
            if 2 <= len(text) <= 6 and is_han(text):
                pairs[text[:2]].append((number, "", text[2:]))
                if len(text) > 2:
                    pairs[text[-2:]].append((number, text[:-2], ""))
        self._pairs, self._ways = CharwiseDoubleArrayAhoCorasick(list(pairs)), list(pairs.values())

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield (term, start, end) of the spans that hold a term and the one or two characters that came between."""
        rows = f"{text[::2]}\0{text[1::2]}\0{text[::3]}\0{text[1::3]}\0{text[2::3]}"
        found = self._pairs.find_overlapping(rows)
        return self._joined(text, found) if found else iter(())

    def _joined(self, text: str, found: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
        begins = list(accumulate((len(text[offset::step]) + 1 for step, offset in _ROWS), initial=0))
        for place, _end, which in found:
            row = bisect_right(begins, place) - 1
            step, offset = _ROWS[row]
            start = offset + (place - begins[row]) * step
            end = start + step + 1
            for term, head, tail in self._ways[which]:
                if text.startswith(tail, end) and text.endswith(head, 0, start) and is_han(text[start:end]):
                    yield term, start - len(head), end + len(tail)
