"""Reads a text without what stands in brackets in the middle of it.

A seller who puts （正品保障） into the middle of a word cuts it for rules, and makes the text read lawful to the model.
A reader skips it. Nobody needs brackets within a word, so there the text around them is judged by itself too.
"""

from __future__ import annotations

import re

from xinka.engines.textguard.layouts import LONGEST_READ, chosen
from xinka.engines.textguard.plausible import word_costs
from xinka.engines.textguard.views import View

_ASIDE = re.compile(
    r"\([^()]{1,24}\)|【[^【】]{1,24}】|\[[^\[\]]{1,24}\]|「[^「」]{1,24}」|《[^《》]{1,24}》|\{[^{}]{1,24}\}"
)
#: Texts with less around their brackets say too little.
_SHORTEST_AROUND = 6
_OPENS = frozenset("([【「《{")
_LONGEST_WORD = 4


def without_asides(clean: View) -> View | None:
    """Return a clean view without its brackets and what they hold; None unless one of them cuts a word in two."""
    text = clean.text
    if len(text) > LONGEST_READ or _OPENS.isdisjoint(text):
        return None
    asides = [match.span() for match in _ASIDE.finditer(text)]
    if not any(_cuts_a_word(text, *aside) for aside in asides):
        return None
    inside = {at for start, end in asides for at in range(start, end)}
    around = [at for at in range(len(text)) if at not in inside]
    return chosen(clean, around) if len(around) >= _SHORTEST_AROUND else None


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    """Say whether the letters before and behind an aside make a word of a list together."""
    known = word_costs()
    before, behind = text[max(0, start - _LONGEST_WORD + 1) : start], text[end : end + _LONGEST_WORD - 1]
    return any(
        before[-left:] + behind[:right] in known
        for left in range(1, len(before) + 1)
        for right in range(1, min(len(behind), _LONGEST_WORD - left) + 1)
    )
