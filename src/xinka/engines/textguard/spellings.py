"""The ways a term may be spelled: as it stands, in digits, backwards, with neighbours swapped, by sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice, product

from xinka.engines.textguard import sounds, views
from xinka.engines.textguard.tables import load

_HAN = re.compile("[\u3400-\u9fff]+").fullmatch
#: From the plainest to the farthest; a rule that allows one allows all before it.
DEPTHS = (
    "clean",
    "squeezed",
    "digits",
    "martian",
    "split",
    "emoji",
    "pinyin",
    "reversed",
    "shape",
    "swapped",
    "initials",
)
DEPTH = {name: n for n, name in enumerate(DEPTHS)}
#: How much of its weight a hit keeps at each depth.
TRUST = dict(zip(DEPTHS, (1.0, 0.97, 0.95, 0.93, 0.93, 0.88, 0.85, 0.8, 0.8, 0.7, 0.6), strict=True))


_SQUEEZED = DEPTH["squeezed"]


@dataclass(frozen=True, slots=True)
class Term:
    """A term, squeezed; the deepest view it is looked for in; whether it can start a hit; whether warily."""

    text: str
    depth: int
    leads: bool = True
    wary: bool = False

    @property
    def only_excuses(self) -> bool:
        """Whether it is looked for no deeper than with its signs dropped, and starts no hit: a lawful neighbour."""
        return not self.leads and self.depth == _SQUEEZED


def plain(text: str) -> str:
    """Return the squeezed form in which terms are compared."""
    return views.squeezed_text(views.clean_text(text))


def is_han(text: str) -> bool:
    """Say whether a text holds Han characters only."""
    return not text or _HAN(text) is not None


def spellings(term: Term) -> Iterator[tuple[str, str]]:
    """Yield each exact spelling of a term with the view that it belongs to."""
    text = term.text
    yield text, "clean"
    if term.depth >= DEPTH["digits"] and (digits := text.translate(views.digits_table())) != text and len(text) > 1:
        yield digits, "digits"
    if term.depth >= DEPTH["reversed"] and len(text) >= 3 and text[::-1] != text:
        yield text[::-1], "reversed"
    if term.depth >= DEPTH["swapped"] and is_han(text) and 2 <= len(text) <= 6:
        yield from ((way, "swapped") for way in _swaps(text))


def _swaps(text: str) -> set[str]:
    ways = set()
    for gap in (1, 2):
        for at in range(len(text) - gap):
            letters = list(text)
            letters[at], letters[at + gap] = letters[at + gap], letters[at]
            ways.add("".join(letters))
    return ways - {text, text[::-1] if len(text) > 2 else text}


@cache
def _readings() -> dict[str, list[str]]:
    codes = sounds.syllable_codes()
    return {c: [codes[s] for s in more.split() if s in codes] for c, more in load("readings").items()}


def readings(character: str) -> list[str]:
    """Return the codes of all readings of a character, the usual one first; a letter or digit stands for itself."""
    first = sounds.han_codes().get(ord(character), character)
    return list(dict.fromkeys([first, *_readings().get(character, ())]))


def sound_spellings(text: str) -> list[str]:
    """Return at most eight ways a term sounds, as codes."""
    return ["".join(way) for way in islice(product(*map(readings, text)), 8)]
