"""A monitor: follows a log from checkpoint to checkpoint, and remembers what it saw."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

import msgspec

from xinka.engines.merkle.auditing import Seen, audit
from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import (
    BadFormat,
    LogDamaged,
    LogMissing,
    ProofRefused,
    ResourceMissing,
    TreeRolledBack,
)
from xinka.engines.merkle.files import write_durably
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.keys import Verifier
from xinka.engines.merkle.notes import open_checkpoint
from xinka.engines.merkle.proofs import consistency_proof, tree_root, verify_consistency
from xinka.engines.merkle.reading import Tree
from xinka.engines.merkle.storage import Source
from xinka.engines.merkle.tiles import CHECKPOINT

_WHAT = "monitor state"


class _State(msgspec.Struct):
    note: str
    frontier: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a look at the log brought the monitor."""

    before: int
    checkpoint: Checkpoint


class Monitor:
    """Follows one log; ``state`` is the file it remembers in, which only it may write.

    Raises:
        BadFormat: the file is not a monitor's state.
        SignatureRefused, WrongOrigin: it is that of another log.
    """

    def __init__(self, source: Source, key: Verifier, state: Path, origin: str | None = None) -> None:
        self._source = source
        self._key = key
        self._origin = origin
        self._state = state
        self._note = b""
        self._frontier = Frontier()
        self.checkpoint: Checkpoint | None = None
        if state.exists():
            self._load()

    def look(self, seen: Seen | None = None) -> Progress:
        """Fetch the checkpoint, verify that it continues the last one, recompute it from the new entries; remember it.

        ``seen`` gets the new entries, a bundle at a time; what it was given counts only once this returns.

        Raises:
            LogMissing: there is no checkpoint.
            SignatureRefused, WrongOrigin, BadFormat: the checkpoint is not this log's.
            TreeRolledBack: history was rewritten; nothing is remembered, so it is seen again. Both notes, which prove
                it to anybody, are kept beside the state: as ``….seen`` and ``….contradicts``.
            LogDamaged, ResourceMissing: entries or tiles do not lead to the signed root.
            SourceFailed: the log cannot be reached.
        """
        note = self._source.read(CHECKPOINT)
        if note is None:
            raise LogMissing
        checkpoint, _ = open_checkpoint(note, self._key, self._origin)
        before = self._frontier.size
        try:
            is_shown = self.checkpoint is None or self._is_continued(self.checkpoint, checkpoint)
        except TreeRolledBack:
            # Now: a log that was caught may show everybody something else a moment later.
            write_durably(self._state.with_name(f"{self._state.name}.seen"), self._note)
            write_durably(self._state.with_name(f"{self._state.name}.contradicts"), note)
            raise
        frontier = Frontier.restore(self._frontier.snapshot())
        audit(self._source, checkpoint, frontier, seen)
        if not is_shown:
            # The entries do continue what was seen, so the tiles of older ones must be broken.
            raise LogDamaged(path="tile")
        self._frontier, self._note, self.checkpoint = frontier, note, checkpoint
        self._save()
        return Progress(before, checkpoint)

    def _is_continued(self, known: Checkpoint, checkpoint: Checkpoint) -> bool:
        """Return whether the tiles show that the tree goes on; False where they lead nowhere, so show nothing."""
        rewritten = TreeRolledBack(size=checkpoint.size, known=known.size)
        if checkpoint.size < known.size:
            raise rewritten
        tree = Tree(self._source, checkpoint.size)
        try:
            proof = consistency_proof(tree, known.size, checkpoint.size)
            verify_consistency(known.size, checkpoint.size, proof, known.root, checkpoint.root)
        except ProofRefused:
            if known.size == checkpoint.size or tree_root(tree, checkpoint.size) == checkpoint.root:
                raise rewritten from None
            return False
        except (ResourceMissing, LogDamaged):
            return False
        return True

    def _load(self) -> None:
        try:
            state = msgspec.json.decode(self._state.read_bytes(), type=_State)
            note, edge = b64decode(state.note, validate=True), b64decode(state.frontier, validate=True)
        except (msgspec.DecodeError, ValueError):
            raise BadFormat(_WHAT, "it cannot be read", "无法读取") from None
        self._frontier, self._note = Frontier.restore(edge), note
        self.checkpoint, _ = open_checkpoint(note, self._key, self._origin)
        if (self.checkpoint.size, self.checkpoint.root) != (self._frontier.size, self._frontier.root()):
            raise BadFormat(_WHAT, "checkpoint and frontier are not of one tree", "检查点与边缘不是同一棵树")

    def _save(self) -> None:
        state = _State(b64encode(self._note).decode(), b64encode(self._frontier.snapshot()).decode())
        write_durably(self._state, msgspec.json.encode(state), 0o600)
