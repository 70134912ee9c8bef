"""How a log's tree grows in its storage: full tiles and bundles once, partial ones when a checkpoint needs them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from xinka.engines.merkle.errors import BadFormat, LogDamaged
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.hashing import HASH_SIZE, TILE_HEIGHT, TILE_WIDTH, leaf_hashes
from xinka.engines.merkle.reading import Tree
from xinka.engines.merkle.storage import Resources
from xinka.engines.merkle.tiles import bundle_path, pack_entries, partial_tiles, tile_path, unpack_entries

_FIRST = struct.Struct(">Q")
_LENGTHS = struct.Struct(">II")
_JOURNAL = "journal"


class Growth:
    """The tree as it is, ahead of the last checkpoint; gives out any complete subtree (``proofs.Nodes``)."""

    def __init__(self, storage: Resources) -> None:
        self.frontier = Frontier()
        self._storage = storage
        self._tree = Tree(storage, 0)
        self._bundle: list[bytes] = []
        self._full: list[str] = []
        self._partial: dict[int, str] = {}
        # What has partial ones beside it in the storage; before the log is taken up, anything may.
        self._begun: set[str] = set()
        self._is_taken_up = False

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self.frontier.size

    def cut(self, entries: Sequence[bytes]) -> list[tuple[Sequence[bytes], bytes]]:
        """Return entries to come in pieces that end where bundles do, each with its packed form.

        Raises:
            BadEntry: one cannot be a leaf.
        """
        pieces: list[tuple[Sequence[bytes], bytes]] = []
        at = 0
        while at < len(entries):
            end = at + TILE_WIDTH - (self.size + at) % TILE_WIDTH
            pieces.append((entries[at:end], pack_entries(entries[at:end], at)))
            at = end
        return pieces

    def grow(self, entries: Sequence[bytes], packed: bytes) -> None:
        """Add one piece, and put what became full in place."""
        index = self.size // TILE_WIDTH
        self._bundle.append(packed)
        full = self.frontier.extend(leaf_hashes(entries))
        if full:
            self._put(bundle_path(index), b"".join(self._bundle))
            self._bundle = []
        for level, place, tile in full:
            self._put(tile_path(level, place), tile)

    def _put(self, path: str, data: bytes) -> None:
        self._storage.put(path, data)
        if path in self._begun or not self._is_taken_up:
            self._begun.discard(path)
            self._full.append(path)

    def put_partials(self) -> None:
        """Put in place what a checkpoint of this size needs and is not there yet."""
        for level, index, tile in self.frontier.partials():
            path = tile_path(level, index, len(tile) // HASH_SIZE)
            if self._partial.get(level) != path:
                self._storage.put(path, tile)
                self._partial[level] = path
                self._begun.add(tile_path(level, index))
        if self._bundle:
            width = self.size % TILE_WIDTH
            self._bundle = [b"".join(self._bundle)]
            self._begun.add(bundle_path(self.size // TILE_WIDTH))
            self._storage.put(bundle_path(self.size // TILE_WIDTH, width), self._bundle[0])

    def mend(self, size: int) -> None:
        """Make partial tiles of an earlier size again where a crash left other bytes, or let full ones replace them.

        From here on it is known which tiles and bundles have partial ones: those of that size, and what is put later.
        """
        self._is_taken_up = True
        self._begun.update(tile_path(level, index) for level, index, _ in partial_tiles(size))
        if size % TILE_WIDTH:
            self._begun.add(bundle_path(size // TILE_WIDTH))
        tiles = {level: (index, tile) for level, index, tile in self.frontier.partials()}
        for level, index, width in partial_tiles(size):
            if level in tiles and tiles[level][0] == index:
                self._mend(tile_path(level, index, width), tiles[level][1][: width * HASH_SIZE])
            else:
                self._storage.drop_partials(tile_path(level, index))
        index, width = divmod(size, TILE_WIDTH)
        if index < self.frontier.tile_index(0):
            self._storage.drop_partials(bundle_path(index))
        elif width:
            entries = unpack_entries(b"".join(self._bundle))
            self._mend(bundle_path(index, width), pack_entries(entries[:width]))

    def _mend(self, path: str, data: bytes) -> None:
        if self._storage.read(path) != data:
            self._storage.put(path, data)

    def drop_partials(self) -> None:
        """Remove the partial ones of what has become full; after the checkpoint, so that its readers find either."""
        for path in self._full:
            self._storage.drop_partials(path)
        self._full = []

    def node(self, height: int, index: int) -> bytes:
        """Return a complete subtree's root: from memory at the right edge, else from tiles."""
        level, within = divmod(height, TILE_HEIGHT)
        if index >> (TILE_HEIGHT - within) == self.frontier.tile_index(level):
            return self.frontier.node(height, index)
        self._tree.size = self.size
        return self._tree.node(height, index)

    def entry(self, index: int) -> bytes:
        """Return an entry.

        Raises:
            NoSuchEntry: there is none.
        """
        self._tree.size = self.size
        if self.size > index >= self.size - self.size % TILE_WIDTH:
            return unpack_entries(b"".join(self._bundle))[index % TILE_WIDTH]
        return self._tree.entry(index)

    # --- records of the journal

    def record(self, packed: bytes) -> bytes:
        """Return what to keep of entries about to be added."""
        return _FIRST.pack(self.size) + packed

    def replay(self, record: bytes) -> None:
        """Add the entries of a record again; those that are there already are passed over.

        Raises:
            LogDamaged: entries between are missing.
        """
        first = int.from_bytes(record[: _FIRST.size], "big")
        if first > self.size:
            raise LogDamaged(path=_JOURNAL)
        try:
            entries = unpack_entries(record[_FIRST.size :])
        except BadFormat:
            raise LogDamaged(path=_JOURNAL) from None
        for piece, packed in self.cut(entries[self.size - first :]):
            self.grow(piece, packed)

    def snapshot(self, note: bytes) -> bytes:
        """Return all that is not in full tiles and bundles, and a note beside it."""
        edge = self.frontier.snapshot(whole_tiles=True)
        return _LENGTHS.pack(len(edge), len(note)) + edge + note + b"".join(self._bundle)

    def restore(self, record: bytes) -> bytes:
        """Take up a snapshot, unless the tree is there already; return the note beside it.

        Raises:
            LogDamaged: it is none.
        """
        try:
            n_edge, n_note = _LENGTHS.unpack_from(record)
            note_at, bundle_at = _LENGTHS.size + n_edge, _LENGTHS.size + n_edge + n_note
            edge = Frontier.restore(record[_LENGTHS.size : note_at])
        except (BadFormat, struct.error):
            raise LogDamaged(path=_JOURNAL) from None
        if self.size == 0:
            self.frontier = edge
        self.replay(_FIRST.pack(edge.size) + record[bundle_at:])
        return record[note_at:bundle_at]
