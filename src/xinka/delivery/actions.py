"""What happens to a delivered code: its buyer opens the seal, the first time is written down, its place forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from xinka.delivery.models import DeliveredCode
from xinka.delivery.network import coarse_network


@dataclass(frozen=True, slots=True)
class Opener:
    """Who opens a seal, as a browser shows it: a label of the device, and the address, of which little is kept."""

    device: str = ""
    address: str = field(default="", repr=False)


def mark_revealed(order_id: UUID, positions: Sequence[int], *, opener: Opener, now: datetime) -> int:
    """Write down when and roughly from where codes were first opened; return how many had been sealed.

    A code that was opened before keeps its first time: that is what the buyer is shown, and what a dispute needs.
    """
    sealed = DeliveredCode.objects.filter(order_id=order_id, position__in=positions, revealed_at=None)
    return sealed.update(revealed_at=now, revealed_from=opener.device[:60], revealed_net=coarse_network(opener.address))


def forget_networks(opened_before: datetime, *, but: QuerySet[Any, UUID]) -> int:
    """Empty the networks of codes that were opened before a moment, except of the orders in ``but``; return how many.

    The time and the device stay, which the buyer is shown too.
    """
    old = DeliveredCode.objects.filter(revealed_at__lt=opened_before).exclude(revealed_net="")
    return old.exclude(order_id__in=but).update(revealed_net="")
