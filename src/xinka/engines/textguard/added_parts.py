"""Reads characters that are written as a sum of their parts: 讠+正 is 证.

The rules put parts together by themselves, also those without a sign between; the model reads signs among Han as a
hidden contact, and is given the character. Only what the shipped table knows as one character is put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinka.engines.textguard.layouts import LONGEST_READ
from xinka.engines.textguard.recombine import recombine
from xinka.engines.textguard.views import View

_PART = "[\u2e80-\u2fdf\u3400-\u9fff]"
_SUM = re.compile(f"{_PART}(?: ?\\+ ?{_PART}){{1,3}}")


def is_sum(written: str) -> bool:
    """Say whether some of a text is written as a sum."""
    return _SUM.search(written) is not None


def added_up(clean: View) -> View:
    """Return a clean view with sums of parts as the character they make; the same view if there are none."""
    text = clean.text
    if len(text) > LONGEST_READ or "+" not in text or not is_sum(text):
        return clean
    characters = list(_characters(text))
    if len(characters) == len(text):
        return clean
    spans = [start for start, _, _ in characters], [end for _, end, _ in characters]
    return clean.derive(clean.name, "".join(letter for _, _, letter in characters), lambda: spans)


def _characters(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the characters of a text, sums as one, each with its place."""
    at = 0
    while found := _SUM.search(text, at):
        yield from _as_they_are(text, at, found.start())
        size, letter = _longest_sum(found[0])
        at = found.start() + size
        yield found.start(), at, letter
    yield from _as_they_are(text, at, len(text))


def _as_they_are(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    return ((at, at + 1, text[at]) for at in range(start, end))


def _longest_sum(written: str) -> tuple[int, str]:
    """Return how much of a sum is one character, and which; its first part alone if it is none."""
    ends = [match.end() for match in re.finditer(_PART, written)]
    for end in reversed(ends[1:]):
        whole = recombine("".join(re.findall(_PART, written[:end])))
        if len(whole) == 1:
            return end, whole
    return 1, written[0]
