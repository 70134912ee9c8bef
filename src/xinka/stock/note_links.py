"""The links of letters about notes: each opens one note, or all that one mailbox waits for, without signing in."""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from xinka.kernel import ids

PREFIX = "bak"
#: What all notes of a mailbox go by, which tells nothing of the mailbox.
KEY_PREFIX = "box"
_LETTERS = 40


def note_path(note_id: UUID) -> str:
    """Return the path of the page on which a note is confirmed or ended."""
    return f"/back-in-stock/note/{ids.show(PREFIX, note_id)}/{_proof(PREFIX, note_id)}"


def mailbox_path(contact_key: UUID) -> str:
    """Return the path of the page that lists what a mailbox waits for, and ends it."""
    return f"/back-in-stock/mailbox/{ids.show(KEY_PREFIX, contact_key)}/{_proof(KEY_PREFIX, contact_key)}"


def allows_link(prefix: str, identifier: UUID, proof: str) -> bool:
    """Whether the last part of a link opens what its part before names."""
    return hmac.compare_digest(_proof(prefix, identifier).encode(), proof.encode("utf-8", "replace"))


def _proof(prefix: str, identifier: UUID) -> str:
    key = settings.ENVIRONMENT.derive("back-in-stock")
    return hmac.new(key, prefix.encode() + identifier.bytes, sha256).hexdigest()[:_LETTERS]
