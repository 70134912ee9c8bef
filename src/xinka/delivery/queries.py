"""Reads of what was delivered. What a code says is not here: codes are opened only by ``flows.reveal``."""

from __future__ import annotations

from uuid import UUID

from xinka.delivery.models import DeliveredCode


def delivered_codes(order_id: UUID) -> list[DeliveredCode]:
    """Return the codes of an order in the order in which they were delivered."""
    return list(DeliveredCode.objects.filter(order_id=order_id).order_by("position"))


def delivery_of(code_id: int) -> DeliveredCode | None:
    """Return in which order a code that is sold once went out, or ``None`` if it did not."""
    return DeliveredCode.objects.filter(code_id=code_id, reusable=False).first()
