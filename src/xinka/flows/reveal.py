"""Reveal: a buyer opens the seal of codes that were delivered, and for this one answer they are in the clear."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import transaction

from xinka.delivery.actions import Opener, forget_networks, mark_revealed
from xinka.delivery.models import DeliveredCode
from xinka.delivery.queries import delivered_codes
from xinka.disputes.queries import orders_with_open_cases
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.platform.vault.envelope import EnvelopeError
from xinka.platform.vault.keys import open_envelope
from xinka.stock.importing.sealing import code_place
from xinka.stock.models import StockCode

log = logging.getLogger(__name__)

#: How long it is known from which network a code was opened: a case can be opened for weeks, and a card's bank may take
#: the payment back for about four months (120 days); then nobody needs it. Whatever is being argued about is kept.
NETWORK_KEPT_FOR = timedelta(days=180)


class NotReadable(Refusal):
    """What was delivered is not there any more, or its envelope does not open."""

    code = "not_readable"
    status = HTTPStatus.CONFLICT
    zh = "这件内容现在打不开，是店里的问题，不是你的。请在订单页点“遇到问题”，商家会补发或退款；钱还受保障。"
    en = (
        "This content cannot be opened just now; that is the shop's fault, not yours. Say so on the order's page under "
        "“Something is wrong”: it is sent again, or your money comes back."
    )


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
        NotReadable: if none of what was asked for opens in its place; what does is shown whatever the rest does.
    """
    wanted = [code for code in delivered_codes(order_id) if positions is None or code.position in positions]
    envelopes = dict(StockCode.objects.filter(id__in=[code.code_id for code in wanted]).values_list("id", "envelope"))
    opened = [one for code in wanted if (one := _opened(code, bytes(envelopes.get(code.code_id, b"")))) is not None]
    if wanted and not opened:
        raise NotReadable
    with transaction.atomic():
        mark_revealed(order_id, [code.position for code in opened], opener=opener, now=now)
    return opened


def _opened(code: DeliveredCode, envelope: bytes) -> OpenCode | None:
    with suppress(EnvelopeError):
        return OpenCode(code.position, open_envelope(envelope, code_place(code.code_id)))
    log.error("code.not_readable", extra={"order": ids.show("ord", code.order_id), "position": code.position})
    return None


def forget_old_networks(now: datetime) -> int:
    """Forget from which networks codes were opened long ago, unless their order has an open case; return how many."""
    return forget_networks(now - NETWORK_KEPT_FOR, but=orders_with_open_cases())
