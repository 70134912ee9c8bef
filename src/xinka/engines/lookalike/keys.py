"""A compact map from the hash of a key to the numbers of the names that have it: sorted arrays, and a dict for news."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: News are merged into the arrays when they are more than this and than an eighth of what is there.
_MANY = 20_000


class KeyTable:
    """Keys are 64-bit hashes, so a name found is a candidate that somebody must still compare.

    ``_seen`` says in one look that most keys are not there: a byte for each of four places a key.
    """

    def __init__(self) -> None:
        self._mask = 0
        self._starts, self._hashes, self._numbers = array("I", (0, 0)), array("q"), array("i")
        self._seen_mask = (1 << 16) - 1
        self._seen = bytearray(self._seen_mask + 1)
        self._news: dict[int, list[int]] = {}
        self._n_news = 0

    def _build(self, hashes: np.ndarray, numbers: np.ndarray) -> None:
        import numpy as np  # a tenth of a second that `--help` should not wait for

        bits = max(10, len(hashes).bit_length())
        self._mask = (1 << bits) - 1
        buckets = (hashes & self._mask).astype(np.uint32)
        order = np.argsort(buckets, kind="stable")
        starts = np.zeros(self._mask + 2, np.uint32)
        np.cumsum(np.bincount(buckets, minlength=self._mask + 1), out=starts[1:])
        self._starts, self._hashes, self._numbers = array("I"), array("q"), array("i")
        self._starts.frombytes(starts.view(np.uint8).data)
        self._hashes.frombytes(hashes[order].view(np.uint8).data)
        self._numbers.frombytes(numbers[order].view(np.uint8).data)
        self._seen_mask = (1 << (bits + 2)) - 1
        self._seen = bytearray(self._seen_mask + 1)
        np.frombuffer(self._seen, np.uint8)[hashes & self._seen_mask] = 1

    def __len__(self) -> int:
        return len(self._hashes) + self._n_news

    def add(self, keys: Iterable[str], number: int) -> None:
        """Add a name under each of its keys."""
        self._note(map(hash, keys), repeat(number))

    def _note(self, hashes: Iterable[int], numbers: Iterable[int]) -> None:
        news = self._news
        for wanted, number in zip(hashes, numbers, strict=False):
            news.setdefault(wanted, []).append(number)
            self._seen[wanted & self._seen_mask] = 1
            self._n_news += 1

    def settle(self, alive: bytearray) -> bool:
        """Merge the news into the arrays when they are many, and forget dead names; return whether it did."""
        if self._n_news < max(_MANY, len(self._hashes) // 8):
            return False
        hashes = array("q", (key for key, numbers in self._news.items() for _ in numbers))
        numbers = array("i", (number for one in self._news.values() for number in one))
        self._news, self._n_news = {}, 0
        self.load(hashes, numbers, alive)
        return True

    def load(self, hashes: array[int], numbers: array[int], alive: bytearray) -> None:
        """Merge hashes of keys and, beside them, the numbers of their names into the arrays; forget dead names."""
        if self._n_news + len(hashes) < max(_MANY, len(self._hashes) // 8):
            self._note(hashes, numbers)
            return
        import numpy as np  # a tenth of a second that `--help` should not wait for

        every = np.concatenate([np.frombuffer(self._hashes, np.int64), np.frombuffer(hashes, np.int64)])
        named = np.concatenate([np.frombuffer(self._numbers, np.int32), np.frombuffer(numbers, np.int32)])
        kept = np.frombuffer(bytes(alive), np.uint8)[named] == 1
        self._build(every[kept], named[kept])

    def may_have(self, key: str) -> bool:
        """Say whether a key may be there; never wrong when it says no."""
        return bool(self._seen[hash(key) & self._seen_mask])

    def find_one(self, key: str) -> list[int]:
        """Return the numbers of the names that have the key; very rarely of one that has another."""
        wanted = hash(key)
        if not self._seen[wanted & self._seen_mask]:
            return []
        bucket = wanted & self._mask
        start, end = self._starts[bucket], self._starts[bucket + 1]
        found = []
        while start < end:
            if self._hashes[start] == wanted:
                found.append(self._numbers[start])
            start += 1
        return found + self._news.get(wanted, []) if self._news else found

    def find_all(self, keys: Iterable[str]) -> set[int]:
        """Return the numbers of the names that have one of the keys; very rarely of one that has none."""
        seen, seen_mask = self._seen, self._seen_mask
        likely = [wanted for wanted in map(hash, keys) if seen[wanted & seen_mask]]
        found: set[int] = set()
        starts, hashes, mask, news = self._starts, self._hashes, self._mask, self._news
        for wanted in likely:
            bucket = wanted & mask
            start, end = starts[bucket], starts[bucket + 1]
            while start < end:
                if hashes[start] == wanted:
                    found.add(self._numbers[start])
                start += 1
            if news and wanted in news:
                found.update(news[wanted])
        return found

    def nbytes(self) -> int:
        """Return the size of the arrays in bytes."""
        return sum(len(part) * part.itemsize for part in (self._starts, self._hashes, self._numbers)) + len(self._seen)
