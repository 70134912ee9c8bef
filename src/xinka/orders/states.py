"""The states of an order and the moves between them."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    """How far an order came. PAID is only met while goods are awaited: codes are delivered as they are paid."""

    AWAITING_PAYMENT = "awaiting_payment"
    PART_PAID = "part_paid"
    PAID = "paid"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"

    @property
    def is_open(self) -> bool:
        """Whether the buyer can still pay."""
        return self in OPEN


OPEN = frozenset({OrderState.AWAITING_PAYMENT, OrderState.PART_PAID})
CLOSED_UNPAID = frozenset({OrderState.EXPIRED, OrderState.CANCELLED})

#: From each state, where an order may go. Late money revives an order that expired.
MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.AWAITING_PAYMENT: frozenset(
        {OrderState.PART_PAID, OrderState.PAID, OrderState.DELIVERED, OrderState.EXPIRED, OrderState.CANCELLED}
    ),
    OrderState.PART_PAID: frozenset({OrderState.PAID, OrderState.DELIVERED, OrderState.EXPIRED, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.DELIVERED, OrderState.REFUNDED}),
    OrderState.EXPIRED: frozenset({OrderState.DELIVERED, OrderState.PAID, OrderState.REFUNDED}),
    OrderState.CANCELLED: frozenset({OrderState.DELIVERED, OrderState.PAID, OrderState.REFUNDED}),
    OrderState.DELIVERED: frozenset({OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset(),
}
