"""Weighs the pairs of letters that stand apart: in short texts by a dictionary, in longer ones by rows of numbers."""

from __future__ import annotations

from functools import cached_property
from math import fsum, sqrt
from typing import TYPE_CHECKING

from xinka.engines.textguard.model.counting import LONG
from xinka.engines.textguard.model.features import pairs
from xinka.engines.textguard.model.table import TaskTable, numbers_of

if TYPE_CHECKING:
    from xinka.engines.textguard.model.rows import Known


class PairWeights:
    """What pairs of letters weigh in one task."""

    def __init__(self, table: TaskTable) -> None:
        self._pairs, self._weights = numbers_of("I", table.pairs), numbers_of("f", table.pair_weights)

    @cached_property
    def by_pair(self) -> dict[int, float]:
        """The weight of each pair."""
        return dict(zip(self._pairs, self._weights, strict=True))

    @cached_property
    def known(self) -> Known:
        """The same in rows of numbers."""
        import numpy as np  # takes a tenth of a second, and few need it

        from xinka.engines.textguard.model.rows import Known

        return Known(np.array(self._pairs, dtype=np.uint64), np.array(self._weights), 32)

    def mean(self, letters: str) -> float:
        """Return what the pairs weigh, divided by the root of their number; a text of one or two letters has none."""
        if len(letters) >= LONG:
            return self._mean_of_long(letters)
        found = pairs(letters)
        if not found:
            return 0.0
        return fsum(map(self.by_pair.__getitem__, found & self.by_pair.keys())) / sqrt(len(found))

    def _mean_of_long(self, letters: str) -> float:
        from xinka.engines.textguard.model.rows import pairs_apart

        found = pairs_apart(letters)
        _, places = self.known.find(found)
        return float(self.known.weights[places].sum()) / sqrt(len(found))
