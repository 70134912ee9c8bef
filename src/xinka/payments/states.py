"""The states of a payment and of a refund, and what became of money that came in."""

from __future__ import annotations

from enum import StrEnum


class PaymentState(StrEnum):
    """One attempt to pay an order through one channel."""

    PENDING = "pending"
    PAID = "paid"
    CLOSED = "closed"


class ReceiptOutcome(StrEnum):
    """What verified money was used for; every receipt has one, and every yuan of it is in the ledger."""

    SETTLED = "settled"
    SHORT = "short"
    SHORT_REFUNDED = "short_refunded"
    OVER = "over"
    LATE_SETTLED = "late_settled"
    LATE_REFUNDED = "late_refunded"
    DOUBLE = "double"
    UNMATCHED = "unmatched"
    MATCHED = "matched"  # in full and in time; people found the order it belongs to


class RefundState(StrEnum):
    """Money on its way back."""

    DUE = "due"
    SENDING = "sending"
    DONE = "done"
    NEEDS_STAFF = "needs_staff"


class RefundReason(StrEnum):
    """Why money goes back."""

    LATE = "late"
    OVERPAID = "overpaid"
    DOUBLE = "double"
    UNDERPAID = "underpaid"
    SELLER = "seller"
    DISPUTE = "dispute"
    STAFF = "staff"
    RECALL = "recall"


class RefundTo(StrEnum):
    """Where a refund goes."""

    CHANNEL = "channel"
    WALLET = "wallet"


class BankLineState(StrEnum):
    """A transfer that staff found in the bank account: one records it, another confirms or discards it."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


class ProposalState(StrEnum):
    """What shall become of money that belongs to no order: one person proposes it, another agrees or not."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


REFUND_MOVES: dict[RefundState, frozenset[RefundState]] = {
    RefundState.DUE: frozenset({RefundState.SENDING}),
    RefundState.SENDING: frozenset({RefundState.DONE, RefundState.DUE, RefundState.NEEDS_STAFF}),
    RefundState.NEEDS_STAFF: frozenset({RefundState.SENDING, RefundState.DONE}),
    RefundState.DONE: frozenset({RefundState.NEEDS_STAFF}),  # it bounced
}
