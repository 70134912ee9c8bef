"""Is a text a common word in its own right? A compact filter of words; one in two hundred others is taken for one."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

#: Bits set for each word, and bits kept for each word.
_HASHES, _BITS = 6, 11


def _places(word: str, size: int) -> list[int]:
    packed = word.encode("utf-8", "surrogatepass")
    first, second = zlib.crc32(packed), zlib.crc32(packed, 0x9E3779B9) | 1
    return [(first + number * second) % size for number in range(_HASHES)]


def pack(words: list[str]) -> bytes:
    """Return the filter of the words."""
    size = len(words) * _BITS // 8 * 8
    bits = bytearray(size // 8)
    for word in words:
        for place in _places(word, size):
            bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


@cache
def _filter() -> bytes:
    return (Path(__file__).parent / "tables" / "words.bin").read_bytes()


def is_word(text: str) -> bool:
    """Say whether a text in small letters is a common Chinese or English word."""
    bits = _filter()
    return all(bits[place >> 3] >> (place & 7) & 1 for place in _places(text, len(bits) * 8))
