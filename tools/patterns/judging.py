"""Says of a pattern whether a text could keep it busy for longer than in proportion to the text's length.

There are two ways to be kept busy, both by a text that fails in the end. *Two ways round*: from a place back to itself
by two different ways that read the same; each turn doubles what is tried. *Two loops that read the same*, one behind
the other: their border can lie anywhere, which is the square of the length; a pattern that is looked for anywhere has a
first such loop before its beginning. (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991; for
patterns, Weideman et al., 2016.)
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from tools.patterns.automaton import Automaton, Step

#: Repetitions of so many turns at most cost no more than a factor; two ways round already harm from fewer turns.
_FACTOR, _TURNS = 64, 8
_State = TypeVar("_State", bound=tuple[int, ...])
_ANYWHERE = frozenset({"search", "findall", "finditer", "split", "sub", "subn"})


class Busy(NamedTuple):
    """How a pattern is kept busy: in which way, and by which words again and again."""

    way: str
    word: str


def judged(pattern: re.Pattern[str] | re.Pattern[bytes], uses: frozenset[str]) -> Busy | None:
    """Return how a pattern that is asked by these methods can be kept busy, if it can; none known means any."""
    known = uses - {"?"} or _ANYWHERE | {"fullmatch"}
    if "?" in uses:
        known = _ANYWHERE | {"fullmatch"}
    round_about = _two_ways_round(Automaton(pattern, _TURNS, anywhere=False))
    if round_about is not None:
        return Busy("two ways round", round_about)
    for anywhere in sorted({use in _ANYWHERE for use in known}):
        automaton = Automaton(pattern, _FACTOR, anywhere)
        if "fullmatch" in known and not anywhere:
            automaton.ends = set()
        word = _two_loops(automaton)
        if word is not None:
            return Busy("two loops that read the same", word)
    return None


def _letters(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest


def _moves(automaton: Automaton, state: int, letter: int | None) -> Iterator[tuple[int, Step]]:
    """Yield the steps from a state, at which a letter was read, by their numbers."""
    for number, step in enumerate(automaton.steps[state]):
        if letter is None or step.before & letter:
            yield number, step


def _looping(automaton: Automaton) -> list[int]:
    """Return the states that lead back to themselves."""
    left = {state: {step.to for step in steps} for state, steps in enumerate(automaton.steps)}
    while ended := [state for state, follow in left.items() if not follow & left.keys()]:
        for state in ended:
            del left[state]
    return [state for state in left if state in _reached(automaton, state)]


def _reached(automaton: Automaton, start: int) -> set[int]:
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        for step in automaton.steps[waiting.pop()]:
            if step.to not in seen:
                seen.add(step.to)
                waiting.append(step.to)
    return seen


def _two_ways_round(automaton: Automaton) -> str | None:
    loops = _looping(automaton)
    reached = {state: _reached(automaton, state) for state in loops}
    for start in loops:
        ring = {state for state in loops if state in reached[start] and start in reached[state]}
        found = _apart(automaton, start, ring)
        if found is not None:
            return found
    return None


def _apart(automaton: Automaton, start: int, ring: set[int]) -> str | None:
    """Return what two different ways from a state back to it both read."""
    kinds = _kinds(automaton)
    begin = [(start, start, letter, False) for letter in _letters(automaton.reads[start] & kinds)]
    came: dict[tuple[int, int, int, bool], tuple[int, int, int, bool] | None] = dict.fromkeys(begin)
    waiting = deque(begin)
    while waiting:
        here = one, other, letter, parted = waiting.popleft()
        for number, step in _moves(automaton, one, letter):
            for number_too, step_too in _moves(automaton, other, letter):
                if step.to not in ring or step_too.to not in ring:
                    continue
                if one == other and number != number_too and _is_settled(automaton, step, step_too):
                    continue
                now_parted = parted or one != other or number != number_too
                for read in _letters(
                    step.after & step_too.after & automaton.reads[step.to] & automaton.reads[step_too.to] & kinds
                ):
                    there = step.to, step_too.to, read, now_parted
                    if there in came:
                        continue
                    came[there] = here
                    if there[:2] == (start, start) and now_parted:
                        return _told(automaton, [state[2] for state in _back(came, there)])
                    waiting.append(there)
    return None


def _is_settled(automaton: Automaton, step: Step, other: Step) -> bool:
    """Say whether an atomic group has only one of two ways tried."""
    return automaton.group[step.to] != 0 and automaton.group[step.to] == automaton.group[other.to]


def _back(came: dict[_State, _State | None], end: _State) -> list[_State]:
    way, here = [end], came[end]
    while here is not None:
        way.append(here)
        here = came[here]
    return way[-2::-1]


def _two_loops(automaton: Automaton) -> str | None:
    loops = _looping(automaton)
    if automaton.before is not None:
        loops = [automaton.before, *(state for state in loops if state != automaton.before)]
    reached = {state: _reached(automaton, state) for state in loops}
    for first in loops:
        for second in loops:
            if second == first or second in automaton.ends or second not in reached[first] or first in reached[second]:
                continue
            found = _alike(automaton, first, second, reached)
            if found is not None:
                return found
    return None


def _alike(automaton: Automaton, first: int, second: int, reached: dict[int, set[int]]) -> str | None:
    """Return what leads from a loop to itself, from it to another and from that to itself."""
    kinds = _kinds(automaton)
    reads = automaton.reads
    begin = [(first, first, second, letter) for letter in _letters(reads[first] & reads[second] & kinds)]
    came: dict[tuple[int, int, int, int], tuple[int, int, int, int] | None] = dict.fromkeys(begin)
    waiting = deque(begin)
    while waiting:
        here = a, b, d, letter = waiting.popleft()
        for _, one in _moves(automaton, a, letter):
            if first not in reached.get(one.to, ()):
                continue
            for _, two in _moves(automaton, b, letter):
                for _, three in _moves(automaton, d, letter):
                    if second not in reached.get(three.to, ()) or three.to in automaton.ends:
                        continue
                    shared = one.after & two.after & three.after & reads[one.to] & reads[two.to] & reads[three.to]
                    for read in _letters(shared & kinds):
                        there = one.to, two.to, three.to, read
                        if there in came:
                            continue
                        came[there] = here
                        if there[:3] == (first, second, second):
                            return _told(automaton, [state[3] for state in _back(came, there)])
                        waiting.append(there)
    return None


def _kinds(automaton: Automaton) -> int:
    """Return one sign of each kind that the automaton tells apart."""
    if automaton.kinds:
        return automaton.kinds
    masks = {*automaton.reads} | {mask for steps in automaton.steps for step in steps for mask in step[1:]}
    seen, kept = set(), 0
    for letter in _letters(automaton.signs.all):
        kind = tuple(bool(mask & letter) for mask in masks)
        if kind not in seen:
            seen.add(kind)
            kept |= letter
    automaton.kinds = kept
    return kept


def _told(automaton: Automaton, letters: list[int]) -> str:
    return "".join(chr(automaton.signs.signs[letter.bit_length() - 1]) for letter in letters)
