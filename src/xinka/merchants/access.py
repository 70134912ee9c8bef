"""What opens an invitation: its link, which only its mail has, and an account with the address it was mailed to."""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from xinka.kernel import ids

PREFIX = "inv"
_LETTERS = 40


def join_path(invitation_id: UUID) -> str:
    """Return the path of the page on which an invitation is answered."""
    return f"/team/{ids.show(PREFIX, invitation_id)}/{_proof(invitation_id)}"


def allows_link(invitation_id: UUID, proof: str) -> bool:
    """Whether the last part of a link opens this invitation."""
    return hmac.compare_digest(_proof(invitation_id).encode(), proof.encode("utf-8", "replace"))


def _proof(invitation_id: UUID) -> str:
    key = settings.ENVIRONMENT.derive("team-invitation")
    return hmac.new(key, invitation_id.bytes, sha256).hexdigest()[:_LETTERS]
