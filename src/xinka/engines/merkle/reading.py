"""Reads a tree of a known size from tiles and bundles, touching only what pruning must leave (C2SP tlog-tiles)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from xinka.engines.merkle.errors import BadFormat, LogDamaged, NoSuchEntry, ResourceMissing
from xinka.engines.merkle.hashing import HASH_SIZE, TILE_HEIGHT, TILE_WIDTH, Pyramid
from xinka.engines.merkle.storage import Source
from xinka.engines.merkle.tiles import bundle_path, tile_path, tile_width, unpack_entries

#: Tiles kept in memory, 16 KiB each.
CACHED_TILES = 512


class Tree:
    """The perfect subtrees and entries of a tree of ``size``; what it reads is believed only by checking a root."""

    def __init__(
        self, source: Source, size: int, cache: OrderedDict[tuple[int, int, int], Pyramid] | None = None
    ) -> None:
        self.source = source
        self.size = size
        self._cache: OrderedDict[tuple[int, int, int], Pyramid] = OrderedDict() if cache is None else cache

    def at(self, size: int) -> Tree:
        """Return the tree of another size; both remember the same tiles."""
        return Tree(self.source, size, self._cache)

    def node(self, height: int, index: int) -> bytes:
        """Return a perfect subtree's root, from the one tile it is in.

        Raises:
            ResourceMissing: that tile cannot be had.
            LogDamaged: it is not as wide as it must be.
        """
        level, within = divmod(height, TILE_HEIGHT)
        tile, place = divmod(index, 1 << (TILE_HEIGHT - within))
        return self._tile(level, tile).node(within, place)

    def _tile(self, level: int, index: int) -> Pyramid:
        width = tile_width(self.size, level, index)
        if not width:
            raise NoSuchEntry(asked=index << (TILE_HEIGHT * (level + 1)), size=self.size)
        which = (level, index, width)
        if (found := self._cache.get(which)) is not None:
            self._cache.move_to_end(which)
            return found
        data = read_resource(self.source, tile_path(level, index, width), tile_path(level, index))
        if len(data) < width * HASH_SIZE or len(data) % HASH_SIZE:
            raise LogDamaged(path=tile_path(level, index, width))
        tile = self._cache[which] = Pyramid(data[: width * HASH_SIZE])
        if len(self._cache) > CACHED_TILES:
            self._cache.popitem(last=False)
        return tile

    def entry(self, index: int) -> bytes:
        """Return an entry.

        Raises:
            NoSuchEntry: the tree has none there.
            ResourceMissing: its bundle cannot be had.
            LogDamaged: its bundle is torn, or holds more than it may.
        """
        if not 0 <= index < self.size:
            raise NoSuchEntry(asked=index, size=self.size)
        return self.bundle(index // TILE_WIDTH)[index % TILE_WIDTH]

    def bundle(self, index: int) -> list[bytes]:
        """Return the entries of a bundle, as many as the tree has of it."""
        width = tile_width(self.size, 0, index)
        path = bundle_path(index, width)
        try:
            entries = unpack_entries(read_resource(self.source, path, bundle_path(index)))
        except BadFormat:
            raise LogDamaged(path=path) from None
        if len(entries) not in {width, TILE_WIDTH}:
            raise LogDamaged(path=path)
        return entries[:width]

    def entries(self, first: int = 0) -> Iterator[tuple[int, list[bytes]]]:
        """Yield the entries from ``first`` on, a bundle at a time, each with the index of its first one."""
        while first < self.size:
            bundle = self.bundle(first // TILE_WIDTH)[first % TILE_WIDTH :]
            yield first, bundle
            first += len(bundle)


def read_resource(source: Source, path: str, instead: str) -> bytes:
    """Return a resource; a partial one may have made way for the full one, ``instead``.

    Raises:
        ResourceMissing: neither is there.
    """
    data = source.read(path)
    if data is None and instead != path:
        data = source.read(instead)
    if data is None:
        raise ResourceMissing(path=path)
    return data
