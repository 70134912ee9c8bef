"""Finds terms torn apart because one of their characters changed places with one beside the term."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.spellings import is_han


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
        find = self._pairs.find_overlapping
        for step in (2, 3):
            for offset in range(min(step, len(text) - step)):
                for at, _end, which in find(text[offset::step]):
                    start = offset + at * step
                    end = start + step + 1
                    for number, head, tail in self._ways[which]:
                        if text.startswith(tail, end) and text.endswith(head, 0, start) and is_han(text[start:end]):
                            yield number, start - len(head), end + len(tail)
