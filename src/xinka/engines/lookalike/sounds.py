"""Pinyin: how a text is spoken, as keys under which texts that sound alike meet."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, product

from xinka.engines.lookalike import roles, tables

#: Ways of speaking one text that are looked at: two characters with two readings each.
_MOST = 4
_FUZZY = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


@lru_cache(maxsize=30_000)
def syllables(letter: str) -> tuple[str, ...]:
    """Return a Han character's readings without tone, in light letters; nothing for other letters."""
    found = [roles.light(reading[:-1].replace("v", "u")) for reading in tables.sounds_of(letter)]
    return tuple(dict.fromkeys(found))


def spoken(core: str) -> list[str]:
    """Return up to four ways a core of Han characters and light letters is spoken, in light letters."""
    readings = [syllables(letter)[:2] or (letter,) for letter in core]
    many = [at for at, one in enumerate(readings) if len(one) > 1]
    for at in many[2:]:
        readings[at] = readings[at][:1]
    if not many:
        return [romanised("".join(one[0] for one in readings))]
    return [romanised("".join(one)) for one in islice(product(*readings), _MOST)]


def spoken_but_one(core: str) -> list[str]:
    """Return for each letter left out of a core up to two ways the rest is spoken, as ``spoken`` gives them first."""
    readings = [syllables(letter)[:2] or (letter,) for letter in core]
    first = [one[0] for one in readings]
    many = [at for at, one in enumerate(readings) if len(one) > 1]
    found = []
    for gone in range(len(core)):
        found.append("".join(first[:gone] + first[gone + 1 :]))
        second = [at for at in many if at != gone][:2]
        if second:
            at = second[-1]
            other = [*first[:at], readings[at][1], *first[at + 1 :]]
            found.append("".join(other[:gone] + other[gone + 1 :]))
    return romanised("\n".join(found)).split("\n")


def romanised(text: str) -> str:
    """Return light letters with what dialects do not tell apart made equal: zh → z, ng → n."""
    for one, other in _FUZZY:
        if one in text:
            text = text.replace(one, other)
    return text


@lru_cache(maxsize=30_000)
def syllables_of(readings: tuple[str, ...]) -> frozenset[str]:
    """Return readings without tone, with what dialects do not tell apart made equal (l and n as well)."""
    found = set()
    for reading in readings:
        sound = romanised(reading[:-1])
        found.add("l" + sound[1:] if sound.startswith("n") and len(sound) > 1 else sound)
    return frozenset(found)
