"""MD5 as RFC 1321 writes it, with its inner state open: whoever has a digest goes on from there, without the beginning.

``hashlib`` keeps the state to itself, and an attacker does not ask it.
"""

from __future__ import annotations

import math
import struct

_TURNS = [turn for four in ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21)) for turn in four * 4]
_SINES = [int(abs(math.sin(step + 1)) * 2**32) for step in range(64)]
_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_ALL = 0xFFFFFFFF


def padding(length: int) -> bytes:
    """Return what MD5 puts behind a text of this length."""
    return b"\x80" + b"\x00" * ((55 - length) % 64) + struct.pack("<Q", length * 8)


def digest(text: bytes) -> str:
    """Return the digest of a text."""
    return _gone_on(_START, text + padding(len(text)))


def extend(message: bytes, signature: str, addition: bytes, key_length: int) -> tuple[bytes, str]:
    """Forge: from ``md5(key + message)`` alone make a longer message and the signature it has.

    Args:
        message: what was signed.
        signature: its digest, from which the state is read back.
        addition: what the forger wants behind it.
        key_length: how long the unknown key in front is.
    """
    glue = padding(key_length + len(message))
    whole = key_length + len(message) + len(glue) + len(addition)
    state = struct.unpack("<4I", bytes.fromhex(signature))
    return message + glue + addition, _gone_on(state, addition + padding(whole))


def _gone_on(state: tuple[int, ...], padded: bytes) -> str:
    for at in range(0, len(padded), 64):
        state = _block(state, struct.unpack("<16I", padded[at : at + 64]))
    return struct.pack("<4I", *state).hex()


def _block(state: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    a, b, c, d = state
    for step in range(64):
        mixed, word = _mixed(step, b, c, d)
        turned = (a + mixed + _SINES[step] + words[word]) & _ALL
        turn = _TURNS[step]
        a, d, c, b = d, c, b, (b + (turned << turn | turned >> (32 - turn))) & _ALL
    return tuple((old + new) & _ALL for old, new in zip(state, (a, b, c, d), strict=True))


def _mixed(step: int, b: int, c: int, d: int) -> tuple[int, int]:
    """Return a step's function of the state, and which word it takes."""
    if step < 16:
        return (b & c) | (~b & d), step
    if step < 32:
        return (d & b) | (~d & c), (5 * step + 1) % 16
    if step < 48:
        return b ^ c ^ d, (3 * step + 5) % 16
    return c ^ (b | (~d & _ALL)), (7 * step) % 16
