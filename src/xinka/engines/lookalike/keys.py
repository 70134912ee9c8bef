"""A compact map from the hash of a key to the numbers of the names that have it: four bytes and a half a key.

The lowest 34 bits of a hash are kept. Nine of them choose a part, the next ones a bucket of the part, and the rest
stands in one 32-bit word with the number of the name; the more bits numbers need, the more buckets there are. So a name
found has the key but for once in a thousand looks at most, and somebody must still compare. Each part has a dictionary
of news, which is merged into its words when it is full: a merge takes milliseconds however large the table is, and the
memory of one part. The words of all parts lie in one array, each part in a room a little larger than it needs: it grows
at its end alone, where five hundred arrays made again and again would leave gaps between them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING

from xinka.engines.lookalike.gate import Gate

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.int64]
    Numbers = npt.NDArray[np.uint32]

_PARTS = 512
#: Bits of a hash below those that choose the part, and bits of a word.
_LOW_BITS, _WORD = 25, 32
_LOW, _KEPT, _WHOLE_WORD = (1 << _LOW_BITS) - 1, _PARTS * (1 << _LOW_BITS) - 1, (1 << _WORD) - 1
#: A part has as many buckets as its words lack bits of the hash.
_LEAST_NUMBER_BITS = _WORD - _LOW_BITS
#: Bits of a number in all but empty parts: room for 65,536 names, and 512 buckets.
_USUAL_NUMBER_BITS = 16
#: News of a part are merged when they are more than this and than one in so many of what is there.
_MANY, _ONE_IN = 128, 64
#: A load of fewer keys is kept as news.
_FEW = 20_000
#: Where a room is too small all are made larger than is needed by one in so many.
_SPARE_ONE_IN = 32


class _Part:
    """Where the words of a part begin, by bucket, and its news by hash."""

    __slots__ = ("begin", "n_news", "n_words", "news", "number_bits", "room", "starts")

    def __init__(self) -> None:
        self.begin = self.n_words = self.room = 0
        self.starts, self.number_bits = array("H", (0, 0)), _LEAST_NUMBER_BITS
        self.news: dict[int, list[int]] = {}
        self.n_news = 0

    def note(self, wanted: int, number: int) -> None:
        self.news.setdefault(wanted, []).append(number)
        self.n_news += 1

    def unpacked(self, every: array[int]) -> tuple[Hashes, Numbers]:
        """Return the low bits of the hashes among the words of all parts, and the numbers of the names beside them."""
        import numpy as np  # a tenth of a second that `--help` should not wait for

        bits, words = self.number_bits, np.frombuffer(every, np.uint32)[self.begin : self.begin + self.n_words]
        starts = np.frombuffer(self.starts, self.starts.typecode)
        sizes = (starts[1:] - starts[:-1]).astype(np.int64)
        buckets = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
        low: Hashes = buckets << (_WORD - bits) | words >> bits
        return low, words & np.uint32((1 << bits) - 1)

    def take_news(self) -> tuple[Hashes, Numbers]:
        """Return the news, and forget them."""
        import numpy as np  # a tenth of a second that `--help` should not wait for

        news, n_news = self.news, self.n_news
        self.news, self.n_news = {}, 0
        return (
            np.fromiter((one for one, named in news.items() for _ in named), np.int64, n_news),
            np.fromiter((number for named in news.values() for number in named), np.uint32, n_news),
        )

    def pack(self, low: Hashes, numbers: Numbers, bits: int) -> Numbers:
        """Return the words of low bits of hashes and of numbers, and note where those of each bucket begin."""
        import numpy as np  # a tenth of a second that `--help` should not wait for

        buckets = low >> (_WORD - bits)
        n_buckets = 1 << (bits - _LEAST_NUMBER_BITS)
        order = np.argsort(buckets.astype(np.uint16) if n_buckets <= 1 << 16 else buckets, kind="stable")
        words: Numbers = ((low << bits & _WHOLE_WORD) | numbers).astype(np.uint32)[order]
        size = "H" if len(words) < 1 << 16 else "I"
        if (size, n_buckets + 1) != (self.starts.typecode, len(self.starts)):
            self.starts = array(size, bytes((n_buckets + 1) * array(size).itemsize))
        np.cumsum(np.bincount(buckets, minlength=n_buckets), out=np.frombuffer(self.starts, size)[1:])
        self.number_bits, self.n_words = bits, len(words)
        return words


class KeyTable:
    """Keys are 64-bit hashes, of which most are let go at the gate.

    Attributes:
        BATCH: so many keys are best loaded at once: while they are sorted they take some forty bytes each.
    """

    BATCH = 200_000

    def __init__(self) -> None:
        self._gate = Gate()
        self._parts = [_Part() for _ in range(_PARTS)]
        self._words = array("I")
        self._n_keys = 0

    def __len__(self) -> int:
        return self._n_keys

    def add(self, keys: Iterable[str], number: int, alive: bytearray) -> None:
        """Add a name under each of its keys; where news are merged, forget dead names (``alive`` by number)."""
        hashes = [*map(hash, keys)]
        self._note(hashes, repeat(number))
        for wanted in hashes:
            part = self._parts[wanted >> _LOW_BITS & _PARTS - 1]
            if part.n_news > max(_MANY, part.n_words // _ONE_IN):
                self._merge(part, alive)

    def _note(self, hashes: Iterable[int], numbers: Iterable[int]) -> None:
        n_keys = self._n_keys
        for wanted, number in zip(hashes, numbers, strict=False):
            self._parts[wanted >> _LOW_BITS & _PARTS - 1].note(wanted, number)
            n_keys += 1
        self._n_keys = n_keys
        if self._gate.room < n_keys:
            self._widen_gate(n_keys)
        else:
            self._gate.add(hashes)

    def _merge(self, part: _Part, alive: bytearray) -> None:
        import numpy as np  # a tenth of a second that `--help` should not wait for

        before = part.n_words + part.n_news
        self._merge_with(part, np.empty(0, np.int64), np.empty(0, np.uint32), alive)
        self._n_keys += part.n_words - before

    def _merge_with(self, part: _Part, hashes: Hashes, numbers: Numbers, alive: bytearray) -> None:
        """Put hashes and the numbers of their names among the words of a part, and its news; forget dead names."""
        import numpy as np  # a tenth of a second that `--help` should not wait for

        (there, of_there), (news, of_news) = part.unpacked(self._words), part.take_news()
        low = np.concatenate([there, hashes & _LOW, news & _LOW])
        named = np.concatenate([of_there, numbers, of_news])
        kept = np.frombuffer(alive, np.uint8)[named] == 1
        words = part.pack(low[kept], named[kept], max(_USUAL_NUMBER_BITS, len(alive).bit_length()))
        if len(words) > part.room:
            self._make_room([one.n_words + _MANY for one in self._parts])  # each will have as many news one day
        np.frombuffer(self._words, np.uint32)[part.begin : part.begin + len(words)] = words

    def _make_room(self, needs: list[int]) -> None:
        """Make room for so many words in each part, and a little more in all, if one of them needs it."""
        parts = self._parts
        if all(need <= part.room for part, need in zip(parts, needs, strict=True)):
            return
        rooms = [max(part.room, need + need // _SPARE_ONE_IN) for part, need in zip(parts, needs, strict=True)]
        end = sum(rooms)
        self._words.frombytes(bytes((end - len(self._words)) * self._words.itemsize))
        for part, room in zip(
            reversed(parts), reversed(rooms), strict=True
        ):  # none begins further in front than before
            end -= room
            if end != part.begin:
                self._words[end : end + part.room] = self._words[part.begin : part.begin + part.room]
            part.begin, part.room = end, room

    def load(self, hashes: array[int], numbers: array[int], alive: bytearray) -> None:
        """Merge hashes of keys and, beside them, the numbers of their names into the arrays; forget dead names."""
        if self._n_keys + len(hashes) < _FEW:
            self._note(hashes, numbers)
            return
        import numpy as np  # a tenth of a second that `--help` should not wait for

        every, named = np.frombuffer(hashes, np.int64), np.frombuffer(numbers, np.uint32)
        which = (every >> _LOW_BITS & _PARTS - 1).astype(np.uint16)
        order = np.argsort(which, kind="stable")
        every, named = every[order], named[order]
        sizes = np.bincount(which, minlength=_PARTS).tolist()
        del which, order
        if self._gate.room < self._n_keys + len(hashes):
            self._widen_gate(self._n_keys + len(hashes))
        self._make_room([part.n_words + part.n_news + size for part, size in zip(self._parts, sizes, strict=True)])
        self._n_keys = start = 0
        for part, size in zip(self._parts, sizes, strict=True):
            self._merge_with(part, every[start : start + size], named[start : start + size], alive)
            self._gate.add_many(every[start : start + size])
            self._n_keys, start = self._n_keys + part.n_words, start + size

    def _widen_gate(self, n_keys: int) -> None:
        """Make a gate for so many keys, at least, and let those pass that are there: all it asks of them is kept."""
        self._gate = Gate(n_keys)
        for at, part in enumerate(self._parts):
            if part.n_words:
                self._gate.add_many(part.unpacked(self._words)[0] | at << _LOW_BITS)
            self._gate.add(part.news)

    def find_one(self, key: str) -> list[int]:
        """Return the numbers of the names that have the key; rarely of one that has another."""
        wanted = hash(key)
        return [*self._found((wanted,))] if self._gate.passes(wanted) else []

    def find_all(self, keys: Iterable[str]) -> set[int]:
        """Return the numbers of the names that have one of the keys; rarely of one that has none."""
        return self._found(self._gate.passed(map(hash, keys)))

    def _found(self, hashes: Iterable[int]) -> set[int]:
        found: set[int] = set()
        parts, words = self._parts, self._words
        for wanted in hashes:
            part = parts[wanted >> _LOW_BITS & _PARTS - 1]
            bits, starts, low = part.number_bits, part.starts, wanted & _LOW
            bucket = low >> (_WORD - bits)
            start, end = starts[bucket], starts[bucket + 1]
            if start < end:
                sought = low << bits & _WHOLE_WORD
                begin = part.begin
                for word in words[begin + start : begin + end]:
                    if not (word ^ sought) >> bits:
                        found.add(word ^ sought)
            if wanted in part.news:
                found.update(part.news[wanted])
        return found

    def nbytes(self) -> int:
        """Return the size of the arrays in bytes."""
        arrays = [self._words, *(part.starts for part in self._parts)]
        return sum(len(one) * one.itemsize for one in arrays) + self._gate.nbytes()
