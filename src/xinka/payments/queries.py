"""Reads of the ways to pay."""

from __future__ import annotations

from uuid import UUID

from xinka.payments.models import Channel, Refund
from xinka.payments.states import RefundState
from xinka.platform.database.rows import Columns, rows_of

#: By hand, because every product page asks; the keys in ``config`` are not read.
_COLUMNS = Columns(Channel, "c", without={"config"})
_ON = f"""
SELECT {_COLUMNS.sql} FROM payments_channel c WHERE c."on" AND c.currency = %s ORDER BY c.position, c.id
"""  # noqa: S608 - names of columns


def channels_on(currency: str) -> list[Channel]:
    """Return the channels that take a currency now, in their order."""
    return [_COLUMNS.read(row) for row in rows_of(_ON, (currency,))]


def is_going_back(order_id: UUID) -> bool:
    """Whether money of an order is on its way back to the buyer, promised but not yet there."""
    return Refund.objects.filter(order_id=order_id).exclude(state=RefundState.DONE).exists()
