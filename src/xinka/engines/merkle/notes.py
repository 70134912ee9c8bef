"""Signed notes: a text and who signed it (C2SP signed-note); and checkpoints opened with the key one trusts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.encoding import from_base64, text_of, to_base64
from xinka.engines.merkle.errors import BadFormat, SignatureRefused, WrongOrigin
from xinka.engines.merkle.keys import Signer, Verifier, is_key_name

_WHAT = "note"
#: More bytes or signatures than this no note of ours needs; 100 post-quantum ones still fit.
LONGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, whoever made it."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"— {self.name} {to_base64(self.key_id + self.data)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a line without its newline.

        Raises:
            BadFormat: it is not a signature line.
        """
        name, _, encoded = line.removeprefix("— ").partition(" ")
        if not line.startswith("— ") or not is_key_name(name):
            raise BadFormat(_WHAT, "a signature line is wrong", "有一行签名不对")
        data = from_base64(encoded, _WHAT)
        if len(data) < 5:
            raise BadFormat(_WHAT, "a signature is too short", "签名太短")
        return cls(name, data[:4], data[4:])


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that was checked; ``at`` is when it was made, in seconds since 1970, if its type says so."""

    key: Verifier
    signature: Signature
    at: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending in a newline, and its signature lines in order; those of unknown keys are kept."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a note; nothing in it is believed before ``verified_by``.

        Raises:
            BadFormat: it is not a note.
        """
        if len(data) > LONGEST_NOTE:
            raise BadFormat(_WHAT, "longer than 1 MB", "超过 1 MB")
        text = text_of(data, _WHAT)
        at = text.rfind("\n\n")
        lines = text[at + 2 :].split("\n")
        if at < 0 or len(lines) < 2 or lines.pop():
            raise BadFormat(_WHAT, "no signature lines at its end", "末尾没有签名")
        if len(lines) > MOST_SIGNATURES:
            raise BadFormat(_WHAT, "more than 100 signatures", "签名超过 100 个")
        return cls(text[: at + 1], tuple(Signature.parse(line) for line in lines))

    def encode(self) -> bytes:
        """Return the note's bytes."""
        return (self.text + "\n" + "".join(each.line for each in self.signatures)).encode()

    def verified_by(self, keys: Iterable[Verifier]) -> list[Verified]:
        """Check the signatures of all these keys; those of others are passed over.

        Raises:
            SignatureRefused: none of the keys signed, or a signature that claims to be of one of them is wrong.
        """
        known = {(key.name, key.id): key for key in keys}
        found: dict[tuple[str, bytes], Verified] = {}
        for signature in self.signatures:
            which = (signature.name, signature.key_id)
            if (key := known.get(which)) and which not in found:
                found[which] = Verified(key, signature, key.verify(self.text, signature.data))
        if not found:
            raise SignatureRefused
        return list(found.values())

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """Return the note with more signatures; a key's newer one takes the place of its older one.

        Raises:
            BadFormat: those would be more than a note may have.
        """
        added = {(each.name, each.key_id): each for each in more}
        kept = [each for each in self.signatures if (each.name, each.key_id) not in added]
        return Note.parse(Note(self.text, (*kept, *added.values())).encode())


def sign_note(text: str, *signers: Signer, at: int | None = None) -> Note:
    """Return a text signed by these keys; ``at`` is the time that cosignatures bear (now unless given).

    Raises:
        BadFormat: the text cannot be a note's.
    """
    if not text.endswith("\n") or text_of(text.encode("utf-8", "surrogatepass"), _WHAT) != text:
        raise BadFormat(_WHAT, "the text must end in a newline", "正文必须以换行结尾")
    lines = [Signature(key.name, key.verifier.id, key.sign(text, at)) for key in signers]
    return Note(text, tuple(lines))


def open_checkpoint(data: bytes, key: Verifier, origin: str | None = None) -> tuple[Checkpoint, Note]:
    """Return a checkpoint that this log's key signed, with its note; the origin is the key's name unless given.

    Raises:
        BadFormat: it is not a checkpoint.
        SignatureRefused: the key did not sign it.
        WrongOrigin: it is another log's.
    """
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    note.verified_by([key])
    wanted = key.name if origin is None else origin
    if checkpoint.origin != wanted:
        raise WrongOrigin(found=checkpoint.origin, wanted=wanted)
    return checkpoint, note
