"""Envelopes of AES-256-GCM (NIST SP 800-38D) under data keys that the master key wraps.

An envelope is ``version (1 byte) | key id (4, big-endian) | nonce (12) | ciphertext and tag``. The associated data
names table, row and field, so that an envelope moved to another row does not open. No Django here: the till seals
contacts too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
_HEADER = 5
_NONCE = 12
_TAG = 16
#: How many bytes an envelope has at least: that of nothing.
SHORTEST = _HEADER + _NONCE + _TAG
_WRAP_DATA = b"vault_data_key"


class EnvelopeError(Exception):
    """An envelope is damaged, belongs to another row, or its key is not in the ring."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A row of ``vault_data_key``."""

    id: int
    scope: str
    wrapped: bytes
    is_current: bool = True


class DataKey:
    """One open data key; it seals and opens envelopes."""

    __slots__ = ("_cipher", "_header", "id", "scope")

    def __init__(self, key_id: int, scope: str, secret: bytes) -> None:
        self.id = key_id
        self.scope = scope
        self._cipher = AESGCM(secret)
        self._header = bytes([VERSION]) + key_id.to_bytes(4, "big")

    def seal(self, plain: bytes, where: bytes) -> bytes:
        """Return the envelope of ``plain`` for the place ``where`` (table, row and field)."""
        nonce = os.urandom(_NONCE)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, where)

    def open(self, envelope: bytes, where: bytes) -> bytes:
        """Return what is inside.

        Raises:
            EnvelopeError: if the envelope was changed or moved.
        """
        nonce = envelope[_HEADER : _HEADER + _NONCE]
        try:
            return self._cipher.decrypt(nonce, envelope[_HEADER + _NONCE :], where)
        except (InvalidTag, ValueError):
            raise EnvelopeError("an envelope does not open in its place") from None

    def __repr__(self) -> str:
        return f"<DataKey {self.id} {self.scope}>"


class Keyring:
    """The data keys of the shop, opened with the master key."""

    def __init__(self, master_key: bytes) -> None:
        self._master = AESGCM(master_key)
        self._by_id: dict[int, DataKey] = {}
        self._current: dict[str, DataKey] = {}

    def wrap_new(self, scope: str) -> bytes:
        """Return a fresh data key for ``scope``, wrapped; the caller stores it and then calls :meth:`add`."""
        return self.wrap(AESGCM.generate_key(256), scope)

    def wrap(self, secret: bytes, scope: str) -> bytes:
        """Return a secret of ``scope`` as it may be stored."""
        nonce = os.urandom(_NONCE)
        return nonce + self._master.encrypt(nonce, secret, _where(scope))

    def unwrap(self, key: WrappedKey) -> bytes:
        """Return the secret in a stored key.

        Raises:
            EnvelopeError: if the master key is not the one that wrapped it.
        """
        try:
            return self._master.decrypt(key.wrapped[:_NONCE], key.wrapped[_NONCE:], _where(key.scope))
        except InvalidTag:
            raise EnvelopeError(
                f"data key {key.id} does not open: is this the master key of this database? "
                "/ 数据密钥打不开：主密钥是不是这个数据库的？"
            ) from None

    def add(self, keys: Iterable[WrappedKey]) -> None:
        """Open stored keys.

        Raises:
            EnvelopeError: if the master key is not the one that wrapped them.
        """
        for key in keys:
            opened = DataKey(key.id, key.scope, self.unwrap(key))
            self._by_id[key.id] = opened
            if key.is_current:
                self._current[key.scope] = opened

    def current(self, scope: str) -> DataKey | None:
        """Return the key that seals for ``scope`` now, if there is one in the ring."""
        return self._current.get(scope)

    def open(self, envelope: bytes, where: bytes) -> bytes:
        """Open an envelope with the key it names.

        Raises:
            EnvelopeError: if the key is unknown, or the envelope was changed or moved.
        """
        if len(envelope) < _HEADER + _NONCE or envelope[0] != VERSION:
            raise EnvelopeError("this is not an envelope")
        key = self._by_id.get(key_id_of(envelope))
        if key is None:
            raise EnvelopeError("an envelope names a key that is not in the ring")
        return key.open(envelope, where)

    def knows(self, envelope: bytes) -> bool:
        """Whether the key that the envelope names is in the ring."""
        return key_id_of(envelope) in self._by_id


def key_id_of(envelope: bytes) -> int:
    """Return the number of the data key that an envelope names."""
    return int.from_bytes(envelope[1:_HEADER], "big")


def _where(scope: str) -> bytes:
    return _WRAP_DATA + b":" + scope.encode()


#: What values are found by though they are sealed or only hashed. Each has a key of its own.
INDEXES = frozenset(
    {"address", "code", "contact", "gift-card", "order-password", "payout-account", "rate-limit", "request"}
)


def index_scope(purpose: str) -> str:
    """Return the scope under which the key of an index is stored once the master key it came from is gone."""
    return f"index:{purpose}"


def derived_for_index(purpose: str) -> str:
    """Return for what the key of an index is derived from the master key, as long as the shop has its first one."""
    return f"blind-index/{purpose}"


class BlindIndex:
    """Keyed hashes by which an encrypted value is found again: BLAKE2b (RFC 7693), 128 bits, stored as ``uuid``."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        #: With the key already in it, which is a part of each hash that is the same.
        self._keyed = blake2b(key=key, digest_size=16)

    def raw(self, value: bytes) -> bytes:
        """Return the index as the 16 bytes of a ``uuid`` in PostgreSQL's binary format."""
        hashed = self._keyed.copy()
        hashed.update(value)
        return hashed.digest()

    def hex(self, value: bytes) -> str:
        """Return the index as 32 hexadecimal digits."""
        hashed = self._keyed.copy()
        hashed.update(value)
        return hashed.hexdigest()

    def uuid(self, value: bytes) -> UUID:
        """Return the index as the database shows it."""
        return UUID(hex=self.hex(value))
