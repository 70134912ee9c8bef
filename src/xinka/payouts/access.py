"""Who may open the page on which a payee confirms a payout: whoever has its link, which cannot be guessed."""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from xinka.kernel import ids

_LETTERS = 32


def confirm_path(payout_id: UUID) -> str:
    """Return the path of the page on which a payout is confirmed."""
    return f"/payouts/{ids.show('out', payout_id)}/confirm/{_proof(payout_id)}"


def allows_link(payout_id: UUID, proof: str) -> bool:
    """Whether the last part of a link opens this payout's page."""
    return hmac.compare_digest(_proof(payout_id).encode(), proof.encode("utf-8", "replace"))


def _proof(payout_id: UUID) -> str:
    key = settings.ENVIRONMENT.derive("payout-confirm")
    return hmac.new(key, payout_id.bytes, sha256).hexdigest()[:_LETTERS]
