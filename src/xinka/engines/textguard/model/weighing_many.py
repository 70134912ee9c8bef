"""Weighs many texts at once: the same features and the same sums as one by one, in rows of numbers.

Weights lie on a grid (``table.GRID``), so that sums are exact whatever their order: a text weighs the same alone and
among others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinka.engines.textguard.model.features import (
    COUNT,
    HEAD,
    LATIN,
    LONGEST,
    RUN,
    SHAPES,
    SHORTEST_RUN,
    SIZE,
    STEPS,
    TAIL,
    WHOLE,
    Tables,
    reach_of,
)
from xinka.engines.textguard.model.pair_weights import PairWeights
from xinka.engines.textguard.model.rows import (
    LAST_LETTER,
    LETTER_BITS,
    Known,
    Names,
    Numbers,
    Tally,
    Words,
    bits,
    coded,
    distinct,
    joined,
    low,
)
from xinka.engines.textguard.model.table import TaskTable

_HEAD, _TAIL = np.uint64(ord(HEAD)), np.uint64(ord(TAIL))
_N_SHAPES, _N_STEPS = len(SHAPES), len(STEPS)
_MARKS = SHAPES[0], "\uf8ff"


class ManyWeights:
    """The weights of one task, for texts whose letters take sixteen bits each and are of no private use."""

    def __init__(self, table: TaskTable, tables: Tables, pairs: PairWeights) -> None:
        self._fold, self._sound = coded(tables.fold), coded(tables.sound)
        self._shape = (np.fromiter(map(ord, tables.shape), np.uint32) - ord(SHAPES[0])).astype(np.intp)
        names, weights = Names(table.features), np.frombuffer(table.weights, "<f4")
        self._known = {length: _known(names, weights, length) for length in (1, 2, 3, 4)}
        marked = {names.at(place): float(weights[place]) for place in names.holding(*_MARKS).tolist()}
        self._shapes, self._wholes = _ShapeWeights(marked), _WholeWeights(marked)
        self._pairs = pairs

    def means(self, texts: Sequence[str]) -> list[float]:
        """Return what each bounded clean text weighs, see ``Weights.mean``.

        The texts are one block (``blocks``): the bits above three letters are enough for their numbers.
        """
        codes = coded("".join(texts))
        sizes = np.fromiter(map(len, texts), np.intp, len(texts))
        numbers = np.repeat(np.arange(len(texts), dtype=np.uint64), sizes)
        folded = self._fold[codes]
        where = folded.nonzero()[0]
        letters, of = folded[where].astype(np.uint64), numbers[where]
        words = Words.of(where, of)
        tally = Tally(len(texts))
        self._add_pieces(tally, letters, of, words)
        self._wholes.add(tally, letters, words)
        self._shapes.add(tally, self._shape[codes], numbers.astype(np.intp), sizes)
        means: list[float] = (tally.means() + self._means_of_pairs(letters, of, len(texts))).tolist()
        return means

    def _add_pieces(self, tally: Tally, letters: Numbers, of: Numbers, words: Words) -> None:
        """Add the pieces of one to four letters, of two and three sounds, and the ends of words."""
        sounds = self._sound[letters].astype(np.uint64)
        tally.add_distinct(of, letters, self._known[1], 16)
        two, heard = _longer(letters, letters, 1), _longer(sounds, sounds, 1)
        whole = of[1:] == of[:-1]
        ends = (_HEAD | (letters[words.first] << bits(16)), letters[words.after - 1] | (_TAIL << bits(16)))
        texts = (of[:-1][whole], of[:-1][whole], words.texts, words.texts)
        tally.add_distinct(np.concatenate(texts), np.concatenate([two[whole], heard[whole], *ends]), self._known[2], 32)
        three, heard = _longer(two, letters, 2), _longer(heard, sounds, 2)
        whole = of[2:] == of[:-2]
        words = words.that(words.sizes > 1)
        ends = (_HEAD | (two[words.first] << bits(16)), two[words.after - 2] | (_TAIL << bits(32)))
        texts = (of[:-2][whole], of[:-2][whole], words.texts, words.texts)
        rows = [three[whole], heard[whole], *ends]
        seen = tally.add_distinct(np.concatenate(texts), np.concatenate(rows), self._known[3], 48)
        whole = of[3:] == of[:-3]
        self._add_fours(tally, of[:-3][whole], _longer(three, letters, 3)[whole], seen)

    def _add_fours(self, tally: Tally, texts: Numbers, fours: Numbers, threes: Numbers) -> None:
        """Add pieces of four letters, which leave no bits for the text.

        For being different, the place among all pieces of three stands for a text and the first three letters.
        """
        begun = np.searchsorted(threes, (texts << bits(48)) | (fours & low(48))).astype(np.uint64)
        different = distinct((begun << bits(16)) | (fours >> bits(48)))
        tally.count(threes[different >> bits(16)] >> bits(48))
        where, places = self._known[4].find(fours)
        found = distinct((texts[where] << bits(32)) | places.astype(np.uint64))
        tally.add(found >> bits(32), self._known[4].weights[found & low(32)])

    def _means_of_pairs(self, letters: Numbers, of: Numbers, n_texts: int) -> NDArray[np.float64]:
        """Return for each text what its pairs of letters that stand apart weigh, see ``features.pairs``."""
        sizes = np.bincount(of.astype(np.intp), minlength=n_texts)
        reaches = np.fromiter(map(reach_of, sizes.tolist()), np.intp, n_texts)
        reach = reaches[of.astype(np.intp)]
        # what is the same at every distance is made once: the first letter with its text, and the second in its place
        firsts, seconds = (of << bits(32)) | letters, letters << bits(16)
        shortest, pairs = int(reach.min(initial=LONGEST)), [firsts[:0]]
        for step in range(2, 2 + int(reaches.max(initial=0))):
            within = of[step:] == of[:-step]
            if step > shortest + 1:
                within &= reach[step:] > step - 2
            pairs.append((firsts[:-step] | seconds[step:])[within])
        tally = Tally(n_texts)
        tally.add_joined(np.concatenate(pairs), self._pairs.known, 32)
        return tally.means()


class _WholeWeights:
    """What whole words between two signs weigh; of up to six letters, which are two numbers of three."""

    def __init__(self, marked: Mapping[str, float]) -> None:
        names = [name for name in marked if name[0] == HEAD and name[-1] == TAIL and max(name) <= LAST_LETTER]
        letters = coded("".join(name[1:-1].ljust(WHOLE, "\0") for name in names)).reshape(-1, 2, 3)
        heads, tails = joined(letters[:, 0]), joined(letters[:, 1])
        self._heads = np.append(distinct(heads), low(64))
        if len(self._heads) > 1 << 16:
            raise ValueError("the model knows too many whole words")
        self._known = Known(self._joined(heads, tails), np.array([marked[name] for name in names]))

    def _joined(self, heads: Numbers, tails: Numbers) -> Numbers:
        return (np.searchsorted(self._heads, heads).astype(np.uint64) << bits(48)) | tails

    def add(self, tally: Tally, letters: Numbers, words: Words) -> None:
        """Add the words of each text, each once."""
        words = words.that(words.sizes <= WHOLE)
        heads, tails = (_part_of(letters, words, first) for first in (0, WHOLE // 2))
        order = np.lexsort((tails, heads, words.texts))
        rows = [row[order] for row in (words.texts, heads, tails)]
        is_new = np.ones(len(order), dtype=np.bool_)
        is_new[1:] = np.any([row[1:] != row[:-1] for row in rows], axis=0)
        texts, heads, tails = (row[is_new] for row in rows)
        tally.count(texts)
        likely = self._heads[np.searchsorted(self._heads, heads)] == heads
        where, places = self._known.find(self._joined(heads[likely], tails[likely]))
        tally.add(texts[likely][where], self._known.weights[places])


def _part_of(letters: Numbers, words: Words, first: int) -> Numbers:
    """Return three letters of each word from its ``first`` on, those beyond its end as zeros."""
    found = np.zeros(len(words.first), dtype=np.uint64)
    for place in range(WHOLE // 2):
        at = words.first + first + place
        is_inside = at < words.after
        found[is_inside] |= letters[at[is_inside]] << bits(16 * place)
    return found


class _ShapeWeights:
    """What the shape of a text weighs: pieces of three, the share of each, the size, the length of runs."""

    def __init__(self, marked: Mapping[str, float]) -> None:
        def row(*names: str) -> NDArray[np.float64]:
            return np.array([marked.get(name, 0.0) for name in names])

        self._pieces = row(*(a + b + c for a in SHAPES for b in SHAPES for c in SHAPES))
        self._shares = row(*(COUNT + shape + step for shape in SHAPES for step in STEPS))
        self._sizes = row(*(SIZE + step for step in STEPS))
        self._runs = row(*(RUN + kind + step for kind in ("", LATIN) for step in STEPS))

    def add(self, tally: Tally, shapes: NDArray[np.intp], texts: NDArray[np.intp], sizes: NDArray[np.intp]) -> None:
        """Add all of it; ``sizes`` are the characters of each text."""
        whole = texts[2:] == texts[:-2]
        three = (shapes[:-2] * _N_SHAPES + shapes[1:-1]) * _N_SHAPES + shapes[2:]
        _add_of(tally, texts[:-2][whole], three[whole], self._pieces)
        _add_of(tally, *self._shared(shapes, texts, sizes), self._shares)
        n_bits = np.frexp(np.maximum(sizes, 1))[1]
        _add_of(tally, np.arange(len(sizes)), np.minimum(n_bits, _N_STEPS - 1), self._sizes)
        _add_of(tally, *_long_runs(shapes, texts), self._runs)

    def _shared(self, shapes: NDArray[np.intp], texts: NDArray[np.intp], sizes: NDArray[np.intp]) -> tuple[Any, Any]:
        """Return the texts, and for each a shape with the step of its share."""
        counts = np.bincount(texts * _N_SHAPES + shapes, minlength=len(sizes) * _N_SHAPES)
        met = np.flatnonzero(counts)
        of = met // _N_SHAPES
        return of, met % _N_SHAPES * _N_STEPS + counts[met] * (_N_STEPS - 1) // sizes[of]


def _add_of(tally: Tally, texts: NDArray[np.intp], which: NDArray[np.intp], weights: NDArray[np.float64]) -> None:
    """Count and weigh features that are places in a short row of weights, those of each text once."""
    found = distinct(texts * len(weights) + which)
    tally.count(found // len(weights))
    tally.add(found // len(weights), weights[found % len(weights)])


def _long_runs(shapes: NDArray[np.intp], texts: NDArray[np.intp]) -> tuple[Any, Any]:
    """Return the texts, and for each of their runs of digits or Latin letters its kind and the step of its length."""
    both = texts * _N_SHAPES + shapes
    begins = np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]])[: len(both)])
    lengths = np.diff(np.append(begins, len(both)))
    texts, shapes = texts[begins], shapes[begins]
    steps = np.minimum(lengths // 2, _N_STEPS - 1)
    rows = [(shapes == SHAPES.index(shape)) & (lengths >= shortest) for shape, shortest in SHORTEST_RUN.items()]
    chosen = rows[0] | rows[1]
    return texts[chosen], (rows[1] * _N_STEPS + steps)[chosen]


def _longer(row: Numbers, letters: Numbers, length: int) -> Numbers:
    """Return pieces, each with the letter that follows its ``length`` letters."""
    return row[:-1] | (letters[length:] << bits(16 * length))


def _known(names: Names, weights: NDArray[Any], length: int) -> Known:
    """Return the pieces of so many letters, and those of marks, which only words are asked for."""
    places, numbers = names.pieces(length)
    return Known(numbers, weights[places], 32 if length * LETTER_BITS <= 32 else 64)
