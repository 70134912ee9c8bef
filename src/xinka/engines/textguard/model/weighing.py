"""Weighs a text in one pass: an automaton over all features tells which of them stand in it.

The rest of the features weigh nothing and are only counted, most of them without being made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import product, repeat
from math import fsum, sqrt
from operator import itemgetter
from typing import NamedTuple

import msgspec
from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.model.counting import n_pieces
from xinka.engines.textguard.model.features import SEPARATOR, SHAPES, Tables, counted, edges, features, spelled
from xinka.engines.textguard.model.pair_weights import PairWeights
from xinka.engines.textguard.model.parts import LONGEST_PART, PIECES_A_LETTER
from xinka.engines.textguard.model.table import TaskTable, numbers_of
from xinka.engines.textguard.prepared import prepared

#: Letters of private use could be taken for sounds and shapes; a clean text has none.
_ALL_PRIVATE = re.compile("[\ue000-\uf8ff]")
_PRIVATE = _ALL_PRIVATE.search
_MARKED = re.compile("[\uf8a0-\uf8ff]").search
#: The shapes of so many messages are remembered, if they are no longer than this: most short ones are alike.
_REMEMBERED, _SHORT = 8192, 48
_which = itemgetter(2)


class _Built(msgspec.Struct):
    """What is built from the names of features once and kept."""

    automaton: bytes
    #: The numbers of the features of shapes and of all others that hold a mark.
    numbers: dict[str, int]


class _Met(NamedTuple):
    """A text, its letters folded, and the features of letters that stand in it."""

    text: str
    folded: str
    places: list[tuple[int, int, int]]


class Weights:
    """The weights of one task."""

    def __init__(self, table: TaskTable, tables: Tables) -> None:
        self._table, self._tables = table, tables
        self._weights = numbers_of("f", table.weights)
        self._weights.extend(repeat(0.0, len(SHAPES) ** 3))  # for pieces of shapes that weigh nothing
        kept = prepared("weights", table.features.encode(), lambda: _build(table))
        built = msgspec.msgpack.decode(kept, type=_Built)
        self._find: Callable[[str], list[tuple[int, int, int]]] = CharwiseDoubleArrayAhoCorasick.deserialize(
            built.automaton
        ).find_overlapping
        self._numbers = built.numbers
        self.pairs = PairWeights(table)
        self._last = _Met("", "", [])
        self._of_short_shape = lru_cache(maxsize=_REMEMBERED)(self._of_shape)

    @cached_property
    def by_name(self) -> dict[str, float]:
        """The weight of each feature but the pairs."""
        return dict(zip(self._table.features.split("\n"), self._weights, strict=False))

    def mean(self, text: str) -> float:
        """Return what a bounded clean text's features and its pairs weigh.

        Both are the sum of the weights divided by the root of their number.
        """
        folded, letters, sounds, shape = spelled(text, self._tables)
        of_pairs = self.pairs.mean(letters)
        if _PRIVATE(letters):
            found = features(text, self._tables)
            return fsum(map(self.by_name.get, found, repeat(0.0))) / sqrt(len(found)) + of_pairs
        numbers, n_found = self._of_short_shape(shape) if len(shape) <= _SHORT else self._of_shape(shape)
        words = edges(folded)
        n_found += n_pieces(letters, sounds) + len(words)
        if len(text) > LONGEST_PART:
            met = set(map(_which, self._met(text).places))
            met.update(map(_which, self._find(sounds)))
        else:
            met = set(map(_which, self._find(f"{letters}\0{sounds}")))
        met.update(numbers)
        met.update(map(self._numbers.__getitem__, words & self._numbers.keys()))
        of_pieces = fsum(map(self._weights.__getitem__, met)) / sqrt(n_found)  # the sum is exact: a set has no order
        return of_pieces + of_pairs

    def likely(self, text: str, spans: Sequence[tuple[int, int]], at_least: float) -> list[tuple[int, int]]:
        """Return which spans of a clean text, that cover it in order, have pieces of letters that weigh so much.

        It is a glance: a piece counts as often as it is met, with the span it begins in, and sounds, shapes and pairs
        do not count. A twentieth of the time that weighing takes, and weighing the same text next takes less.
        """
        _, folded, places = self._met(text)
        weights, sums = self._weights, [0.0] * (len(folded) - folded.count(SEPARATOR))
        for first, _, number in places:
            sums[first] += weights[number]
        found, at = [], 0
        for start, end in spans:
            size = end - start - folded.count(SEPARATOR, start, end)
            if size and sum(sums[at : at + size]) >= at_least * sqrt(PIECES_A_LETTER * size):
                found.append((start, end))
            at += size
        return found

    def glance(self, text: str) -> float:
        """Return what pieces of letters of a bounded clean text weigh: the sum, by the root of their likely number.

        As in ``likely``, each counts as often as it is met; after that it takes a twentieth of the time of ``mean``.
        """
        _, folded, places = self._met(_ALL_PRIVATE.sub("", text) if _PRIVATE(text) else text)
        weighed: float = sum(map(self._weights.__getitem__, map(_which, places)))
        return weighed / sqrt(PIECES_A_LETTER * max(1, len(folded) - folded.count(SEPARATOR)))

    def _met(self, text: str) -> _Met:
        """Return a text with the features of letters that stand in it; of the last one they are remembered."""
        last = self._last  # another thread may change it
        if last.text != text:
            folded = text.translate(self._tables.fold)
            last = self._last = _Met(text, folded, self._find(folded.replace(SEPARATOR, "")))
        return last

    def _of_shape(self, shape: str) -> tuple[tuple[int, ...], int]:
        """Return which features of the shape weigh something, and how many it has."""
        pieces = set(map(_which, self._find(shape)))  # all pieces of three shapes are known
        counts = counted(shape)
        known = [self._numbers[name] for name in counts if name in self._numbers]
        return (*pieces, *known), len(pieces) + len(counts)


def _build(table: TaskTable) -> bytes:
    names = table.features.split("\n")
    if 4 * len(names) != len(table.weights):
        raise ValueError("as many weights as features are needed")
    numbers = {name: number for number, name in enumerate(names) if _MARKED(name)}
    names += [piece for piece in map("".join, product(SHAPES, repeat=3)) if piece not in numbers]
    return msgspec.msgpack.encode(_Built(CharwiseDoubleArrayAhoCorasick(names).serialize(), numbers))
