"""Mends a log from its entries, if they lead to the signed root: tiles made again, and a journal to go on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xinka.engines.merkle.auditing import audit
from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import LogDamaged, LogMissing, TreeRolledBack
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.growth import Growth
from xinka.engines.merkle.hashing import leaf_hashes
from xinka.engines.merkle.keys import Signer
from xinka.engines.merkle.log import ENTRIES, SIGNED, SNAPSHOT
from xinka.engines.merkle.notes import open_checkpoint
from xinka.engines.merkle.proofs import tree_root
from xinka.engines.merkle.reading import Tree
from xinka.engines.merkle.storage import Storage
from xinka.engines.merkle.tiles import CHECKPOINT, pack_entries


@dataclass(frozen=True, slots=True)
class Mended:
    """What was found: the last checkpoint signed, all entries there are, and the tiles that had to be made again."""

    signed: Checkpoint
    size: int
    paths: tuple[str, ...]


def mend(storage: Storage, signer: Signer, origin: str | None = None, known: Checkpoint | None = None) -> Mended:
    """Recompute a log from the entries it has published, make again what is wrong, and begin its journal anew.

    Nothing is touched unless the entries lead to the root of the published checkpoint. Entries behind it are taken from
    what can be read of the journal. Whether a later checkpoint was ever signed only those know who kept it: ``known``
    is the latest of theirs. Takes constant memory.

    Raises:
        LogMissing: there is no checkpoint.
        BadFormat, SignatureRefused, WrongOrigin: it is not this log's.
        LogDamaged, ResourceMissing: entries are lost or changed, and must come from a mirror; ``path`` names the first.
        TreeRolledBack: the entries do not lead to ``known``, or to the last checkpoint that the journal remembers.
    """
    published = storage.read(CHECKPOINT)
    if published is None:
        raise LogMissing
    checkpoint, _ = open_checkpoint(published, signer.verifier, origin)
    frontier = Frontier()
    for _, entries in Tree(storage, checkpoint.size).entries():
        frontier.extend(leaf_hashes(entries))
    if frontier.root() != checkpoint.root:
        audit(storage, checkpoint, Frontier())  # names the first that is wrong
        raise LogDamaged(path=CHECKPOINT)
    sparing = _Sparing(storage)
    growth = Growth(sparing)
    for _, entries in Tree(storage, checkpoint.size).entries():
        growth.grow(entries, pack_entries(entries))
    growth.put_partials()
    paths = tuple(sparing.paths)
    signed, note = checkpoint, published
    for later in _from_journal(growth, storage):
        found, _ = open_checkpoint(later, signer.verifier, origin)
        if found.size >= signed.size:
            signed, note = found, later
    for seen in (signed, known or signed):
        if seen.size > growth.size or tree_root(growth, seen.size) != seen.root:
            raise TreeRolledBack(size=growth.size, known=seen.size)
    storage.settle(SNAPSHOT + growth.snapshot(note))
    return Mended(signed, growth.size, paths)


def _from_journal(growth: Growth, storage: Storage) -> Iterator[bytes]:
    """Add the entries of the journal as far as they follow, and yield the notes in it."""
    for record in storage.kept():
        kind, body = record[:1], record[1:]
        try:
            if kind == SNAPSHOT:
                yield growth.restore(body)
            elif kind == ENTRIES:
                growth.replay(body)
        except LogDamaged:
            continue  # entries between are lost, and no checkpoint covered them, or a note further on tells
        if kind == SIGNED:
            yield body


class _Sparing:
    """A storage that writes only what is not there already, and says what that was."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.paths: list[str] = []
        self.read = storage.read
        self.drop_partials = storage.drop_partials

    def put(self, path: str, data: bytes) -> None:
        """Put a resource in place unless it is there."""
        if self.read(path) != data:
            self._storage.put(path, data)
            self.paths.append(path)
