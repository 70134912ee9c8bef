"""Codes that people type: their normal form, and how they are made. No Django here."""

from __future__ import annotations

import secrets
import unicodedata

#: Letters and digits that nobody takes for one another when read aloud or copied by hand.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
SHORTEST, LONGEST = 4, 32
COUPON_LENGTH, CARD_LENGTH = 10, 16
_DASHES = "-‐‑‒–—−_·"


def normalise_code(text: str) -> str:
    """Return a code as it is compared, or nothing if it cannot be one.

    Full-width letters are folded, small ones made large; spaces and dashes are for the eye only.
    """
    folded = unicodedata.normalize("NFKC", text[:200]).upper()
    bare = "".join(char for char in folded if char not in _DASHES and not char.isspace())
    return bare if SHORTEST <= len(bare) <= LONGEST and bare.isalnum() else ""


def make_code(length: int = COUPON_LENGTH) -> str:
    """Return a fresh code nobody can guess."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def make_codes(count: int, length: int = COUPON_LENGTH) -> list[str]:
    """Return that many different codes."""
    made: set[str] = set()
    while len(made) < count:
        made.add(make_code(length))
    return sorted(made)


def show_code(code: str) -> str:
    """Return a made code in groups of four, as it is printed: ``ABCD-EFGH-JKLM-NPQR``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
