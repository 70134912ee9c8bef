"""Counts the different pieces of a text, most of them without making them."""

from __future__ import annotations

import re
from array import array
from functools import lru_cache

#: From so many letters on, rows of numbers are quicker than one object for each piece: memory is slow, and they need
#: less of it.
LONG = 80
#: Rows of two and more in which each letter sounds as it is written.
_AS_WRITTEN = re.compile("[^\ue000-\uf8ff]{2,}").findall


@lru_cache(maxsize=4)
def n_pieces_of_long(letters: str) -> int | None:
    """Return how many different pieces of one to four letters a long row has; None if some take over sixteen bits.

    The last ones are remembered: the tables of lines and of longer texts ask of the same text.
    """
    from xinka.engines.textguard.model.rows import n_pieces  # numpy takes a tenth of a second, and few need it

    return n_pieces(letters)


def _n_heard(sounds: str) -> int:
    from xinka.engines.textguard.model.rows import n_heard

    return n_heard(sounds)


def n_pieces_of_letters(letters: str) -> int:
    """Return how many different pieces of one to four letters a row has."""
    size = len(letters)
    n_found = n_pieces_of_long(letters) if size >= LONG else None
    if n_found is not None:
        return n_found
    if size >= 3 and _n_neighbours(letters) == size - 1:  # then no longer piece is there twice
        return len(set(letters)) + size - 1 + size - 2 + size - 3
    return _n_pieces_made(letters, "")


def _n_neighbours(letters: str) -> int:
    """Return how many different pairs of neighbours a row has; 0 if some letters take over sixteen bits."""
    coded = letters.encode("utf-16-le", "surrogatepass")
    if len(coded) != 2 * len(letters):
        return 0
    even, odd = coded[: len(coded) & ~3], coded[2 : 2 + ((len(coded) - 2) & ~3)]
    return len({*array("I", even), *array("I", odd)})


def n_pieces(letters: str, sounds: str) -> int:
    """Return how many different pieces of letters and of sounds a text has; its letters are of no private use.

    Neighbours are compared as numbers of sixteen bits a letter, which is quick. Where no pair is there twice, no longer
    piece can be: then the longer ones need not be made.
    """
    size = len(letters)
    n_found = n_pieces_of_long(letters) if size >= LONG else None
    if n_found is not None:
        return n_found + _n_heard(sounds)
    rows = f"{letters}\0{sounds}"
    coded = rows.encode("utf-16-le", "surrogatepass")
    if size < 4 or len(coded) != 4 * size + 2:
        return _n_pieces_made(letters, sounds)
    n_pairs = len({*array("I", coded[:-2]), *array("I", coded[2:])}) - 2  # without those that hold the mark between
    runs = _AS_WRITTEN(sounds)
    n_as_written = sum(map(len, runs)) - len(runs) if runs else 0
    if n_pairs + n_as_written == 2 * (size - 1):
        return len(set(letters)) + n_pairs + 2 * (size - 2) - n_as_written + len(runs) + size - 3
    units = array("H", coded)
    threes = array("H", bytes(8 * (len(units) - 2)))
    threes[0::4], threes[1::4], threes[2::4] = units[:-2], units[1:-1], units[2:]
    n_threes = len(set(array("Q", threes.tobytes()))) - 3
    fours: set[int] = set()
    for first in range(0, 8, 2):
        fours.update(array("Q", coded[first : first + ((2 * size - first) & ~7)]))
    return len(set(letters)) + n_pairs + n_threes + len(fours)


def _n_pieces_made(letters: str, sounds: str) -> int:
    """Make every piece, where letters take more than sixteen bits, or are few."""
    found = set(letters)
    for row, lengths in ((letters, (2, 3, 4)), (sounds, (2, 3))):
        for length in lengths:
            found.update(row[at : at + length] for at in range(len(row) - length + 1))
    return len(found)
