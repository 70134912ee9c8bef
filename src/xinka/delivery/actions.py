"""The one thing that happens to a delivered code: its buyer opens the seal, and the first time is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from xinka.delivery.models import DeliveredCode


def mark_revealed(order_id: UUID, positions: Sequence[int], *, device: str, now: datetime) -> int:
    """Write down when and roughly from where codes were first opened; return how many had been sealed.

    A code that was opened before keeps its first time: that is what the buyer is shown, and what a dispute needs.
    """
    sealed = DeliveredCode.objects.filter(order_id=order_id, position__in=positions, revealed_at=None)
    return sealed.update(revealed_at=now, revealed_from=device[:60])
