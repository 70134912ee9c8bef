"""Keys for single purposes, derived from the master key. No Django here: the settings need it before they are read."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derive(master_key: bytes, purpose: str, length: int = KEY_BYTES) -> bytes:
    """Return the key for one purpose by HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=f"xinka/{purpose}".encode()).derive(master_key)
