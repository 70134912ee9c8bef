"""Tree hashing of RFC 6962 section 2.1 (RFC 9162 section 2.1.1), level by level over packed hashes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

#: Hashes in a full tile, and the height of the subtree it stands for (C2SP tlog-tiles).
TILE_WIDTH = 256
TILE_HEIGHT = 8


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """Return the leaf hashes of many entries, one after the other."""
    hashed = sha256  # a local name: this line runs once a leaf
    return b"".join([hashed(b"\x00" + entry).digest() for entry in entries])


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an interior node."""
    return sha256(b"\x01" + left + right).digest()


def hash_pairs(row: bytes | bytearray) -> bytes:
    """Return the parents of a row of packed hashes; an odd one at the end has none yet."""
    hashed = sha256
    whole = bytes(row)
    return b"".join([hashed(b"\x01" + whole[at : at + 64]).digest() for at in range(0, len(whole) - 63, 64)])


class Pyramid:
    """The perfect subtrees above one tile's hashes, row by row; grows to the right, each node hashed once."""

    __slots__ = ("_rows",)

    def __init__(self, hashes: bytes = b"") -> None:
        self._rows = [bytearray() for _ in range(TILE_HEIGHT + 1)]
        if hashes:
            self.extend(hashes)

    @property
    def width(self) -> int:
        """How many hashes the tile has."""
        return len(self._rows[0]) // HASH_SIZE

    @property
    def hashes(self) -> bytes:
        """The tile as it is stored."""
        return bytes(self._rows[0])

    def extend(self, hashes: bytes) -> None:
        """Put packed hashes to the right end; never more than fit into a tile.

        Only the bottom row is extended here: those above are hashed when they are asked for, so that single appends
        cost one hash.
        """
        self._rows[0] += hashes

    def node(self, height: int, index: int) -> bytes:
        """Return a perfect subtree's root; the caller knows that it is complete."""
        self._rise()
        at = index * HASH_SIZE
        return bytes(self._rows[height][at : at + HASH_SIZE])

    def root(self) -> bytes:
        """Return the root of a full tile, which is a hash of the tile above."""
        self._rise()
        return bytes(self._rows[TILE_HEIGHT])

    def _rise(self) -> None:
        rows = self._rows
        for height in range(TILE_HEIGHT):
            below, above = rows[height], rows[height + 1]
            if len(above) * 2 + 2 * HASH_SIZE > len(below):
                return  # nothing new here, so nothing new above
            above += hash_pairs(below[len(above) * 2 :])
