"""Medians of everybody else: what an offer is held against must not contain the offer itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """Which rows belong together; one entry a row, in the order of the rows.

    Attributes:
        key: the number of the row's group, from 0.
        others: how many other rows its group has.
    """

    key: Ints
    others: Ints

    @classmethod
    def of(cls, key: Ints) -> Groups:
        """Count the groups of rows whose numbers are given."""
        return cls(key, np.bincount(key)[key] - 1 if len(key) else key)

    def median_of_others(self, values: Floats) -> Floats:
        """Return for each row the median over the other rows of its group; its own value where there are none."""
        order = np.lexsort((values, self.key))
        ordered, counts = values[order], self.others[order] + 1
        first = np.zeros(len(values), np.int64)
        starts = np.flatnonzero(np.diff(self.key[order], prepend=-1))
        first[starts] = starts
        first = np.maximum.accumulate(first)
        rank = np.arange(len(values)) - first

        def other(nth: Ints) -> Floats:
            """The nth smallest of the other rows: one further on where the row itself stands before it."""
            return ordered[first + np.minimum(np.where(nth < rank, nth, nth + 1), counts - 1)]

        found = np.empty(len(values))
        found[order] = (other((counts - 2).clip(0) // 2) + other((counts - 1).clip(0) // 2)) / 2
        return found

    def mean_of_others(self, values: Floats, none: float) -> Floats:
        """Return for each row the mean over the others of its group, drawn to zero by ``none`` rows of nothing."""
        sums = np.bincount(self.key, values)[self.key] if len(values) else values
        return (sums - values) / (self.others + none)
