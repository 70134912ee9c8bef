"""Weighs longer texts: what the table of lines says of them, put right by pieces that longer texts taught."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from math import exp, fsum, sqrt
from operator import itemgetter
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard.model.counting import n_pieces_of_letters
from xinka.engines.textguard.model.features import SEPARATOR, Tables
from xinka.engines.textguard.model.table import LongTable, numbers_of

#: Pieces are of so many letters at most.
LONGEST_PIECE = 4
#: Odds beyond this say nothing more.
_SUREST = 20.0
_which = itemgetter(2)


def pieces(letters: str) -> set[str]:
    """Return the pieces of a row of letters, of one to four; each counts once."""
    found = set(letters)
    row: Iterable[str] = letters
    for length in range(1, LONGEST_PIECE):
        row = list(map(str.__add__, row, letters[length:]))
        found.update(row)
    return found


class LongWeights:
    """What longer texts taught of wholes, or of parts, of one task."""

    def __init__(self, table: LongTable, tables: Tables) -> None:
        self._table, self._tables = table, tables
        self._weights = numbers_of("f", table.weights)

    @cached_property
    def _find(self) -> Callable[[str], list[tuple[int, int, int]]]:
        """Find pieces that weigh something, each by its number; building it takes some thousandths of a second."""
        if not self._table.pieces:
            return lambda _letters: []
        find: Callable[[str], list[tuple[int, int, int]]] = CharwiseDoubleArrayAhoCorasick(
            self._table.pieces.split("\n")
        ).find_overlapping
        return find

    def by_lines(self, glance: float) -> float:
        """Return the score that the table of lines likely gives a text of which it says so much at a glance."""
        said = self._table.steep * glance + self._table.rise
        return 1 / (1 + exp(-max(-_SUREST, min(_SUREST, said))))

    def log_odds(self, text: str, by_lines: float, n_warnings: int) -> float:
        """Return the logarithm of the odds that a bounded clean text is forbidden.

        Args:
            text: a longer one.
            by_lines: the same by the table of lines.
            n_warnings: how many different words of warning and explaining count.
        """
        return self._table.of_lines * by_lines + self.mean(text) + self._table.of_warning * n_warnings

    def mean(self, text: str) -> float:
        """Return what the pieces of a clean text weigh, divided by the root of their number, and the bias."""
        letters = text.translate(self._tables.fold).replace(SEPARATOR, "")
        weights = map(self._weights.__getitem__, set(map(_which, self._find(letters))))
        n_found = n_pieces_of_letters(letters)
        return fsum(weights) / sqrt(max(1, n_found)) + self._table.bias  # the sum is exact: a set has no order


class Longer(NamedTuple):
    """What longer texts taught of one task."""

    wholes: LongWeights
    parts: LongWeights
