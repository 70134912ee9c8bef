"""How an epay V1 message is signed: a canonical string of its fields, and a digest of it with the merchant key.

The digest is MD5 over string and key, as published, or HMAC-SHA256 over the same string for gateways that offer it.
Which of the two is a setting of the channel and never taken from the message. The key stands *behind* the string, so
the MD5 form is not open to length extension (that needs the secret in front); it is weak all the same, which is why an
MD5 notice is only a hint (``Provider.is_weak``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_UNSIGNED = frozenset({"sign", "sign_type"})


class SignType(StrEnum):
    """The digests a channel may be set to; the values are those of the field ``sign_type``."""

    MD5 = "MD5"
    HMAC_SHA256 = "HMAC-SHA256"


def canonical(fields: Mapping[str, str]) -> str:
    """Return ``k=v&k=v`` of all fields but ``sign``, ``sign_type`` and empty ones, sorted by name, values raw."""
    return "&".join([f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name not in _UNSIGNED])


@dataclass(frozen=True, slots=True)
class Signer:
    """One channel's key and digest; ``append_key_label`` is for clones that write ``&key=`` before it (MD5 only)."""

    key: bytes = field(repr=False)
    sign_type: SignType
    append_key_label: bool = False
    #: With the key already in it, which is a part of each HMAC that is the same.
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take the key in."""
        object.__setattr__(self, "_keyed", hmac.new(self.key, digestmod="sha256"))

    def sign(self, fields: Mapping[str, str]) -> str:
        """Return the signature of ``fields`` in lower-case hexadecimal."""
        message = canonical(fields).encode()
        if self.sign_type is SignType.HMAC_SHA256:
            keyed = self._keyed.copy()
            keyed.update(message)
            return keyed.hexdigest()
        label = b"&key=" if self.append_key_label else b""
        # The protocol prescribes MD5; the flag only keeps it available where OpenSSL runs in FIPS mode.
        return hashlib.md5(message + label + self.key, usedforsecurity=False).hexdigest()

    def agrees(self, fields: Mapping[str, str]) -> bool:
        """Return whether ``fields["sign"]`` is the signature of ``fields``; takes the same time wherever it differs."""
        # Compared as bytes, since compare_digest refuses text beyond ASCII, which a forger may well send.
        return hmac.compare_digest(fields.get("sign", "").encode(), self.sign(fields).encode())

    def seal(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return ``fields`` with ``sign`` and ``sign_type`` added."""
        return {**fields, "sign": self.sign(fields), "sign_type": str(self.sign_type)}
