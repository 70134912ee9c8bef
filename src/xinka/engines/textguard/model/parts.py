"""Which parts of a longer text may read forbidden by themselves: among lawful sentences the whole hides one that does.

A text weighs what its pieces weigh, divided by the root of their number; so whoever puts three lawful sentences around
an offer halves what it weighs. Each part is as long as the lines that the model has learnt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: A part ends with the sentence once it has so many characters, and at any sign or space before it has more than most.
SHORTEST, LONGEST_PART = 12, 28
#: Of a text so much is cut into parts, from its beginning and before its end, so that the time stays bounded.
FIRST, LAST = 20_000, 2_000
#: Parts whose pieces of letters weigh less, by the root of their likely number, are not weighed in full. Of the bad
#: lines of the blind sets that the model stops 99 in 100 weigh more; of their lawful ones 2 (listings) or 8 in 100.
LIKELY_FROM = 0.5
#: A text has about so many pieces for each letter.
PIECES_A_LETTER = 6

_ENDS = "\n。！？!?；;"
_SIGNS = _ENDS + "，,、 \t|/"
_RUN = re.compile(f"[^{re.escape(_SIGNS)}]{{1,{LONGEST_PART}}}[{re.escape(_SIGNS)}]?|[{re.escape(_SIGNS)}]")
_ENDED_WITHIN = re.compile(f"[{re.escape(_ENDS)}]").search


class Parts(NamedTuple):
    """The parts of a text that may read forbidden, as spans of it, and how many parts it has in all."""

    likely: list[tuple[int, int]]
    n_parts: int


NO_PARTS = Parts([], 0)


def fewer(score: float, n_parts: float) -> float:
    """Return the score of the likeliest of so many parts: its odds divided by their number.

    One of many harmless parts reaches any odds by chance so many times as often as a single text does.
    """
    return score / (score + n_parts * (1 - score))


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Yield what of a text is cut into parts, each with where it begins."""
    if len(text) <= FIRST + LAST:
        yield 0, text
    else:
        yield 0, text[:FIRST]
        yield len(text) - LAST, text[-LAST:]


def cut(text: str) -> list[tuple[int, int]]:
    """Return the parts of a clean text, as spans that cover it; none if it is a single one."""
    if len(text) <= SHORTEST or (len(text) <= LONGEST_PART and not _ENDED_WITHIN(text, SHORTEST - 1, len(text) - 1)):
        return []
    found: list[tuple[int, int]] = []
    start = end = 0
    for run in _RUN.finditer(text):
        if end > start and run.end() - start > LONGEST_PART:
            found.append((start, end))
            start = end
        end = run.end()
        if end - start >= SHORTEST and text[end - 1] in _ENDS:
            found.append((start, end))
            start = end
    if end > start:
        found.append((start, end))
    return found if len(found) > 1 else []
