"""The right edge of a growing tree: the unfinished tile of each level, all that going on and the root need."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from xinka.engines.merkle.errors import BadFormat
from xinka.engines.merkle.hashing import HASH_SIZE, TILE_HEIGHT, TILE_WIDTH, Pyramid
from xinka.engines.merkle.proofs import tree_root

_HEAD = struct.Struct(">QB")
_TILE = HASH_SIZE * TILE_WIDTH


class Frontier:
    """Grows by leaf hashes and gives out each tile once, when it is full. Memory: at most 16 KiB a level."""

    def __init__(self) -> None:
        self.size = 0
        self._levels = [Pyramid()]

    def extend(self, hashes: bytes) -> list[tuple[int, int, bytes]]:
        """Add packed leaf hashes; return level, index and bytes of the tiles that became full."""
        full: list[tuple[int, int, bytes]] = []
        at, end = 0, len(hashes)
        while at < end:
            take = min(end - at, _TILE - self.size % TILE_WIDTH * HASH_SIZE)
            self._levels[0].extend(hashes[at : at + take])
            at += take
            self.size += take // HASH_SIZE
            if self.size % TILE_WIDTH == 0:
                self._carry(full)
        return full

    def _carry(self, full: list[tuple[int, int, bytes]]) -> None:
        level, index = 0, self.size // TILE_WIDTH - 1
        while self._levels[level].width == TILE_WIDTH:
            tile = self._levels[level]
            full.append((level, index, tile.hashes))
            self._levels[level] = Pyramid()
            level, index = level + 1, index // TILE_WIDTH
            if level == len(self._levels):
                self._levels.append(Pyramid())
            self._levels[level].extend(tile.root())

    def tile_index(self, level: int) -> int:
        """Return which tile of a level is unfinished."""
        return self.size >> (TILE_HEIGHT * (level + 1))

    def node(self, height: int, index: int) -> bytes:
        """Return a perfect subtree's root inside an unfinished tile."""
        level, within = divmod(height, TILE_HEIGHT)
        return self._levels[level].node(within, index & ((1 << (TILE_HEIGHT - within)) - 1))

    def root(self) -> bytes:
        """Return the root of the tree."""
        return tree_root(self, self.size)

    def partials(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield level, index and bytes of the unfinished tiles that hold something."""
        for level, tile in enumerate(self._levels):
            if tile.width:
                yield level, self.tile_index(level), tile.hashes

    def snapshot(self, *, whole_tiles: bool = False) -> bytes:
        """Return the frontier as bytes; with ``whole_tiles`` as it was at the last multiple of 256 leaves."""
        size = self.size - self.size % TILE_WIDTH if whole_tiles else self.size
        tiles = [tile.hashes for tile in self._levels]
        if whole_tiles:
            tiles[0] = b""
        return _HEAD.pack(size, len(tiles)) + b"".join(tiles)

    @classmethod
    def restore(cls, data: bytes) -> Frontier:
        """Return the frontier that ``snapshot`` gave out.

        Raises:
            BadFormat: the bytes are not that.
        """
        found = cls()
        try:
            found.size, n_levels = _HEAD.unpack_from(data)
        except struct.error:
            raise BadFormat("frontier", "too short", "太短") from None
        widths = [(found.size >> (TILE_HEIGHT * level)) % TILE_WIDTH for level in range(n_levels)]
        if not n_levels or len(data) != _HEAD.size + HASH_SIZE * sum(widths) or found.size >> (TILE_HEIGHT * n_levels):
            raise BadFormat("frontier", "its length does not fit its size", "长度与大小不符")
        at, found._levels = _HEAD.size, []
        for width in widths:
            found._levels.append(Pyramid(data[at : at + width * HASH_SIZE]))
            at += width * HASH_SIZE
        return found
