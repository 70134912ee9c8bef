"""The log itself: appends that are durable when they return, signed checkpoints, and proofs under them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import (
    BadFormat,
    LogDamaged,
    LogExists,
    LogMissing,
    LogStopped,
    NoSuchEntry,
    ProofRefused,
    TreeRolledBack,
)
from xinka.engines.merkle.growth import Growth
from xinka.engines.merkle.hashing import EMPTY_ROOT, TILE_WIDTH
from xinka.engines.merkle.keys import Signer, Verifier
from xinka.engines.merkle.notes import Note, Signature, open_checkpoint, sign_note
from xinka.engines.merkle.proofs import consistency_proof, inclusion_proof, tree_root, verify_inclusion
from xinka.engines.merkle.receipts import Receipt
from xinka.engines.merkle.storage import Storage
from xinka.engines.merkle.tiles import CHECKPOINT, tile_path

#: The kinds of records in the journal, their first byte.
ENTRIES, SNAPSHOT, SIGNED = b"E", b"S", b"C"
_LONGEST_RECORD = 4 << 20
#: From so many entries on, hashing them while the disk is busy saves more than a second thread costs.
_WORTH_A_THREAD = 64

_Piece = tuple[Sequence[bytes], bytes]


class Log:
    """One log, held by one writer. Make it by ``create`` or ``open``, and close it.

    Nothing that was appended or signed is ever taken back: an append returns once its entries survive a loss of power,
    a checkpoint covers only such entries, and after a crash the log goes on from all of them.
    """

    def __init__(self, storage: Storage, signer: Signer, origin: str | None = None) -> None:
        self.origin = origin or signer.name
        self._storage = storage
        self._signer = signer
        self._growth = Growth(storage)
        self._signed = Checkpoint(self.origin, 0, EMPTY_ROOT)
        self._note = b""
        self._is_stopped = False
        self._writer: ThreadPoolExecutor | None = ThreadPoolExecutor(1, "journal")

    @classmethod
    def create(cls, storage: Storage, signer: Signer, origin: str | None = None) -> Log:
        """Begin a log and sign its empty tree; the origin is the key's name unless given.

        Raises:
            LogExists: there is one already, be it that its checkpoint was lost: opening it publishes that again.
            BadFormat: the origin cannot be one.
        """
        must_hold_no_log(storage)
        log = cls(storage, signer, origin)
        if "\n" in log.origin:
            raise BadFormat("origin", "it is more than one line", "应为一行")
        log._growth.mend(0)
        log._publish(sign_note(log._signed.text, signer))
        storage.settle(SNAPSHOT + log._growth.snapshot(log._note))
        return log

    @classmethod
    def open(cls, storage: Storage, signer: Signer, origin: str | None = None, known: Checkpoint | None = None) -> Log:
        """Take up a log where it was left, and check it against the last checkpoint it signed.

        ``known`` is a later one that was kept elsewhere (a witness's, a backup's): the log must continue that as well.

        Raises:
            LogMissing: there is none.
            SignatureRefused: the checkpoint there is not by this key.
            WrongOrigin: it is another log's.
            LogDamaged: tiles or journal do not lead to the signed root.
            TreeRolledBack: the tree is older than, or other than, ``known`` or the last one signed.
        """
        log = cls(storage, signer, origin)
        log._recover()
        if known is not None:
            log.must_continue(known)
        return log

    @property
    def verifier(self) -> Verifier:
        """The public key."""
        return self._signer.verifier

    @property
    def size(self) -> int:
        """How many entries are durable, signed or not."""
        return self._growth.size

    @property
    def signed(self) -> Checkpoint:
        """The last checkpoint signed."""
        return self._signed

    @property
    def note(self) -> bytes:
        """The last checkpoint as it is published, with the cosignatures it has by now."""
        return self._note

    def append(self, entries: Sequence[bytes]) -> range:
        """Add entries in order; return their indexes once they are durable. The next checkpoint covers them.

        A batch of more than 4 MiB becomes durable part by part.

        Raises:
            BadEntry: one is not bytes, or too long; nothing was added.
            LogStopped: the log was closed, or an earlier write failed.
            OSError: the disk failed; the log has stopped.
        """
        self._must_run()
        first = self.size
        for pieces in _records(self._growth.cut(entries)):
            self._append(pieces)
        return range(first, self.size)

    def _append(self, pieces: list[_Piece]) -> None:
        record = ENTRIES + self._growth.record(b"".join([packed for _, packed in pieces]))
        with self._stopping():
            if self._writer is None or sum(len(entries) for entries, _ in pieces) < _WORTH_A_THREAD:
                self._storage.keep(record)
                self._grow(pieces)
            else:
                keeping: Future[None] = self._writer.submit(self._storage.keep, record)
                try:
                    self._grow(pieces)
                finally:
                    keeping.result()
            if self._storage.is_full:
                self._storage.settle(SNAPSHOT + self._growth.snapshot(self._note))

    def _grow(self, pieces: list[_Piece]) -> None:
        for entries, packed in pieces:
            self._growth.grow(entries, packed)

    def checkpoint(self) -> Checkpoint:
        """Sign the tree as it is and publish it; what it covers is already durable.

        Raises:
            TreeRolledBack: the published checkpoint is not the one this log left there.
            LogStopped: the log was closed, or an earlier write failed.
            OSError: the disk failed; the log has stopped.
        """
        self._must_run()
        self._must_be_ours()
        checkpoint = Checkpoint(self.origin, self.size, self._growth.frontier.root())
        if checkpoint != self._signed:
            note = sign_note(checkpoint.text, self._signer)
            with self._stopping():
                self._growth.put_partials()
                self._signed = checkpoint
                self._publish(note)
                self._growth.drop_partials()
        return checkpoint

    def add_cosignatures(self, signatures: Iterable[Signature]) -> None:
        """Publish the last checkpoint with signatures of witnesses, which the caller has verified.

        Raises:
            BadFormat: there would be more than a note may have.
            TreeRolledBack, LogStopped, OSError: as for ``checkpoint``.
        """
        self._must_run()
        self._must_be_ours()
        note = Note.parse(self._note).with_signatures(signatures)
        with self._stopping():
            self._publish(note)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Stop the log when a write fails: memory and disk may differ then, and only opening it again can tell."""
        try:
            yield
        except BaseException:
            self._is_stopped = True
            raise

    def _must_run(self) -> None:
        if self._is_stopped:
            raise LogStopped

    def _must_be_ours(self) -> None:
        # Somebody who restored a backup under a running log would otherwise be overwritten without a word.
        if self._storage.read(CHECKPOINT) != self._note:
            raise TreeRolledBack(size=self.size, known=self._signed.size)

    def _publish(self, note: Note) -> None:
        self._note = note.encode()
        # Not flushed: should power fail, the entries are there, and any later checkpoint continues this one.
        self._storage.keep(SIGNED + self._note, flush=False)
        self._storage.put(CHECKPOINT, self._note)

    def entry(self, index: int) -> bytes:
        """Return an entry; one that is not there is ``NoSuchEntry``."""
        return self._growth.entry(index)

    def prove(self, index: int, extra: bytes | None = None) -> Receipt:
        """Return the proof of an entry under the last checkpoint, as published.

        Raises:
            NoSuchEntry: that checkpoint does not cover it.
            LogDamaged: what is stored does not lead to the signed root.
        """
        path = inclusion_proof(self._growth, index, self._signed.size)
        try:
            verify_inclusion(self._growth.node(0, index), index, self._signed.size, path, self._signed.root)
        except ProofRefused:
            raise LogDamaged(path=tile_path(0, index // TILE_WIDTH)) from None
        return Receipt(index, tuple(path), self._note, extra)

    def prove_consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """Return what shows that the tree of ``size`` (the last signed unless given) continues that of ``old``.

        Raises:
            NoSuchEntry: a size is beyond the tree.
        """
        wanted = self._signed.size if size is None else size
        if wanted > self.size:
            raise NoSuchEntry(asked=wanted, size=self.size)
        return consistency_proof(self._growth, old, wanted)

    def _recover(self) -> None:
        # None, an empty one, or one of zeroes: what a mishap or a loss of power leaves. The journal has the note too.
        published = self._storage.read(CHECKPOINT) or b""
        notes = [published] if published.strip(b"\0") else []
        for record in self._storage.kept():
            kind, body = record[:1], record[1:]
            if kind == SNAPSHOT:
                notes.append(self._growth.restore(body))
            elif kind == ENTRIES:
                self._growth.replay(body)
            elif kind == SIGNED:
                notes.append(body)
        if not notes:
            raise LogMissing if self.size == 0 else LogDamaged(path=CHECKPOINT)
        try:
            signed = [(open_checkpoint(note, self._signer.verifier, self.origin)[0], note) for note in notes]
        except BadFormat:
            raise LogDamaged(path=CHECKPOINT) from None
        # The last one; of two for the same tree, the one with more cosignatures.
        self._signed, self._note = max(signed, key=lambda each: (each[0].size, len(each[1])))
        self.must_continue(self._signed)
        self._growth.mend(self._signed.size)
        if self._note != published:
            self._storage.put(CHECKPOINT, self._note)

    def must_continue(self, known: Checkpoint) -> None:
        """Check that the tree continues a checkpoint seen before.

        Raises:
            TreeRolledBack: it does not.
        """
        if known.size > self.size or tree_root(self._growth, known.size) != known.root:
            raise TreeRolledBack(size=self.size, known=known.size)

    def close(self) -> None:
        """Let another writer in; nothing is lost by not calling it."""
        if self._writer is None:
            return
        self._writer.shutdown(wait=True)
        self._writer = None
        try:
            if self._storage.is_long and not self._is_stopped:
                self._storage.settle(SNAPSHOT + self._growth.snapshot(self._note))
        finally:
            self._is_stopped = True
            self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def must_hold_no_log(storage: Storage) -> None:
    """Check that a storage is empty; the journal remembers what was signed even where the checkpoint was lost.

    Raises:
        LogExists: it holds a log.
    """
    published = (storage.read(CHECKPOINT) or b"").strip(b"\0")
    if published or any(record[:1] in (ENTRIES, SNAPSHOT, SIGNED) for record in storage.kept()):
        raise LogExists


def _records(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the pieces of a batch together as far as one record of the journal may hold them."""
    together: list[_Piece] = []
    length = 0
    for piece in pieces:
        if together and length + len(piece[1]) > _LONGEST_RECORD:
            yield together
            together, length = [], 0
        together.append(piece)
        length += len(piece[1])
    if together:
        yield together
