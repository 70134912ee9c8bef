"""Identifiers that are made before the insert, so that statements need not wait for one another.

An identifier is a UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits. In
the database it is a ``uuid``; shown to people it is a prefix and 26 characters of Crockford's base 32, in lower case:
``ord_01jd3v…``. The random part makes it unguessable; it is still never the only thing that opens an order.
"""

from __future__ import annotations

import os
import re
import time
from uuid import UUID, SafeUUID

from xinka.kernel.errors import BadIdentifier

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
#: Two letters at a time: showing and reading identifiers is part of every order.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
#: From Crockford's digits to those that ``int(text, 32)`` reads.
_TO_BASE_32 = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_SHOWN = re.compile(f"[0-7][{_ALPHABET}]{{25}}", re.ASCII)
#: What is no chance in the last 80 bits: the version and the variant.
_FIXED = 0x7000_8000_0000_0000_0000
_CHANCE = 0x0FFF_3FFF_FFFF_FFFF_FFFF
#: Named once: to look a member up in its enum costs as much as the rest of an identifier's making.
_SAFETY = SafeUUID.unknown


def new_uuid(at: float | None = None) -> UUID:
    """Return a fresh UUID version 7 from the clock, or ``at`` (Unix seconds), and the system's random source."""
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at * 1000)
    chance = int.from_bytes(os.urandom(10), "big") & _CHANCE
    return _of_number((milliseconds & 0xFFFFFFFFFFFF) << 80 | _FIXED | chance)


def first_of(seconds: float) -> UUID:
    """Return the smallest identifier that could have been made at a moment (Unix seconds), for looking up by time."""
    return UUID(int=int(seconds * 1000) << 80)


def show(prefix: str, identifier: UUID) -> str:
    """Return the form people see, for example ``show("ord", id)`` → ``ord_…``."""
    value = identifier.int
    letters = [_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(letters)}"


def parse(prefix: str, shown: str) -> UUID:
    """Return the identifier behind its shown form.

    Raises:
        BadIdentifier: if the prefix, the length or a letter is wrong.
    """
    head, _, letters = shown.partition("_")
    if head != prefix or not _SHOWN.fullmatch(letters):
        raise BadIdentifier
    return _of_number(int(letters.translate(_TO_BASE_32), 32))


def _of_number(value: int) -> UUID:
    """Return ``UUID(int=value)`` for a number of 128 bits, in less than half the time: an order makes four of them."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", value)
    object.__setattr__(made, "is_safe", _SAFETY)
    return made
