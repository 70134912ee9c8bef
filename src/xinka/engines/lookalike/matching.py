"""Compares one reading of a name with the registry: which official name it is nearest to, and how near."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz.distance import OSA

from xinka.engines.lookalike import known, prepare, roles, sounds, tables
from xinka.engines.lookalike.align import Alignment, align
from xinka.engines.lookalike.official import Registry, Shape, has_han, typo_keys

_MOST_COMPARED = 120
_LONGEST_CORE = 48
#: What it costs when the name claims another office than the official one, all or some of the words; a letter more or
#: less is no imitation then, and another firm's support account is the likelier reading.
_OTHER_ROLE, _PARTLY_OTHER_ROLE = 0.42, 0.15
#: What it costs that the altered name is a word of its own: in Han characters that sound or look alike, and in letters.
_WORD_HAN, _WORD_BY_SHAPE, _WORD_LATIN = 0.3, 0.6, 0.45
_NICKNAME = re.compile("[小阿老]..?")
#: What each added word costs when two readings compete.
_ADDED = 0.2
#: What differences may cost at least when they are in the role word.
_SLIP_IN_ROLE, _SLIP_IN_KNOWN_ROLE = 0.95, 0.65
_ROLE_LETTERS = re.compile("[客服官方中心安全团队管家秘书助手]")


class Reading(NamedTuple):
    """What of a name is compared.

    Attributes:
        view: the way it is read.
        peeled: the part compared.
        bare: what is left of it when every role word and added word is gone; empty where there is none.
    """

    view: prepare.View
    peeled: prepare.Peeled
    bare: str


class Match(NamedTuple):
    """A reading of a name beside an official one.

    Attributes:
        number: the official name's number in the registry.
        shape: what of it was compared.
        alignment: the differences.
        cost: what they cost with all that speaks against an imitation; the limit is the most it may be.
        limit: see cost.
        view: the reading.
        peeled: which part of it was compared.
        rank: smaller is the better match.
    """

    number: int
    shape: Shape
    alignment: Alignment
    cost: float
    limit: float
    view: prepare.View
    peeled: prepare.Peeled
    rank: tuple[float, ...]


def limit_of(core: str) -> float:
    """Return how much differences from a core may cost: the longer it is, the more of them a reader overlooks."""
    if core.isascii():
        steps = ((2, 0.0), (3, 0.35), (5, 0.95), (7, 1.1), (11, 1.25))
        return next((limit for longest, limit in steps if len(core) <= longest), 1.8)
    size = sum(1 if letter.isascii() else 2 for letter in core)
    steps = ((2, 0.0), (3, 0.35), (5, 0.68), (7, 0.85), (11, 1.05))
    return next((limit for longest, limit in steps if size <= longest), 1.5)


def best_match(registry: Registry, view: prepare.View) -> Match | None:
    """Return the nearest official name to a reading, None where none is near."""
    best: Match | None = None
    steps = prepare.peel(view.tokens)
    bare = steps[-1].core if steps[-1].claims else ""
    for peeled in steps:
        if not peeled.core or len(peeled.core) > _LONGEST_CORE:
            continue
        reading = Reading(view, peeled, bare)
        if peeled.claims:
            numbers = _candidates(registry, peeled.core)
        else:
            numbers = _whole_candidates(registry, peeled.core, view.tokens)
        match = _nearest(registry, reading, numbers, whole=not peeled.claims) if numbers else None
        if match is None and not peeled.claims and registry.n_roleless:
            match = _nearest(registry, reading, _candidates(registry, peeled.core), whole=True)
        if match is not None and (best is None or match.rank < best.rank):
            best = match
    return best


def _nearest(registry: Registry, reading: Reading, numbers: list[int], *, whole: bool) -> Match | None:
    best: Match | None = None
    for number in numbers:
        shape = registry.shape(number)
        if whole and shape.roles and reading.peeled.added:
            continue
        match = _compared(number, shape, reading, whole=whole)
        if match is not None and best is not None and match.rank == best.rank:
            match = min(best, match, key=lambda one: _as_written(registry, one))
        if match is not None and (best is None or match.rank <= best.rank):
            best = match
    return best


def _as_written(registry: Registry, match: Match) -> tuple[int, int]:
    """Return how many letters a name differs from an official one as both are written: among equals it decides."""
    return OSA.distance(match.view.name.casefold(), registry.names[match.number].casefold()), match.number


def _compared(number: int, shape: Shape, reading: Reading, *, whole: bool) -> Match | None:
    view, peeled, bare = reading
    official = shape.full if whole else shape.core
    limit = limit_of(shape.core)
    if whole and shape.roles:
        limit = max(limit, _SLIP_IN_KNOWN_ROLE if bare else _SLIP_IN_ROLE)
    alignment = align(official, peeled.core, limit)
    if alignment is None:
        return None
    cost = alignment.cost
    shared = len(set(shape.roles) & set(peeled.roles))
    if alignment.steps and not whole and set(shape.roles) != set(peeled.roles):
        cost += _PARTLY_OTHER_ROLE if shared else _OTHER_ROLE
    if alignment.steps and not view.how:
        cost += _cost_of_word(bare or peeled.core, alignment)
    if cost > limit:
        return None
    likeness = 99 if whole and shape.roles else shared - 0.1 * len(shape.roles)
    rank = (cost + _ADDED * peeled.added, -likeness, float(len(shape.full)))
    return Match(number, shape, alignment, cost, limit, view, peeled, rank)


def _cost_of_word(core: str, alignment: Alignment) -> float:
    """Return what it costs that an altered name is a common word or somebody's nickname in its own right."""
    kinds = {step.kind for step in alignment.steps}
    if kinds == {"variant"} or not (known.is_word(core) or _NICKNAME.fullmatch(core)):
        return 0.0
    if core.isascii():
        return _WORD_LATIN
    return _WORD_BY_SHAPE if "shape" in kinds else _WORD_HAN


def _whole_candidates(registry: Registry, core: str, tokens: list[str]) -> list[int]:
    keys = typo_keys("f", core) if _may_slip(core, tokens) else {"f" + roles.deep(core)}
    if registry.n_roleless:
        keys.add("c" + roles.deep(core))
    return registry.find(keys)


def _may_slip(core: str, tokens: list[str]) -> bool:
    """Say whether a whole name may be an official one with a slip that tears its role word: most nicknames may not."""
    if core.isascii():
        return len(core) > 5 and len(min(tokens, key=len)) == 1
    return len(core) > 2 and _ROLE_LETTERS.search(core) is not None


def _candidates(registry: Registry, core: str) -> list[int]:
    found = registry.find(["c" + roles.deep(core)])
    if found:
        return found
    han = has_han(core)
    keys = typo_keys("d", core) if len(core) > 2 else {"d" + core}
    if han:
        keys.update(["p" + one for one in sounds.spoken(core)])
        keys.update(_reshaped("c" + core, 24))
        keys.update(["c" + one for one in _swapped(core)])
        if len(core) > 2:
            keys.update(["q" + one for one in sounds.spoken_but_one(core)])
    elif core.isascii():
        keys.add("p" + sounds.romanised(core))
    found = registry.find(keys)
    if not found and han:
        found = registry.find(_twice(core))
    return found[:_MOST_COMPARED]


def _near(letter: str, most: int) -> str:
    known_of = tables.table().near.get(letter)
    return known_of[0][:most] if known_of else ""


def _reshaped(text: str, most: int) -> list[str]:
    """Return a text with one Han character replaced by what it looks like."""
    found = []
    near = tables.table().near
    for at, letter in enumerate(text):
        if letter in near:
            head, tail = text[:at], text[at + 1 :]
            found += [head + other + tail for other in near[letter][0][:most]]
    return found


def _swapped(core: str) -> Iterator[str]:
    """Yield a short core with two neighbours in each other's place; longer ones meet by a missing letter."""
    for at in range(len(core) - 1 if len(core) < 4 else 0):
        yield core[:at] + core[at + 1] + core[at] + core[at + 2 :]


def _twice(core: str) -> list[str]:
    """Return keys of official names that differ in two characters."""
    if len(core) == 2:
        others = _near(core[1], 12)
        return ["c" + one + other for one in _near(core[0], 12) for other in others]
    if len(core) > 8:
        return []
    places = range(1, len(core) + 1)
    return [once[:at] + once[at + 1 :] for once in _reshaped("d" + core, 8) for at in places]
