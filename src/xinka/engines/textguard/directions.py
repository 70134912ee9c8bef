"""Puts a text in the order a screen shows it in, where marks of direction turn parts of it round.

Between U+202E and U+202C (or the end of the line) a screen shows everything from right to left (Unicode Annex 9, rule
X4), so whoever writes a word backwards there shows it forwards.
"""

from __future__ import annotations

import re
from itertools import chain

_TURN = "\u202e"
#: Longer texts are read as they stand.
_LONGEST = 20_000
_TURNED = re.compile("\u202e([^\u202c\u202d\n]*)")


def turns(text: str) -> bool:
    """Say whether marks of direction turn a part of a text round."""
    return _TURN in text and len(text) <= _LONGEST


def shown_order(text: str) -> list[int]:
    """Return where the characters of a text stand, in the order a screen shows them in; the marks stay before them."""
    order: list[range] = []
    begin = 0
    for piece in _TURNED.finditer(text):
        start, end = piece.span(1)
        order += [range(begin, start), range(end - 1, start - 1, -1)]
        begin = end
    return [*chain.from_iterable(order), *range(begin, len(text))]
