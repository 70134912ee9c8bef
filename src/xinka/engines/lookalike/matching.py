"""Compares one reading of a name with the registry: which official name it is nearest to, and how near."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import combinations
from typing import NamedTuple

from xinka.engines.lookalike import known, prepare, roles, sounds, tables
from xinka.engines.lookalike.align import Alignment, Glance, align, edits
from xinka.engines.lookalike.cores import Shape
from xinka.engines.lookalike.official import LONGEST_TWICE, SHORTEST_TWICE, Registry, has_han, typo_keys

_MOST_COMPARED = 120
#: From so many candidates on a glance at each is worth while.
_MANY = 20
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
#: Letters of Chinese role words, and those of other scripts.
_ROLE_LETTERS = re.compile("[客服官方中心安全团队管家秘书助手]|[^\x00-\x7f\u3400-\u9fff]")


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


def best_match(registry: Registry, view: prepare.View) -> Match | None:
    """Return the nearest official name to a reading, None where none is near."""
    best: Match | None = None
    steps = prepare.peel(view.tokens)
    bare = steps[-1].core if steps[-1].claims else ""
    for peeled in steps:
        core, claims = peeled.core, peeled.claims
        if not core or len(core) > _LONGEST_CORE:
            continue
        match = None
        if not claims and (numbers := _whole_candidates(registry, peeled, view.tokens)):
            match = _nearest(registry, Reading(view, peeled, bare), numbers, whole=True)
        if claims or (match is None and registry.n_roleless):
            match = _nearest_by_core(registry, Reading(view, peeled, bare), whole=not claims)
        if match is not None and (best is None or match.rank < best.rank):
            best = match
    return best


def _nearest_by_core(registry: Registry, reading: Reading, *, whole: bool) -> Match | None:
    """Return the nearest official name among those with the same core, else with a slip in it, else with two."""
    core = reading.peeled.core
    if found := registry.find_equal(core):
        return _nearest(registry, reading, found, whole=whole)
    keys = _slip_keys(core)
    found = registry.find(keys)[:_MOST_COMPARED]
    match = _nearest(registry, reading, found, whole=whole) if found else None
    if match is None and not core.isascii() and not (found and registry.has_slip_key(core, keys, found)):
        match = _nearest(registry, reading, _twice(registry, core)[:_MOST_COMPARED], whole=whole)
    return match


def _nearest(registry: Registry, reading: Reading, numbers: Collection[int], *, whole: bool) -> Match | None:
    best: Match | None = None
    written, added = reading.peeled.core, reading.peeled.added
    if len(numbers) > _MANY:
        numbers = _not_far(registry, written, numbers, whole=whole)
    for number in numbers:
        shape = registry.shapes[number]
        limit, official = shape.limit, shape.core
        if whole:
            official = shape.full
            if shape.roles:
                if added:
                    continue
                limit = max(limit, _SLIP_IN_KNOWN_ROLE if reading.bare else _SLIP_IN_ROLE)
        alignment = align(official, written, limit)
        match = _compared(number, shape, reading, alignment, limit, whole) if alignment is not None else None
        if match is not None and best is not None and match.rank == best.rank:
            match = min(best, match, key=lambda one: _as_written(registry, one))
        if match is not None and (best is None or match.rank <= best.rank):
            best = match
    return best


def _not_far(registry: Registry, written: str, numbers: Collection[int], *, whole: bool) -> list[int]:
    """Return the candidates that a glance does not let go, in the same order."""
    glance, parts = Glance(written), registry.shapes.parts
    return [
        number
        for number, (full, core) in zip(numbers, map(parts, numbers), strict=True)
        if not glance.is_far(full if whole else core, len(core))
    ]


def _as_written(registry: Registry, match: Match) -> tuple[int, int]:
    """Return how many letters a name differs from an official one as both are written: among equals it decides."""
    return edits()(match.view.name.casefold(), registry.names[match.number].casefold()), match.number


def _compared(
    number: int, shape: Shape, reading: Reading, alignment: Alignment, limit: float, whole: bool
) -> Match | None:
    view, peeled, bare = reading
    cost = alignment.cost
    shared = len(set(shape.roles) & set(peeled.roles))
    if alignment.steps and not whole and set(shape.roles) != set(peeled.roles):
        cost += _PARTLY_OTHER_ROLE if shared else _OTHER_ROLE
    if alignment.steps and not view.how:
        cost += _cost_of_word(bare or peeled.core, shape.core, alignment)
    if cost > limit:
        return None
    likeness = 99 if whole and shape.roles else shared - 0.1 * len(shape.roles)
    rank = (cost + _ADDED * peeled.added, -likeness, float(len(shape.full)))
    return Match(number, shape, alignment, cost, limit, view, peeled, rank)


def _cost_of_word(core: str, official: str, alignment: Alignment) -> float:
    """Return what it costs that an altered name is a common word or somebody's nickname in its own right.

    In three characters the first of a nickname says nothing where the official name has it as well.
    """
    kinds = {step.kind for step in alignment.steps}
    is_nickname = _NICKNAME.fullmatch(core) is not None and (len(core) == 2 or core[0] != official[:1])
    if kinds == {"variant"} or not (is_nickname or known.is_word(core)):
        return 0.0
    if core.isascii():
        return _WORD_LATIN
    return _WORD_BY_SHAPE if "shape" in kinds else _WORD_HAN


def _whole_candidates(registry: Registry, peeled: prepare.Peeled, tokens: list[str]) -> Collection[int]:
    core = peeled.core
    found: Collection[int] = ()
    if not peeled.added:
        found = registry.find_whole(core, slip=_may_slip(core, tokens))
    if registry.n_roleless:
        return {*found, *registry.find_one("c" + roles.deep(core))}
    return found


def _may_slip(core: str, tokens: list[str]) -> bool:
    """Say whether a whole name may be an official one with a slip that tears its role word: most nicknames may not."""
    if core.isascii():
        return len(core) > 5 and len(min(tokens, key=len)) == 1
    return len(core) > 2 and _ROLE_LETTERS.search(core) is not None


def _slip_keys(core: str) -> list[str]:
    han = has_han(core)
    keys = typo_keys("d", core) if len(core) > 2 else ["d" + core]
    if han:
        keys += ["p" + one for one in sounds.spoken(core)]
        if len(core) > 2:
            keys += ["q" + one for one in sounds.spoken_but_one(core)]
        else:  # of longer cores the keys with a letter missing hold these as well
            keys += _reshaped(core)
    elif core.isascii():
        keys.append("p" + sounds.romanised(core))
    return keys


def _near(letter: str, most: int) -> str:
    return tables.looks_like(letter)[:most]


def _reshaped(core: str) -> list[str]:
    """Return keys of official names of one or two letters: one of them replaced by what it looks like, or swapped."""
    found = []
    for at, letter in enumerate(core):
        head, tail = "c" + core[:at], core[at + 1 :]
        found += [head + other + tail for other in _near(letter, 24)]
    if len(core) > 1:
        found.append("c" + core[::-1])
    return found


def _twice(registry: Registry, core: str) -> list[int]:
    """Return official names that differ in two characters; of short ones one at least is alike in shape."""
    if len(core) == 2:
        others = _near(core[1], 12)
        return registry.find(["c" + one + other for one in _near(core[0], 12) for other in others])
    if len(core) > LONGEST_TWICE:
        return []
    found = []
    for first, second in combinations(range(len(core)), 2):
        head, between, tail = core[:first], core[first + 1 : second], core[second + 1 :]
        rest = head + between + tail
        if len(core) > SHORTEST_TWICE:
            found.append(rest)
        elif len(core) < SHORTEST_TWICE or registry.may_have_pair(rest):
            found += [f"d{head}{other}{between}{tail}" for other in _near(core[first], 8)]
            found += [f"d{head}{between}{other}{tail}" for other in _near(core[second], 8)]
    return registry.find_twice(found) if len(core) > SHORTEST_TWICE else registry.find(found)
