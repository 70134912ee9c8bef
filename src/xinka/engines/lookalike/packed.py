"""Texts in one block of bytes, and which of them a given text is: a few bytes each beside their letters."""

from __future__ import annotations

from array import array
from codecs import utf_16_le_decode  # asked for by name it would be looked up each time

#: The first byte of a packed text: how the rest is to be read.
_UTF8, _UTF16 = b"\0", b"\1"
#: Halves of pairs that stand alone are letters of a text as well.
_ODD_TOO = "surrogatepass"
#: Texts in a block.
_BLOCK = 512
#: What stands in a place of ``Places`` whose text was taken out.
_GONE = 0xFFFFFFFF


class Texts:
    """Texts by number, some hundred in a block that is never moved again; of Chinese a character takes two bytes."""

    def __init__(self) -> None:
        self._blocks: list[tuple[bytes | bytearray, array[int]]] = []
        self._last, self._last_ends = bytearray(), array("I", (0,))
        self._n_texts = 0

    def __len__(self) -> int:
        return self._n_texts

    def append(self, text: str) -> int:
        """Add a text and return its number."""
        how, packed = _UTF8, text.encode("utf-8", _ODD_TOO)
        if len(packed) > 2 * len(text):
            how, packed = _UTF16, text.encode("utf-16-le", _ODD_TOO)
        if not self._n_texts % _BLOCK:
            self._seal()
        self._last += how + packed
        self._last_ends.append(len(self._last))
        self._n_texts += 1
        return self._n_texts - 1

    def _seal(self) -> None:
        """Put the last block, which is full, into as little room as it needs, and begin another."""
        if self._blocks:
            ends = array("H" if self._last_ends[-1] < 1 << 16 else "I", self._last_ends)
            self._blocks[-1] = bytes(self._last), ends
        self._last, self._last_ends = bytearray(), array("I", (0,))
        self._blocks.append((self._last, self._last_ends))

    def __getitem__(self, number: int) -> str:
        """Return the text of a number."""
        block, ends = self._blocks[number // _BLOCK]
        at = number % _BLOCK
        start = ends[at]
        packed = block[start + 1 : ends[at + 1]]
        return utf_16_le_decode(packed, _ODD_TOO, True)[0] if block[start] else packed.decode("utf-8", _ODD_TOO)


class Places:
    """The numbers of texts by what they say: a table of numbers with open places, four to twelve bytes a text."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._slots, self._n_used, self._n_there = array("I", bytes(4 * 64)), 0, 0

    def __len__(self) -> int:
        return self._n_there

    def find(self, text: str) -> int | None:
        """Return the number of a text, None where it is not there."""
        at = self._at(text)
        return None if at is None else self._slots[at] - 1

    def _at(self, text: str) -> int | None:
        slots, texts, mask = self._slots, self._texts, len(self._slots) - 1
        at = hash(text) & mask
        while number := slots[at]:
            if number != _GONE and texts[number - 1] == text:
                return at
            at = at + 1 & mask
        return None

    def put(self, text: str, number: int) -> None:
        """Note the number of a text that is not there."""
        if self._n_used * 3 > len(self._slots) * 2:
            self._widen()
        self._enter(text, number)

    def _enter(self, text: str, number: int) -> None:
        mask = len(self._slots) - 1
        at = hash(text) & mask
        while self._slots[at]:
            at = at + 1 & mask
        self._slots[at] = number + 1
        self._n_used, self._n_there = self._n_used + 1, self._n_there + 1

    def _widen(self) -> None:
        there = array("I", (number - 1 for number in self._slots if number not in {0, _GONE}))
        size = 64
        while size <= 2 * len(there):
            size *= 2
        self._slots, self._n_used, self._n_there = array("I", bytes(4 * size)), 0, 0
        for number in there:
            self._enter(self._texts[number], number)

    def remove(self, text: str) -> int:
        """Take a text out and return its number.

        Raises:
            KeyError: it is not there.
        """
        at = self._at(text)
        if at is None:
            raise KeyError(text)
        number = self._slots[at] - 1
        self._slots[at] = _GONE
        self._n_there -= 1
        return number
