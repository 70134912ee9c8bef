"""A proof for one entry in one file that is verified offline (C2SP tlog-proof v1)."""

from __future__ import annotations

from dataclasses import dataclass

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.encoding import decimal, from_base64, hashes_from, text_of, to_base64
from xinka.engines.merkle.errors import BadFormat, LogDamaged, LogMissing, ProofRefused
from xinka.engines.merkle.hashing import TILE_WIDTH, leaf_hash
from xinka.engines.merkle.keys import Verifier
from xinka.engines.merkle.notes import LONGEST_NOTE, Note, open_checkpoint
from xinka.engines.merkle.proofs import inclusion_proof, verify_inclusion
from xinka.engines.merkle.reading import Tree
from xinka.engines.merkle.storage import Source
from xinka.engines.merkle.tiles import CHECKPOINT, tile_path

_WHAT = "tlog-proof"
_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an entry is, the path from it to the root, and the signed checkpoint; ``extra`` is not authenticated."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Return the file's bytes."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [_HEADER, *extra, f"index {self.index}", *map(to_base64, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """Read a file; nothing in it is believed before ``verify``.

        Raises:
            BadFormat: it is not a tlog-proof.
        """
        if len(data) > 2 * LONGEST_NOTE:
            raise BadFormat(_WHAT, "longer than 2 MB", "超过 2 MB")
        head, gap, checkpoint = text_of(data, _WHAT).partition("\n\n")
        first, *lines = head.split("\n")
        if first != _HEADER or not gap:
            raise BadFormat(_WHAT, f"its first line is not {_HEADER}", f"第一行不是 {_HEADER}")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0).removeprefix("extra "), _WHAT)
        if not lines or not lines[0].startswith("index "):
            raise BadFormat(_WHAT, "the index line is missing", "缺少 index 行")
        index = decimal(lines[0].removeprefix("index "), _WHAT)
        return cls(index, tuple(hashes_from(lines[1:], _WHAT)), checkpoint.encode(), extra)

    @classmethod
    def from_source(cls, source: Source, index: int, extra: bytes | None = None) -> Receipt:
        """Make the proof of an entry under the checkpoint a log has published, without its key.

        Raises:
            LogMissing: there is no checkpoint.
            BadFormat: it is none.
            NoSuchEntry: it does not cover the entry.
            ResourceMissing, LogDamaged, SourceFailed: the tiles cannot be had, or do not lead to its root.
        """
        note = source.read(CHECKPOINT)
        if note is None:
            raise LogMissing
        checkpoint = Checkpoint.parse(Note.parse(note).text)
        tree = Tree(source, checkpoint.size)
        path = inclusion_proof(tree, index, checkpoint.size)
        try:
            verify_inclusion(tree.node(0, index), index, checkpoint.size, path, checkpoint.root)
        except ProofRefused:
            raise LogDamaged(path=tile_path(0, index // TILE_WIDTH)) from None
        return cls(index, tuple(path), note, extra)

    def verify(self, entry: bytes, key: Verifier, origin: str | None = None) -> Checkpoint:
        """Check that the log with this key has logged the entry at this index; return the checkpoint that says so.

        For witnesses as well, check ``checkpoint`` by ``Policy.check``.

        Raises:
            BadFormat: the checkpoint is none.
            SignatureRefused: the key did not sign it.
            WrongOrigin: it is another log's.
            ProofRefused: the entry is not there.
        """
        checkpoint, _ = open_checkpoint(self.checkpoint, key, origin)
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint
