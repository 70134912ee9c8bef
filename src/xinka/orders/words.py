"""What states of orders are called, for merchants and staff."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.orders.states import OrderState

#: Words, and the badge's kind.
STATES: dict[OrderState, tuple[Promise, str]] = {
    OrderState.AWAITING_PAYMENT: (_("Awaiting payment"), "held"),
    OrderState.PART_PAID: (_("Part paid"), "w"),
    OrderState.PAID: (_("Paid, goods awaited"), "w"),
    OrderState.DELIVERED: (_("Delivered"), "g"),
    OrderState.EXPIRED: (_("Expired"), ""),
    OrderState.CANCELLED: (_("Cancelled"), ""),
    OrderState.REFUNDED: (_("Refunded"), "d"),
}
