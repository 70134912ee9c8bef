"""Deals texts into blocks that are worked on together: large enough to be quick, small enough for a fast cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: So many texts at most, and so many characters but for the last text.
MOST_TOGETHER, LONGEST_TOGETHER = 1_000, 16_000


def blocks(texts: Sequence[str], most: int = MOST_TOGETHER, longest: int = LONGEST_TOGETHER) -> Iterator[Sequence[str]]:
    """Yield the texts in rows of at most ``most``, and of ``longest`` characters before the last of a row."""
    first = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if at + 1 - first == most or size >= longest:
            yield texts[first : at + 1]
            first, size = at + 1, 0
    if first < len(texts):
        yield texts[first:]
