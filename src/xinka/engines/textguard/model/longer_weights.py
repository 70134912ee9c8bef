"""Weighs longer texts: what the table of lines says of them, put right by pieces that longer texts taught."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, sqrt
from typing import NamedTuple

from xinka.engines.textguard.model.features import SEPARATOR, Tables
from xinka.engines.textguard.model.table import LongTable, numbers_of

#: Pieces are of so many letters at most.
LONGEST_PIECE = 4


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
        self._weights = dict(zip(table.pieces.split("\n"), numbers_of("f", table.weights), strict=True))

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
        found = pieces(text.translate(self._tables.fold).replace(SEPARATOR, ""))
        return (
            fsum(map(self._weights.__getitem__, found & self._weights.keys())) / sqrt(max(1, len(found)))
            + self._table.bias
        )


class Longer(NamedTuple):
    """What longer texts taught of one task."""

    wholes: LongWeights
    parts: LongWeights
