"""What a log and its witness say to each other (C2SP tlog-witness), without the HTTP around it; and the log's side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.encoding import decimal, hashes_from, text_of, to_base64
from xinka.engines.merkle.errors import BadFormat, SignatureRefused, WitnessRefused
from xinka.engines.merkle.keys import Verifier
from xinka.engines.merkle.notes import LONGEST_NOTE, MOST_SIGNATURES, Note, Signature

_WHAT = "add-checkpoint request"
#: The type of the answer 409, whose body is the size the witness knows.
SIZE_TYPE = "text/x.tlog.size"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers: an HTTP status, a body, its type."""

    status: int
    body: bytes = b""
    content_type: str = _TEXT


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request to cosign a checkpoint (a note) that continues the tree of size ``old``."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return the request's body."""
        return "\n".join([f"old {self.old}", *map(to_base64, self.proof), "", ""]).encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> AddCheckpoint:
        """Read a request's body.

        Raises:
            BadFormat: it is none.
        """
        if len(data) > 2 * LONGEST_NOTE:
            raise BadFormat(_WHAT, "longer than 2 MB", "超过 2 MB")
        head, gap, checkpoint = text_of(data, _WHAT).partition("\n\n")
        old, *proof = head.split("\n")
        if not gap or not old.startswith("old "):
            raise BadFormat(_WHAT, "it does not begin with the old size", "开头不是 old 行")
        return cls(decimal(old.removeprefix("old "), _WHAT), tuple(hashes_from(proof, _WHAT)), checkpoint.encode())


def ask_witness(
    post: Callable[[bytes], Answer],
    note: bytes,
    prove: Callable[[int, int], list[bytes]],
    keys: Iterable[Verifier],
    old: int = 0,
) -> list[Signature]:
    """Have a checkpoint cosigned; return the cosignatures, verified.

    ``post`` sends a request; ``prove`` gives the consistency proof between two sizes; ``keys`` are the witness's;
    ``old`` is the size it knows, if the caller remembers: if it is another one, the witness says so and is asked again.

    Raises:
        WitnessRefused: it did not cosign; ``answer`` is its status.
        SignatureRefused: what it answered is not its cosignature.
        SourceFailed: there was no answer.
    """
    size = Checkpoint.parse(Note.parse(note).text).size
    answer = post(AddCheckpoint(old, tuple(prove(old, size)), note).encode())
    if answer.status == HTTPStatus.CONFLICT and answer.content_type.partition(";")[0].strip() == SIZE_TYPE:
        known = _size_in(answer)
        if known <= size and known != old:
            answer = post(AddCheckpoint(known, tuple(prove(known, size)), note).encode())
    if answer.status != HTTPStatus.OK:
        raise WitnessRefused(answer=answer.status, said=answer.body[:200].decode("utf-8", "replace").strip())
    return _cosignatures(note, answer.body, list(keys))


def _size_in(answer: Answer) -> int:
    try:
        return decimal(answer.body.decode("ascii", "replace").removesuffix("\n"), "tlog size")
    except BadFormat:
        raise WitnessRefused(answer=answer.status, said="no size / 没有给出大小") from None


def _cosignatures(note: bytes, body: bytes, keys: list[Verifier]) -> list[Signature]:
    try:
        lines = text_of(body[:LONGEST_NOTE], "cosignature").removesuffix("\n").split("\n")
        signatures = tuple(Signature.parse(line) for line in lines[:MOST_SIGNATURES])
    except BadFormat as refusal:
        raise WitnessRefused(answer=HTTPStatus.OK.value, said=refusal.message("en")) from None
    if not keys:
        raise SignatureRefused
    verified = Note(Note.parse(note).text, signatures).verified_by(keys)
    return [each.signature for each in verified]
