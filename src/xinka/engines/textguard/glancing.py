"""Looks at many texts at once and says in which of them nothing can lead, so that nobody has to look again.

Most messages are written in everyday characters and hold no term. Their views differ little from the squeezed one, so
they are laid end to end and each automaton runs over all of them once. What is not surely quiet is read by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate

from xinka.engines.textguard import slots, sounds, views
from xinka.engines.textguard.automata import Index
from xinka.engines.textguard.recombine import places_of_parts
from xinka.engines.textguard.signs import squeeze_table
from xinka.engines.textguard.swaps import SwappedApart

#: What stands between two texts: of private use, so no clean text has it, and neither a letter's sound nor a sign.
_BETWEEN = "\uf8ff"
#: Longer texts are read by themselves, in blocks: here each place is kept, and ten million would take gigabytes.
_LONGEST = 4_000


@cache
def martian() -> frozenset[str]:
    """Return the characters that stand for others in 火星文."""
    return frozenset(chr(c) for c, plain in views.martian_table().items() if plain)


@cache
def said_numerals() -> frozenset[str]:
    """Return the characters that are read as digits."""
    return frozenset(map(chr, views.digits_table()))


@cache
def ordinary() -> frozenset[str]:
    """Return the characters for which no view beyond sounds is wanted: common Han of one reading, and plain signs."""
    plain = (slots.common() - slots.doubtful()) | frozenset(map(chr, squeeze_table()))
    return frozenset(c for c in plain - martian() - said_numerals() if c < "\ufffe" and c not in "0123456789")


@cache
def everyday() -> frozenset[str]:
    """Return the characters for which no view beyond sounds and digits is wanted."""
    return ordinary() | (said_numerals() | set("0123456789")) - martian() - slots.odd()


class Glance:
    """What leads, ready to be looked for in many texts at once."""

    def __init__(self, leads: Index, apart: SwappedApart) -> None:
        self._leads, self._apart = leads, apart

    def quiet(self, plain: Sequence[str]) -> list[bool]:
        """Say of each clean text whether surely nothing leads in it; of a text of other characters it is not sure."""
        known = everyday()
        at = [number for number, text in enumerate(plain) if len(text) <= _LONGEST and known.issuperset(text)]
        loud = self._loud([plain[number] for number in at])
        found = [False] * len(plain)
        for place, number in enumerate(at):
            found[number] = place not in loud
        return found

    def _loud(self, plain: Sequence[str]) -> set[int]:
        """Return the numbers of the texts in which something leads in one of the views, or may."""
        squeezed = views.squeezed_text(_BETWEEN.join(plain))
        texts = squeezed.split(_BETWEEN)
        heard, digits = sounds.encode_common(squeezed), views.digits_text(squeezed)
        places = self._leads.places_in_rows((squeezed, digits), heard)
        loud = _texts_of((*places, *places_of_parts(squeezed)), texts)
        rows = [self._apart.rows(text) for text in texts]
        likely = _texts_of(self._apart.places("\0".join(rows)), rows)
        return loud | {number for number in likely - loud if self._apart.find(texts[number])}


def _texts_of(places: Iterable[int], texts: Sequence[str]) -> set[int]:
    """Return which of the texts, laid end to end with one character between, hold the places."""
    ends = list(accumulate(len(text) + 1 for text in texts))
    return {bisect_right(ends, place) for place in places}
