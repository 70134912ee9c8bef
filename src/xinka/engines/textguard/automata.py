"""Automata over the spellings and sounds of terms, in a form that is read back in a thousandth of a second."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec
from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.spellings import DEPTH, DEPTHS, Term, is_han, sound_spellings, spellings
from xinka.engines.textguard.views import View

#: Hits beyond this many in one text say nothing new.
MOST_HITS = 200
_MOST_FOUND = MOST_HITS * 5
#: A longer text is read by blocks.
_BLOCK = 65_536
_VIEWS = len(DEPTHS)
#: Where a pattern begins and ends, and its number.
Place = tuple[int, int, int]


#: A term that may stand in a view: its number, how it is spelled there, the view, where it begins and ends in that. A
#: plain tuple, since hundreds are made of a longer text.
Candidate = tuple[int, str, View, int, int]


class Ways(msgspec.Struct):
    """An automaton, and for each of its patterns the numbers that it stands for."""

    automaton: bytes
    #: Where the numbers of each pattern begin, and one place more; 32 bits each, as this machine writes them.
    begins: bytes
    numbers: bytes


def packed(patterns: Iterable[tuple[str, Sequence[int]]]) -> Ways:
    """Build the automaton of patterns and the numbers they stand for; a pattern may come twice."""
    begins, numbers, texts = array("I", [0]), array("I"), []
    for text, found in patterns:
        texts.append(text)
        numbers.extend(found)
        begins.append(len(numbers))
    automaton = CharwiseDoubleArrayAhoCorasick(texts).serialize() if texts else b""
    return Ways(automaton, begins.tobytes(), numbers.tobytes())


class ReadyWays:
    """Ways made ready: ``find`` looks in a text, ``of`` names what a pattern stands for."""

    __slots__ = ("_begins", "_numbers", "find")

    def __init__(self, ways: Ways) -> None:
        self.find: Callable[[str], list[Place]] = (
            CharwiseDoubleArrayAhoCorasick.deserialize(ways.automaton).find_overlapping if ways.automaton else _nothing
        )
        self._begins, self._numbers = array("I"), array("I")
        self._begins.frombytes(ways.begins)
        self._numbers.frombytes(ways.numbers)

    def of(self, which: int) -> array[int]:
        """Return the numbers of a pattern."""
        return self._numbers[self._begins[which] : self._begins[which + 1]]


def _nothing(_text: str) -> list[Place]:
    return []


class IndexData(msgspec.Struct):
    """Patterns of spellings, then those of sounds; a number tells the term and the view, see ``_VIEWS``."""

    ways: Ways
    n_exact: int
    longest: int


def index_of(terms: Sequence[Term], numbers: Iterable[int]) -> IndexData:
    """Build the index of some of the terms."""
    exact: defaultdict[str, list[int]] = defaultdict(list)
    heard: defaultdict[str, list[int]] = defaultdict(list)
    for number in numbers:
        term = terms[number]
        for way, view in spellings(term):
            exact[way].append(number * _VIEWS + DEPTH[view])
        if term.depth >= DEPTH["pinyin"] and len(term.text) >= 2 and is_han(term.text):
            for way in sound_spellings(term.text):
                heard[way].append(number * _VIEWS + DEPTH["pinyin"])
    return IndexData(packed([*exact.items(), *heard.items()]), len(exact), max(map(len, exact), default=0))


class Index:
    """Some of the terms, ready to be looked for in any view."""

    def __init__(self, terms: Sequence[Term], data: IndexData) -> None:
        self._terms, self._ways = terms, ReadyWays(data.ways)
        self._n_exact, self._longest = data.n_exact, data.longest
        #: Of each pattern met so far: the terms it stands for, each with its view if that is another, and its depth.
        self._meant: dict[int, tuple[tuple[int, str, int], ...]] = {}

    def scan(self, written: str, sounds: str) -> tuple[list[Place], list[Place]]:
        """Return what stands in a squeezed text and what in its sounds, in one pass if the text is not long."""
        if len(written) > _BLOCK:
            return self.places(written), self._heard(self._ways.find(sounds), 0)
        found = self._ways.find(f"{written}\0{sounds}")
        if not found:
            return [], []
        border, n_exact = len(written), self._n_exact
        exact = [place for place in found if place[2] < n_exact and place[1] <= border]
        return exact[:_MOST_FOUND], self._heard(found, border + 1)

    def _heard(self, found: list[Place], first: int) -> list[Place]:
        n_exact = self._n_exact
        places = [(a - first, b - first, which) for a, b, which in found if which >= n_exact and a >= first]
        return places[:_MOST_FOUND]

    def places_in_rows(self, written: Sequence[str], sounds: str) -> list[int]:
        """Return where terms begin in rows of the same length: spellings in those written, sounds in the last."""
        length, n_exact = len(sounds) + 1, self._n_exact
        found = self._ways.find("\0".join((*written, sounds)))
        border = length * len(written)
        return [start % length for start, _end, which in found if (which >= n_exact) == (start >= border)]

    def places(self, text: str) -> list[Place]:
        """Return the first places at which spellings stand, those of a long text read by blocks that overlap."""
        n_exact, found = self._n_exact, []
        for done in range(0, len(text), _BLOCK):
            first = max(0, done - self._longest)
            found += [
                (first + a, first + b, which)
                for a, b, which in self._ways.find(text[first : done + _BLOCK])
                if which < n_exact and first + b > done
            ]
            if len(found) >= _MOST_FOUND:
                break
        return found[:_MOST_FOUND]

    def candidates(self, places: Iterable[Place], view: View, name: str) -> list[Candidate]:
        """Return the terms that stand at places of a view, as they are spelled there."""
        depth = DEPTH[name]
        return [
            (term, way or name, view, start, end)
            for start, end, which in places
            for term, way, deepest in self._meant.get(which) or self._meant_by(which)
            if deepest >= depth
        ]

    def _meant_by(self, which: int) -> tuple[tuple[int, str, int], ...]:
        found = []
        for number in self._ways.of(which):
            term, way = divmod(number, _VIEWS)
            found.append((term, DEPTHS[way] if way else "", self._terms[term].depth))
        return self._meant.setdefault(which, tuple(found))
