"""The tree as RFC 6962 section 2.1 defines it, word for word and as slow as that; shares no code with the engine."""

from __future__ import annotations

from hashlib import sha256


def split(size: int) -> int:
    """Return the largest power of two smaller than the size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(entries: list[bytes]) -> bytes:
    """Return the Merkle tree hash."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(index: int, entries: list[bytes]) -> list[bytes]:
    """Return the audit path, section 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), mth(entries[k:])]
    return [*path(index - k, entries[k:]), mth(entries[:k])]


def proof(old: int, entries: list[bytes]) -> list[bytes]:
    """Return the consistency proof, section 2.1.2."""
    return [] if old == 0 else _subproof(old, entries, complete=True)


def _subproof(old: int, entries: list[bytes], *, complete: bool) -> list[bytes]:
    if old == len(entries):
        return [] if complete else [mth(entries)]
    k = split(len(entries))
    if old <= k:
        return [*_subproof(old, entries[:k], complete=complete), mth(entries[k:])]
    return [*_subproof(old - k, entries[k:], complete=False), mth(entries[:k])]
