"""Keys of signed notes: Ed25519 (0x01), and witnesses' timestamped cosignatures (Ed25519 0x04, ML-DSA-44 0x06).

Text forms are those of C2SP signed-note and of Go's ``golang.org/x/mod/sumdb/note``:
``name+id+base64(type ‖ key)`` for verifying, ``PRIVATE+KEY+name+id+base64(type ‖ seed)`` for signing.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.encoding import from_base64, to_base64
from xinka.engines.merkle.errors import BadFormat, KeyUnusable, SignatureRefused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

_SECRET = "PRIVATE+KEY+"  # noqa: S105 - how such a key begins
_SEED_SIZE = 32
_TIME_SIZE = 8
_LATEST = 2**63 - 1
_NOT_IN_NAMES = re.compile(r"[\s+\x00-\x1f\ud800-\udfff]")


class Kind(IntEnum):
    """The signature types we make and verify; lines of others are kept unread."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    ML_DSA_44 = 0x06

    @property
    def key_size(self) -> int:
        """Bytes of the public key."""
        return 1312 if self is Kind.ML_DSA_44 else 32

    @property
    def is_timed(self) -> bool:
        """Whether a signature says when it was made."""
        return self is not Kind.ED25519


def is_key_name(name: str) -> bool:
    """Return whether a text may name a key: not empty, no space, plus, control character or half a character."""
    return bool(name) and not _NOT_IN_NAMES.search(name)


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    """Return the four bytes that, with the name, say which key signed."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that is trusted under a name."""

    name: str
    kind: Kind
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The key id as it stands in signatures."""
        return key_id(self.name, self.kind, self.public_key)

    @property
    def vkey(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a key from text; the space around it does not matter.

        Raises:
            BadFormat: it is not such a key, or of a type we cannot verify.
        """
        name, kind, key, identity = _split(vkey.strip(), "vkey")
        if len(key) != kind.key_size:
            raise BadFormat("vkey", "the key has a wrong length", "密钥长度不对")
        found = cls(name, kind, key)
        if found.id.hex() != identity:
            raise BadFormat("vkey", "the key id belongs to another key", "密钥编号与密钥不符")
        return found

    def verify(self, text: str, signature: bytes) -> int | None:
        """Check a signature on a note's text; return when it was made, in seconds since 1970, if it says so.

        Raises:
            SignatureRefused: it is not this key's signature on this text.
        """
        at = None
        if self.kind.is_timed:
            at, signature = int.from_bytes(signature[:_TIME_SIZE], "big"), signature[_TIME_SIZE:]
        try:
            self._public().verify(signature, _message(self, text, at or 0))
        except (InvalidSignature, ValueError, BadFormat):
            raise SignatureRefused from None
        if at is not None and at > _LATEST:
            raise SignatureRefused
        return at

    def _public(self) -> Ed25519PublicKey | MLDSA44PublicKey:
        if self.kind is Kind.ML_DSA_44:
            from cryptography.hazmat.primitives.asymmetric import mldsa  # here: rarely used, and it costs the start

            return mldsa.MLDSA44PublicKey.from_public_bytes(self.public_key)
        return Ed25519PublicKey.from_public_bytes(self.public_key)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name it signs under. Its text form is a secret."""

    name: str
    kind: Kind
    seed: bytes = field(repr=False)
    verifier: Verifier = field(init=False)
    _key: Ed25519PrivateKey | MLDSA44PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise KeyUnusable(
                "a key's name must not be empty or hold spaces or “+”", "密钥名称不能为空，也不能含空格或“+”"
            )
        key = _private(self.kind, self.seed)
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "verifier", Verifier(self.name, self.kind, key.public_key().public_bytes_raw()))

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.ED25519) -> Signer:
        """Make a new key.

        Raises:
            KeyUnusable: the name cannot be a key's name.
        """
        import secrets  # here: only the making of keys needs it

        return cls(name, kind, secrets.token_bytes(_SEED_SIZE))

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read a private key from text.

        Raises:
            KeyUnusable: it is none, or of a type we cannot sign with.
        """
        try:
            name, kind, seed, identity = _split(text.strip().removeprefix(_SECRET), "private key")
        except BadFormat as refusal:
            raise KeyUnusable(str(refusal.params["why_en"]), str(refusal.params["why_zh"])) from None
        if not text.startswith(_SECRET) or len(seed) != _SEED_SIZE:
            raise KeyUnusable("it is not PRIVATE+KEY+name+id+key", "不是“PRIVATE+KEY+名称+编号+密钥”的形式")
        found = cls(name, kind, seed)
        if found.verifier.id.hex() != identity:
            raise KeyUnusable("the key id belongs to another key", "密钥编号与密钥不符")
        return found

    @property
    def secret(self) -> str:
        """The private key as text."""
        return f"{_SECRET}{self.name}+{self.verifier.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"

    def sign(self, text: str, at: int | None = None) -> bytes:
        """Return a signature on a note's text; ``at`` is the time a cosignature bears (now unless given)."""
        moment = (int(time.time()) if at is None else at) if self.kind.is_timed else 0
        signature = self._key.sign(_message(self.verifier, text, moment))
        return moment.to_bytes(_TIME_SIZE, "big") + signature if self.kind.is_timed else signature


def _private(kind: Kind, seed: bytes) -> Ed25519PrivateKey | MLDSA44PrivateKey:
    if kind is Kind.ML_DSA_44:
        from cryptography.hazmat.primitives.asymmetric import mldsa  # here: rarely used, and it costs the start

        return mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _split(text: str, what: str) -> tuple[str, Kind, bytes, str]:
    name, _, rest = text.partition("+")
    identity, _, encoded = rest.partition("+")
    data = from_base64(encoded, what)
    if not is_key_name(name) or not data:
        raise BadFormat(what, "it is not name+id+key", "不是“名称+编号+密钥”的形式")
    try:
        return name, Kind(data[0]), data[1:], identity
    except ValueError:
        raise BadFormat(what, f"keys of type {data[0]:#04x} are not known here", f"不认识类型 {data[0]:#04x}") from None


def _message(key: Verifier, text: str, at: int) -> bytes:
    """Return the bytes a signature is made over (C2SP signed-note; tlog-cosignature for the timed ones)."""
    if key.kind is Kind.ED25519:
        return text.encode()
    if key.kind is Kind.COSIGNATURE:
        return f"cosignature/v1\ntime {at}\n{text}".encode()
    head = Checkpoint.parse(text)
    return b"".join(
        [
            b"subtree/v1\n\x00",
            _short(key.name),
            at.to_bytes(8, "big"),
            _short(head.origin),
            (0).to_bytes(8, "big"),
            head.size.to_bytes(8, "big"),
            head.root,
        ]
    )


def _short(text: str) -> bytes:
    data = text.encode()
    if not 0 < len(data) <= 255:
        raise BadFormat("checkpoint", "a name is longer than 255 bytes", "名称超过 255 字节")
    return bytes([len(data)]) + data
