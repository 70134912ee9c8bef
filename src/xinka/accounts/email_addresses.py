"""One spelling per mailbox, so that look-alike spellings of an address can neither be registered nor reset."""

from __future__ import annotations

import unicodedata


def normalise_email(address: str) -> str:
    """Return the address as it is stored and compared: NFKC (UAX #15), case-folded, without space around it.

    Mail is always sent to this form. An address that only folds to somebody else's therefore reaches that somebody.
    """
    folded = unicodedata.normalize("NFKC", address).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
