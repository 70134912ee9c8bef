"""Characters written in parts, put together again: 亻尔 is 你, 弓长 is 张, 氵去 is 法."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.tables import load


@cache
def _automaton() -> tuple[CharwiseDoubleArrayAhoCorasick, list[str]]:
    """Find the longest way of writing from the left."""
    whole = load("split")
    automaton = CharwiseDoubleArrayAhoCorasick(list(whole), match_kind=MATCH_KIND_LEFTMOST_LONGEST)
    return automaton, list(whole.values())


def recombine(text: str) -> str:
    """Return a squeezed text with parts put together."""
    automaton, characters = _automaton()
    found = automaton.find(text)
    if not found:
        return text
    pieces, at = [], 0
    for start, end, which in found:
        pieces += [text[at:start], characters[which]]
        at = end
    return "".join([*pieces, text[at:]])


def recombined_offsets(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return where each character of ``recombine(text)`` came from."""
    automaton, _ = _automaton()
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, _which in automaton.find(text):
        starts += [*range(at, start), start]
        ends += [*range(at + 1, start + 1), end]
        at = end
    return [*starts, *range(at, len(text))], [*ends, *range(at + 1, len(text) + 1)]
