"""A witness: it remembers the last checkpoint of each log it knows, and cosigns only what continues it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import BadFormat, KeyUnusable, LogDamaged, ProofRefused, SignatureRefused
from xinka.engines.merkle.files import write_durably
from xinka.engines.merkle.hashing import EMPTY_ROOT
from xinka.engines.merkle.keys import Signer, Verifier
from xinka.engines.merkle.notes import Note, sign_note
from xinka.engines.merkle.proofs import verify_consistency
from xinka.engines.merkle.witnessing import SIZE_TYPE, AddCheckpoint, Answer


class Witness:
    """Cosigns for the logs whose keys it is given (a log's key is named by its origin).

    What it remembers is a note per origin in ``directory``. Looking at it and replacing it is one step under a lock of
    the file system, so any number of threads and processes may answer for one directory; and a cosignature leaves only
    after what it says is on the disk.

    Raises:
        KeyUnusable: a signer is not of a cosigning type.
    """

    def __init__(
        self,
        directory: Path,
        signers: Sequence[Signer],
        logs: Iterable[Verifier],
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not signers or not all(signer.kind.is_timed for signer in signers):
            raise KeyUnusable("a witness signs with a cosigning key (0x04, 0x06)", "见证人须使用联署密钥（0x04、0x06）")
        self._directory = directory
        self._signers = tuple(signers)
        self._clock = clock
        self._logs: dict[str, list[Verifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)

    def add_checkpoint(self, request: bytes) -> Answer:
        """Answer one request as C2SP tlog-witness says: 200 with cosignatures, or 400, 403, 404, 409, 422 and nothing.

        Raises:
            LogDamaged: what the witness remembers is damaged; it cosigns nothing for that log.
            OSError: it could not be written down, so nothing was cosigned.
        """
        try:
            asked = AddCheckpoint.parse(request)
            note = Note.parse(asked.checkpoint)
            checkpoint = Checkpoint.parse(note.text)
        except BadFormat as refusal:
            return _refused(HTTPStatus.BAD_REQUEST, refusal.message("en"))
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            return _refused(HTTPStatus.NOT_FOUND, "this log is not known here")
        try:
            note.verified_by(keys)
        except SignatureRefused:
            return _refused(HTTPStatus.FORBIDDEN, "no valid signature by the log's key")
        if asked.old > checkpoint.size:
            return _refused(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint's")
        return self._cosign(asked, note, checkpoint)

    def _cosign(self, asked: AddCheckpoint, note: Note, checkpoint: Checkpoint) -> Answer:
        with self._held(checkpoint.origin) as place:
            known = self._known(place, checkpoint.origin)
            same_size_other_root = asked.old == checkpoint.size == known.size and known.root != checkpoint.root
            if asked.old != known.size or same_size_other_root:
                return Answer(HTTPStatus.CONFLICT.value, f"{known.size}\n".encode(), SIZE_TYPE)
            try:
                verify_consistency(known.size, checkpoint.size, asked.proof, known.root, checkpoint.root)
            except ProofRefused:
                return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the consistency proof does not hold")
            # Before the signature, inside the lock: or two requests could leave the smaller tree remembered.
            write_durably(place, note.encode())
            at = int(self._clock())
        signed = sign_note(note.text, *self._signers, at=at)
        return Answer(HTTPStatus.OK.value, "".join(each.line for each in signed.signatures).encode())

    def last(self, origin: str) -> Checkpoint:
        """Return the last checkpoint cosigned for a log; that of the empty tree if there was none.

        Raises:
            LogDamaged: what is remembered is damaged.
        """
        return self._known(self._place(origin), origin)

    def _place(self, origin: str) -> Path:
        return self._directory / f"{sha256(origin.encode()).hexdigest()}.checkpoint"

    @contextmanager
    def _held(self, origin: str) -> Iterator[Path]:
        place = self._place(origin)
        # A file of its own: the one that is replaced cannot be the one that is locked.
        file = os.open(place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield place
        finally:
            os.close(file)

    def _known(self, place: Path, origin: str) -> Checkpoint:
        try:
            note = Note.parse(place.read_bytes())
            note.verified_by(self._logs.get(origin, ()))
            known = Checkpoint.parse(note.text)
        except FileNotFoundError:
            return Checkpoint(origin, 0, EMPTY_ROOT)
        except (BadFormat, SignatureRefused):
            raise LogDamaged(path=place.name) from None
        if known.origin != origin:
            raise LogDamaged(path=place.name)
        return known


def _refused(status: HTTPStatus, why: str) -> Answer:
    return Answer(status.value, f"{why}\n".encode())
