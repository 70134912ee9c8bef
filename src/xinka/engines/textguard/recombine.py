"""Characters written in parts, put together again: 亻尔 is 你, 弓长 is 张, 氵去 is 法."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.prepared import prepared
from xinka.engines.textguard.tables import load


@cache
def _automaton() -> tuple[Callable[[str], list[tuple[int, int, int]]], str]:
    """Return what finds the longest ways of writing from the left, and the characters written so."""
    whole = load("split")
    kept = prepared("split", b"", lambda: _built(whole))
    return CharwiseDoubleArrayAhoCorasick.deserialize(kept).find, "".join(whole.values())


def _built(whole: dict[str, str]) -> bytes:
    automaton = CharwiseDoubleArrayAhoCorasick(list(whole), match_kind=MATCH_KIND_LEFTMOST_LONGEST)
    built: bytes = automaton.serialize()
    return built


def recombine(text: str) -> str:
    """Return a squeezed text with parts put together."""
    find, characters = _automaton()
    found = find(text)
    if not found:
        return text
    pieces, at = [], 0
    for start, end, which in found:
        pieces += [text[at:start], characters[which]]
        at = end
    return "".join([*pieces, text[at:]])


def places_of_parts(text: str) -> list[int]:
    """Return where parts begin that ``recombine`` would put together."""
    find, _ = _automaton()
    return [start for start, _end, _which in find(text)]


def places_recombined(text: str) -> list[int]:
    """Return where in ``recombine(text)`` the characters stand that were put together, in order."""
    find, _ = _automaton()
    places, dropped = [], 0
    for start, end, _which in find(text):
        places.append(start - dropped)
        dropped += end - start - 1
    return places


def recombined_offsets(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return where each character of ``recombine(text)`` came from."""
    find, _ = _automaton()
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, _which in find(text):
        starts += [*range(at, start), start]
        ends += [*range(at + 1, start + 1), end]
        at = end
    return [*starts, *range(at, len(text))], [*ends, *range(at + 1, len(text) + 1)]
