"""Texts as rows of numbers, so that the features of many are made and looked up at once.

A piece of up to four letters is a number of sixteen bits a letter, the first lowest; in a row of such numbers each text
has its own part, and what stands in a text twice is found by sorting.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xinka.engines.textguard.model.features import reach_of

#: Pieces, pairs and letters; all arithmetic with them stays in 64 bits.
Numbers = NDArray[np.uint64]
Places = NDArray[np.intp]
LETTER_BITS = 16
#: Letters beyond this take more bits: texts with such are weighed one by one, and no piece here has them.
LAST_LETTER = "\uffff"
#: Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): the golden ratio in 64 bits.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_SOUND, _LAST_SOUND = 0xE000, 0xF8FF
#: A sieve has so many places for each number, at least: few of the unknown pass it, and it stays small.
_ROOM = 8


@cache
def bits(n: int) -> np.uint64:
    """Return a count of bits to shift by."""
    return np.uint64(n)


@cache
def low(n: int) -> np.uint64:
    """Return a mask of the ``n`` lowest bits."""
    return np.uint64((1 << n) - 1)


def coded(text: str) -> NDArray[np.uint16]:
    """Return the UTF-16 of a text: of the basic plane, a number for each character."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")


def joined(letters: NDArray[Any]) -> Numbers:
    """Return the number of each piece, of rows of at most four letters each."""
    found = np.zeros(len(letters), dtype=np.uint64)
    for place in range(letters.shape[1]):
        found |= letters[:, place].astype(np.uint64) << bits(LETTER_BITS * place)
    return found


class Names:
    """The names of features as numbers: making objects of 150,000 texts would take a tenth of a second."""

    def __init__(self, lines: str) -> None:
        """``lines`` are the names with line ends between."""
        self._lines = lines
        self._codes = np.frombuffer(lines.encode("utf-32-le", "surrogatepass"), "<u4")
        ends = np.flatnonzero(self._codes == ord("\n"))
        self._first, self._after = np.append(0, ends + 1), np.append(ends, len(lines))

    def at(self, place: int) -> str:
        """Return the name at a place."""
        return self._lines[self._first[place] : self._after[place]]

    def holding(self, low: str, high: str) -> Places:
        """Return the places of the names that hold a character between two."""
        where = np.flatnonzero((self._codes >= ord(low)) & (self._codes <= ord(high)))
        return np.unique(np.searchsorted(self._after, where))

    def pieces(self, length: int) -> tuple[Places, Numbers]:
        """Return the places of the names of so many characters, all of the basic plane, and their numbers."""
        places = np.flatnonzero(self._after - self._first == length)
        letters = self._codes[self._first[places][:, None] + np.arange(length)]
        is_basic = np.all(letters <= ord(LAST_LETTER), axis=1)
        return places[is_basic], joined(letters[is_basic])


def distinct(row: NDArray[Any]) -> NDArray[Any]:
    """Return the different numbers of a row, sorted."""
    ordered = row.copy()
    ordered.sort()
    return ordered[_is_new(ordered)]


def n_pieces(letters: str) -> int | None:
    """Return how many different pieces of one to four letters a row has; None if some letters take more bits.

    Pieces of four are sorted by their first letter, their second and so on, so that all others are beginnings of them.
    """
    units = coded(letters)
    if len(units) != len(letters):
        return None
    row = np.zeros(len(units) + 3, dtype=np.uint64)  # zeros, which are no letters, stand behind the last
    row[:-3] = units
    fours = (row[:-3] << bits(48)) | (row[1:-2] << bits(32)) | (row[2:-1] << bits(16)) | row[3:]
    fours.sort()
    changed = fours[1:] ^ fours[:-1]
    n_beginnings = [1 + int(np.count_nonzero(changed >> bits(LETTER_BITS * left))) for left in range(4)]
    return sum(n_beginnings) - 6  # without those with zeros: three of four letters, two of three, one of two


def n_heard(sounds: str) -> int:
    """Return how many different pieces of two and three sounds a row has in which something is not as written."""
    units = coded(sounds).astype(np.uint64)
    is_sound = (units >= _FIRST_SOUND) & (units <= _LAST_SOUND)
    two, is_heard = units[:-1] | (units[1:] << bits(LETTER_BITS)), is_sound[:-1] | is_sound[1:]
    three = two[:-1] | (units[2:] << bits(2 * LETTER_BITS))
    return n_distinct(two[is_heard]) + n_distinct(three[is_heard[:-1] | is_sound[2:]])


def n_distinct(row: Numbers) -> int:
    """Return how many different numbers a row has."""
    return int(np.count_nonzero(_is_new(np.sort(row))))


def pairs_apart(letters: str) -> Numbers:
    """Return the pairs of letters of a text, see ``features.pairs``; each once, sorted."""
    units = coded(letters)
    reach = reach_of(len(units))
    padded = np.zeros(len(units) + reach + 1, dtype=np.uint64)
    padded[: len(units)] = units
    seconds = np.lib.stride_tricks.sliding_window_view(padded[2:], reach)
    return distinct((padded[: len(units), None] | (seconds << bits(LETTER_BITS)))[seconds != 0])


def _is_new(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Say of each number of a sorted row whether it is another than the one before."""
    found = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=found[1:])
    return found


class Known:
    """Different numbers and what each weighs. Most that are looked up are unknown, and a sieve tells most of those."""

    def __init__(self, numbers: Numbers, weights: NDArray[Any], n_bits: int = 64) -> None:
        """``n_bits`` is 32 if all that is asked for has so few bits: what takes half the memory is found sooner."""
        order = np.argsort(numbers)
        ordered = numbers[order]
        # the last stands for "beyond all" in searches
        self._numbers = np.append(ordered, low(n_bits)).astype(np.uint32 if n_bits == 32 else np.uint64)
        self.weights = np.append(weights[order].astype(np.float64), 0.0)
        sieve_bits = max(8, (len(numbers) * _ROOM - 1).bit_length())
        self._shift = bits(64 - sieve_bits)
        self._sieve = np.zeros(1 << sieve_bits, dtype=np.bool_)
        self._sieve[self._hashed(ordered)] = True

    def _hashed(self, numbers: Numbers) -> Numbers:
        return (numbers * _GOLDEN) >> self._shift

    def find(self, numbers: Numbers) -> tuple[Places, Places]:
        """Return which of the numbers are known, as places in ``numbers``, and where the weight of each of these is."""
        likely = self._sieve[self._hashed(numbers)].nonzero()[0]
        asked = numbers[likely].astype(self._numbers.dtype, copy=False)
        places = self._numbers.searchsorted(asked)
        known = self._numbers[places] == asked
        return likely[known], places[known]


class Tally:
    """What was found in each of some texts: how many features, and what they weigh together."""

    def __init__(self, n_texts: int) -> None:
        self._n_texts = n_texts
        self._counts = np.zeros(n_texts, dtype=np.intp)
        self._sums = np.zeros(n_texts)

    def count(self, texts: NDArray[Any]) -> None:
        """Count a feature for each number of a text."""
        self._counts += np.bincount(texts.astype(np.intp), minlength=self._n_texts)

    def add(self, texts: NDArray[Any], weights: NDArray[np.float64]) -> None:
        """Add a weight for each number of a text."""
        self._sums += np.bincount(texts.astype(np.intp), weights, self._n_texts)

    def add_distinct(self, texts: Numbers, numbers: Numbers, known: Known, n_bits: int) -> Numbers:
        """Count and weigh the different numbers of each text; return them, the text's number above ``n_bits`` bits."""
        return self.add_joined((texts << bits(n_bits)) | numbers, known, n_bits)

    def add_joined(self, rows: Numbers, known: Known, n_bits: int) -> Numbers:
        """Count and weigh different numbers of texts, see ``add_distinct``, whose text stands above ``n_bits`` bits."""
        found = distinct(rows)
        self.count(found >> bits(n_bits))
        where, places = known.find(found & low(n_bits))
        self.add(found[where] >> bits(n_bits), known.weights[places])
        return found

    def means(self) -> NDArray[np.float64]:
        """Return for each text the sum divided by the root of the count; 0 where nothing was found."""
        return self._sums / np.sqrt(np.maximum(self._counts, 1))


class Words(NamedTuple):
    """The runs of letters between two signs: where each begins and ends in the row of letters, and in which text."""

    first: Places
    after: Places
    texts: Numbers

    @classmethod
    def of(cls, where: Places, texts: Numbers) -> Words:
        """Return the words of letters that stood at these places, all texts counted through."""
        begins = np.concatenate([[True], (np.diff(where) > 1) | (texts[1:] != texts[:-1])])[: len(where)]
        first = np.flatnonzero(begins)
        return cls(first, np.append(first[1:], len(where))[: len(first)], texts[first])

    @property
    def sizes(self) -> Places:
        """The letters of each word."""
        return self.after - self.first

    def that(self, chosen: NDArray[np.bool_]) -> Words:
        """Return some of the words."""
        return Words(self.first[chosen], self.after[chosen], self.texts[chosen])
