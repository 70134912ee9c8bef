"""Seals what is too large for one envelope: a stream of parts that is whole or does not open.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance,
2015) over AES-256-GCM: each part's nonce is its number and whether it is the last. So a part that was changed, moved,
left out or cut off is noticed. A key must seal one stream only, since nonces begin at zero in each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xinka.platform.vault.envelope import EnvelopeError

#: Bytes of a part before it is sealed; the last one may be shorter, and empty only if it is the only one.
PART = 1 << 20
_TAG = 16
_COUNTER = 11


def seal_stream(key: bytes, plain: Iterable[bytes], where: bytes) -> Iterator[bytes]:
    """Yield the sealed parts of what comes in pieces of any size.

    Args:
        key: 32 bytes that seal nothing else.
        plain: the pieces.
        where: what the stream belongs to; it opens nowhere else.
    """
    cipher, number, kept = AESGCM(key), 0, bytearray()
    for piece in plain:
        kept += piece
        while len(kept) > PART:  # the last part is known only when nothing follows
            yield cipher.encrypt(_nonce(number, is_last=False), bytes(kept[:PART]), where)
            del kept[:PART]
            number += 1
    yield cipher.encrypt(_nonce(number, is_last=True), bytes(kept), where)


def open_stream(key: bytes, sealed: BinaryIO, where: bytes) -> Iterator[bytes]:
    """Yield what is inside, part by part; each is genuine, but only after the last is it known that none is missing.

    Raises:
        EnvelopeError: if anything was changed or cut off, or if the key is another one.
    """
    cipher, number = AESGCM(key), 0
    part = sealed.read(PART + _TAG)
    while True:
        after = sealed.read(PART + _TAG) if len(part) == PART + _TAG else b""
        try:
            yield cipher.decrypt(_nonce(number, is_last=not after), part, where)
        except (InvalidTag, ValueError):
            raise EnvelopeError(f"part {number + 1} does not open: it was changed, or something is missing") from None
        if not after:
            return
        part, number = after, number + 1


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(_COUNTER, "big") + bytes([is_last])
