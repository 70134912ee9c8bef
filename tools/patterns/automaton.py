"""A pattern as an automaton: its places, what each reads, and which may follow which.

Each place of the pattern that reads one character is a state. A step leads from one place to the next and may ask
what was read before it and what is read after it (word borders, looks ahead and behind of one character). Repetitions
of more than ``bound`` turns are loops; shorter ones are written out, three turns at most. Captures are not kept, and a
reference to one reads anything, so a pattern is never judged better than it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_MANY = 3
_SAMPLES = "aAzZ_09 \t\r\n-.@/:é中\U0001f600\x00"


class Step(NamedTuple):
    """On to a place, if the sign before it is among some and its own among others (sets of bits)."""

    to: int
    before: int
    after: int


class _Gap(NamedTuple):
    """What is asked of the signs on both sides of a place where nothing is read."""

    before: int
    after: int


@dataclass
class Part:
    """A part of a pattern: where it begins, where it ends, and the ways through it that read nothing."""

    first: list[Step] = field(default_factory=list)
    last: list[Step] = field(default_factory=list)
    empty: list[_Gap] = field(default_factory=list)


class Signs:
    """The signs a pattern can tell apart, one of each kind; two more bits stand for the text's two ends."""

    def __init__(self, tree: Any, flags: int, binary: bool) -> None:
        self.flags = flags & (re.IGNORECASE | re.ASCII | re.DOTALL | re.MULTILINE)
        limit = 0xFF if binary else 0x10FFFF
        codes = {ord(sign) for sign in _SAMPLES} | {code for one in _codes(tree) for code in (one - 1, one, one + 1)}
        if flags & re.IGNORECASE:
            codes |= {
                ord(other)
                for one in codes
                if 0 <= one <= limit
                for other in (chr(one).lower(), chr(one).upper())
                if len(other) == 1
            }
        self.signs = sorted(code for code in codes if 0 <= code <= limit)
        self.all = (1 << len(self.signs)) - 1
        self.end = 1 << len(self.signs)
        self.start = self.end << 1
        self.any = self.all | self.end | self.start
        self._words = self._matching(r"\w")
        self._classes: dict[Any, int] = {}

    def read(self, operation: Any, argument: Any, flags: int) -> int:
        """Return the bits of the signs that one place reads."""
        if operation is c.ANY:
            return self.all if flags & re.DOTALL else self.all & ~self._one(10)
        if operation is c.LITERAL:
            return self._one(argument, flags)
        if operation is c.NOT_LITERAL:
            return self.all & ~self._one(argument, flags)
        bits, negated = 0, False
        for kind, value in argument:
            if kind is c.NEGATE:
                negated = True
            elif kind is c.RANGE:
                bits |= self._range(value[0], value[1], flags)
            elif kind is c.CATEGORY:
                bits |= self.category(value)
            else:
                bits |= self._one(value, flags)
        return self.all & ~bits if negated else bits

    def category(self, name: Any) -> int:
        """Return the bits of the signs of a category."""
        letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(name).rpartition("_")[2]]
        return self._matching("\\" + (letter.upper() if "NOT" in str(name) else letter))

    def border(self) -> list[_Gap]:
        """Return the two ways a word's border can lie."""
        other = self.any & ~self._words
        return [_Gap(self._words, other), _Gap(other, self._words)]

    def inside(self) -> list[_Gap]:
        """Return the two ways a place can be no word's border."""
        other = self.any & ~self._words
        return [_Gap(self._words, self._words), _Gap(other, other)]

    def _matching(self, pattern: str) -> int:
        asked = re.compile(pattern, self.flags & re.ASCII)
        return self._bits(index for index, code in enumerate(self.signs) if asked.match(chr(code)))

    def _one(self, code: int, flags: int = 0) -> int:
        return self._range(code, code, flags)

    def _range(self, low: int, high: int, flags: int) -> int:
        first, behind = bisect_left(self.signs, low), bisect_right(self.signs, high)
        bits = ((1 << (behind - first)) - 1) << first
        if not flags & re.IGNORECASE:
            return bits
        return bits | self._bits(
            index
            for index, code in enumerate(self.signs)
            if any(len(one) == 1 and low <= ord(one) <= high for one in (chr(code).lower(), chr(code).upper()))
        )

    @staticmethod
    def _bits(indexes: Iterable[int]) -> int:
        return sum(1 << index for index in indexes)


def _codes(tree: Any) -> set[int]:
    """Return every character that a pattern names, and both ends of every row."""
    found: set[int] = set()
    for operation, argument in tree:
        if operation in (c.LITERAL, c.NOT_LITERAL):
            found.add(argument)
        elif operation is c.IN:
            found |= {code for kind, value in argument if kind is c.LITERAL for code in (value,)}
            found |= {code for kind, value in argument if kind is c.RANGE for code in value}
        else:
            for inner in _inner(argument):
                found |= _codes(inner)
    return found


def _inner(argument: Any) -> Iterable[Any]:
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for one in argument:
            yield from _inner(one)


class Automaton:
    """The states of a pattern, what each reads and where it leads."""

    def __init__(self, pattern: re.Pattern[str] | re.Pattern[bytes], bound: int, anywhere: bool) -> None:
        written = pattern.pattern
        tree = parser.parse(written, pattern.flags)
        self.signs = Signs(tree, pattern.flags, isinstance(written, bytes))
        self.bound = bound
        self.reads: list[int] = []
        self.steps: list[list[Step]] = []
        #: Which atomic group a place is in: of two ways into one or through one, only the first is ever tried.
        self.group: list[int] = []
        self._groups = [0]
        whole = self._sequence(tree, pattern.flags)
        #: One sign of each kind that it tells apart, once somebody has asked.
        self.kinds = 0
        #: Where the pattern may begin to be tried: before any sign of the text, if it is looked for anywhere.
        self.before: int | None = None
        if anywhere:
            self.before = self._place(self.signs.all)
            self.steps[self.before] = [Step(self.before, self.signs.any, self.signs.all), *whole.first]
        #: Places at which the whole has been found, whatever comes next.
        self.ends = {
            step.to
            for step in whole.last
            if step.before & self.reads[step.to] == self.reads[step.to] and step.after == self.signs.any
        }

    def _place(self, reads: int) -> int:
        self.reads.append(reads)
        self.steps.append([])
        self.group.append(self._groups[-1])
        return len(self.reads) - 1

    def _sequence(self, tree: Any, flags: int) -> Part:
        whole = Part(empty=[_Gap(self.signs.any, self.signs.any)])
        for operation, argument in tree:
            whole = self._joined(whole, self._part(operation, argument, flags))
        return whole

    def _part(self, operation: Any, argument: Any, flags: int) -> Part:
        if operation in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
            return self._reading(self.signs.read(operation, argument, flags))
        if operation in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
            return self._repeated(argument[0], argument[1], argument[2], flags)
        if operation is c.BRANCH:
            return self._either([self._sequence(one, flags) for one in argument[1]])
        if operation is c.SUBPATTERN:
            _, added, taken, inner = argument
            return self._sequence(inner, (flags | added) & ~taken)
        if operation is c.ATOMIC_GROUP:
            return self._atomic(argument, flags)
        if operation is c.GROUPREF:
            return self._reading(self.signs.all)
        if operation is c.AT:
            return Part(empty=self._at(argument, flags))
        if operation in (c.ASSERT, c.ASSERT_NOT):
            return self._look(operation is c.ASSERT, argument[0], argument[1], flags)
        raise NotImplementedError(str(operation))

    def _atomic(self, inner: Any, flags: int) -> Part:
        self._groups.append(id(inner))
        part = self._sequence(inner, flags)
        self._groups.pop()
        return part

    def _reading(self, reads: int) -> Part:
        step = Step(self._place(reads), self.signs.any, self.signs.any)
        return Part([step], [step])

    def _at(self, where: Any, flags: int) -> list[_Gap]:
        signs = self.signs
        if where in (c.AT_BOUNDARY, c.AT_UNI_BOUNDARY):
            return signs.border()
        if where in (c.AT_NON_BOUNDARY, c.AT_UNI_NON_BOUNDARY):
            return signs.inside()
        line = signs.read(c.LITERAL, 10, 0)
        if where in (c.AT_END, c.AT_END_STRING):
            return [_Gap(signs.any, signs.end | (0 if where is c.AT_END_STRING else line))]
        return [_Gap(signs.start | (line if flags & re.MULTILINE else 0), signs.any)]

    def _look(self, wanted: bool, direction: int, inner: Any, flags: int) -> Part:
        """Return a look around: of one sign, a condition; of more, a way that is gone and never ends."""
        seen = self._single(inner, flags, direction)
        if seen is not None:
            if not wanted:
                seen = self.signs.any & ~seen
            return Part(empty=[_Gap(self.signs.any, seen) if direction > 0 else _Gap(seen, self.signs.any)])
        gone = self._sequence(inner, flags) if direction > 0 else Part()
        # What follows may fail whatever has been read: both halves of "any", so that no end is one whatever comes next.
        half = self.signs.all & ~self.signs.end, self.signs.end
        return Part(first=gone.first, empty=[_Gap(self.signs.any, one) for one in half])

    def _single(self, inner: Any, flags: int, direction: int) -> int | None:
        nodes = list(inner)
        if len(nodes) == 1 and nodes[0][0] in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
            return self.signs.read(nodes[0][0], nodes[0][1], flags)
        if len(nodes) == 1 and nodes[0][0] is c.MAX_REPEAT and direction < 0 and nodes[0][1][0] > 0:
            return None if len(nodes[0][1][2]) != 1 else self._single(nodes[0][1][2], flags, direction)
        return None

    def _either(self, parts: Sequence[Part]) -> Part:
        return Part(
            [one for part in parts for one in part.first],
            [one for part in parts for one in part.last],
            list(dict.fromkeys(one for part in parts for one in part.empty)),
        )

    def _joined(self, left: Part, right: Part) -> Part:
        self._link(left.last, right.first)
        first = [Step(s.to, s.before & gap.before, s.after & gap.after) for gap in left.empty for s in right.first]
        last = [Step(s.to, s.before & gap.before, s.after & gap.after) for gap in right.empty for s in left.last]
        empty = [_Gap(a.before & b.before, a.after & b.after) for a in left.empty for b in right.empty]
        return Part(left.first + first, right.last + last, list(dict.fromkeys(empty)))

    def _link(self, lasts: Iterable[Step], firsts: Sequence[Step]) -> None:
        for last in lasts:
            for first in firsts:
                before = last.before & first.before & self.reads[last.to]
                after = last.after & first.after & self.reads[first.to]
                if before and after:
                    self.steps[last.to].append(Step(first.to, before, after))

    def _repeated(self, least: int, most: int, inner: Any, flags: int) -> Part:
        unbounded = most > self.bound
        whole = Part(empty=[_Gap(self.signs.any, self.signs.any)])
        for _ in range(min(least, _MANY) - (1 if unbounded and least else 0)):
            whole = self._joined(whole, self._sequence(inner, flags))
        if unbounded:
            turn = self._sequence(inner, flags)
            self._link(turn.last, turn.first)
            return self._joined(whole, turn if least else self._perhaps(turn))
        rest = Part(empty=[_Gap(self.signs.any, self.signs.any)])
        for _ in range(min(most, _MANY) - min(least, _MANY)):
            rest = self._perhaps(self._joined(self._sequence(inner, flags), rest))
        return self._joined(whole, rest)

    def _perhaps(self, part: Part) -> Part:
        gap = _Gap(self.signs.any, self.signs.any)
        return Part(part.first, part.last, list(dict.fromkeys([*part.empty, gap])))
