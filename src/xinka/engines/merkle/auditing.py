"""Recomputes a tree from its entries and holds tiles, bundles and the signed root against it, in constant memory."""

from __future__ import annotations

from collections.abc import Callable

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import LogDamaged, NoSuchEntry
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.hashing import HASH_SIZE, TILE_WIDTH, leaf_hashes
from xinka.engines.merkle.reading import Tree, read_resource
from xinka.engines.merkle.storage import Source
from xinka.engines.merkle.tiles import bundle_path, tile_path, tile_width

Seen = Callable[[int, list[bytes]], None]


def audit(source: Source, checkpoint: Checkpoint, frontier: Frontier, seen: Seen | None = None) -> None:
    """Carry a frontier on to a checkpoint by the log's entries, looking at each tile on the way.

    Afterwards the frontier is at the checkpoint, and everything between is as the root says. ``seen`` gets the entries,
    a bundle at a time, with the index of its first one; before the end it must not believe them.

    Raises:
        LogDamaged: a tile, a bundle or the whole does not lead to the root; ``path`` names the first that does not.
        ResourceMissing: one is not there.
        NoSuchEntry: the frontier is beyond the checkpoint.
    """
    if frontier.size > checkpoint.size:
        raise NoSuchEntry(asked=frontier.size, size=checkpoint.size)
    tree = Tree(source, checkpoint.size)
    for first, entries in tree.entries(frontier.size):
        hashes = leaf_hashes(entries)
        _compare_leaves(source, checkpoint.size, first, hashes)
        for level, index, tile in frontier.extend(hashes):
            _compare(source, checkpoint.size, level, index, tile)
        if seen is not None:
            seen(first, entries)
    for level, index, tile in frontier.partials():
        _compare(source, checkpoint.size, level, index, tile)
    if frontier.root() != checkpoint.root:
        raise LogDamaged(path="checkpoint")


def _compare_leaves(source: Source, size: int, first: int, hashes: bytes) -> None:
    # Before they are added, so that the bundle is named, not a tile far above it.
    index, offset = first // 256, first % 256 * HASH_SIZE
    width = tile_width(size, 0, index)
    stored = _stored(source, 0, index, width)
    if stored[offset : offset + len(hashes)] != hashes:
        raise LogDamaged(path=f"{bundle_path(index, width)} / {tile_path(0, index, width)}")


def _compare(source: Source, size: int, level: int, index: int, tile: bytes) -> None:
    width = tile_width(size, level, index)
    if _stored(source, level, index, width)[: len(tile)] != tile:
        raise LogDamaged(path=tile_path(level, index, width))


def _stored(source: Source, level: int, index: int, width: int) -> bytes:
    """Return a tile as it is stored; one that is wider or longer than it must be is refused by strict readers."""
    path = tile_path(level, index, width)
    stored = read_resource(source, path, tile_path(level, index))
    if len(stored) not in {width * HASH_SIZE, TILE_WIDTH * HASH_SIZE}:
        raise LogDamaged(path=path)
    return stored
