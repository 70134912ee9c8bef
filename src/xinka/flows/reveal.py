"""Reveal: a buyer opens the seal of codes that were delivered, and for this one answer they are in the clear."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from xinka.delivery.actions import Opener, forget_networks, mark_revealed
from xinka.delivery.queries import delivered_codes
from xinka.disputes.queries import orders_with_open_cases
from xinka.platform.vault.keys import open_envelope
from xinka.stock.models import StockCode

#: How long it is known from which network a code was opened: a case can be opened for weeks, and a card's bank may take
#: the payment back for about four months (120 days); then nobody needs it. Whatever is being argued about is kept.
NETWORK_KEPT_FOR = timedelta(days=180)


@dataclass(frozen=True)
class OpenCode:
    """One code in the clear. It is made for one answer and kept nowhere."""

    position: int
    content: bytes

    def __repr__(self) -> str:
        return f"<OpenCode {self.position}>"


def reveal(order_id: UUID, positions: Collection[int] | None, *, opener: Opener, now: datetime) -> list[OpenCode]:
    """Open codes of a delivered order, all of them when ``positions`` is ``None``.

    The time is committed before anything is shown, so nobody sees a code without its trace. Positions that the order
    does not have are passed over.

    Raises:
        EnvelopeError: if a code does not open in its place.
    """
    wanted = [code for code in delivered_codes(order_id) if positions is None or code.position in positions]
    envelopes = dict(StockCode.objects.filter(id__in=[code.code_id for code in wanted]).values_list("id", "envelope"))
    opened = [
        OpenCode(code.position, open_envelope(envelopes[code.code_id], b"stock_stockcode.envelope:%d" % code.code_id))
        for code in wanted
    ]
    with transaction.atomic():
        mark_revealed(order_id, [code.position for code in opened], opener=opener, now=now)
    return opened


def forget_old_networks(now: datetime) -> int:
    """Forget from which networks codes were opened long ago, unless their order has an open case; return how many."""
    return forget_networks(now - NETWORK_KEPT_FOR, but=orders_with_open_cases())
