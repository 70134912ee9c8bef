"""Says in one look that most keys are not there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.int64]

#: Up to so many keys each has four bytes or more, so that most bytes are empty; beyond, five bits or more.
_MOST_SPARSE = 1 << 21
#: Which two bits of its byte a hash sets, by five bits of it. ``KeyTable`` keeps all below the 34th.
_PAIRS = [(1 << one) + (1 << other) for one, other in combinations(range(8), 2)]
_BITS = (*_PAIRS, *_PAIRS[:4])
_AT = 29


class Gate:
    """Two bits for each hash of a key in one byte; wrong at times when it says yes, never when it says no."""

    def __init__(self, n_keys: int = 0, *, dense: bool = False) -> None:
        """Make an empty one with room for ``n_keys``, as dense as many keys need or as told."""
        self._dense = dense or n_keys > _MOST_SPARSE
        size = 1 << 16
        while self._room(size) < n_keys:
            size *= 2
        self.room = self._room(size)
        self._seen, self._mask = bytearray(size), size - 1

    def _room(self, size: int) -> int:
        return size * 8 // 5 if self._dense else size // 4

    def passed(self, hashes: Iterable[int]) -> list[int]:
        """Return those of the hashes that may be there."""
        seen, mask = self._seen, self._mask
        if not self._dense:
            hashes = [wanted for wanted in hashes if seen[wanted & mask]]
            if not hashes:
                return hashes
        return [wanted for wanted in hashes if not _BITS[wanted >> _AT & 31] & ~seen[wanted & mask]]

    def likely(self, keys: list[str]) -> list[str]:
        """Return those of the keys whose hash may be there."""
        seen, mask = self._seen, self._mask
        if not self._dense:
            keys = [key for key in keys if seen[hash(key) & mask]]
        return [key for key in keys if self.passes(hash(key))] if keys else keys

    def passes(self, wanted: int) -> bool:
        """Say whether a hash may be there."""
        seen = self._seen[wanted & self._mask]
        return seen > 0 and not _BITS[wanted >> _AT & 31] & ~seen

    def add(self, hashes: Iterable[int]) -> None:
        """Let hashes pass."""
        seen, mask, bits = self._seen, self._mask, _BITS
        for wanted in hashes:
            seen[wanted & mask] |= bits[wanted >> _AT & 31]

    def add_many(self, hashes: Hashes) -> None:
        """Let an array of hashes pass."""
        import numpy as np  # a tenth of a second that `--help` should not wait for

        bits = np.array(_BITS, np.uint8)[hashes >> _AT & 31]
        np.bitwise_or.at(np.frombuffer(self._seen, np.uint8), hashes & self._mask, bits)

    def widen(self) -> None:
        """Make room for as many again without asking for the hashes: each passes at two places then."""
        self._seen = 2 * self._seen
        self._mask, self.room = 2 * self._mask + 1, 2 * self.room

    def nbytes(self) -> int:
        """Return its size in bytes."""
        return len(self._seen)
