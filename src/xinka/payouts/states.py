"""The states of a payout, who may move it, and how: pure data."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from xinka.kernel.actors import Role


class PayoutState(StrEnum):
    """Money on its way from a balance to an account of whose it is."""

    ASKED = "asked"
    HELD = "held"
    APPROVED = "approved"
    SENDING = "sending"
    PAID = "paid"
    RETURNED = "returned"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether its money is not on its way any more; what was paid may still be returned by the bank."""
        return self in {PayoutState.PAID, PayoutState.RETURNED, PayoutState.FAILED, PayoutState.CANCELLED}

    @property
    def is_in_transit(self) -> bool:
        """Whether its money stands in the books as in transit."""
        return not self.is_over


class PayoutEvent(StrEnum):
    """What may happen to a payout."""

    APPROVE = "approve"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"
    SEND = "send"
    PAY = "pay"
    FAIL = "fail"
    RETURN = "return"


class ReturnState(StrEnum):
    """Whether what somebody says of money that came back is entered."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class Move(NamedTuple):
    """Where an event leads, and whose it is."""

    next: PayoutState
    actors: frozenset[Role]


_FINANCE = frozenset({Role.FINANCE})
#: Who may take back what was not sent: whose money it is, or finance.
_BACK = frozenset({Role.SELLER, Role.BUYER, Role.FINANCE})
_REVIEW = frozenset({Role.FINANCE, Role.REGULATOR})
_OUTCOME = frozenset({Role.FINANCE, Role.PSP})

#: What was sent may be called back, but is cancelled by the gateway's word alone: until then its payee may be quicker.
#: A payout that was held is looked at afresh: it goes back to "asked", without the approvals it had.
MOVES: dict[tuple[PayoutState, PayoutEvent], Move] = {
    (PayoutState.ASKED, PayoutEvent.APPROVE): Move(PayoutState.APPROVED, _FINANCE),
    (PayoutState.ASKED, PayoutEvent.HOLD): Move(PayoutState.HELD, _REVIEW),
    (PayoutState.ASKED, PayoutEvent.CANCEL): Move(PayoutState.CANCELLED, _BACK),
    (PayoutState.APPROVED, PayoutEvent.HOLD): Move(PayoutState.HELD, _REVIEW),
    (PayoutState.APPROVED, PayoutEvent.CANCEL): Move(PayoutState.CANCELLED, _BACK),
    (PayoutState.APPROVED, PayoutEvent.SEND): Move(PayoutState.SENDING, _FINANCE),
    (PayoutState.HELD, PayoutEvent.RESUME): Move(PayoutState.ASKED, _REVIEW),
    (PayoutState.HELD, PayoutEvent.CANCEL): Move(PayoutState.CANCELLED, _FINANCE),
    (PayoutState.SENDING, PayoutEvent.PAY): Move(PayoutState.PAID, _OUTCOME),
    (PayoutState.SENDING, PayoutEvent.FAIL): Move(PayoutState.FAILED, _OUTCOME),
    (PayoutState.SENDING, PayoutEvent.CANCEL): Move(PayoutState.CANCELLED, frozenset({Role.PSP})),
    # Days after it was paid; never by the word of whoever would have the money.
    (PayoutState.PAID, PayoutEvent.RETURN): Move(PayoutState.RETURNED, _OUTCOME),
}


def sources_of(event: PayoutEvent, role: Role) -> frozenset[PayoutState]:
    """Return the states in which somebody in this role may cause an event."""
    return frozenset(state for (state, known), move in MOVES.items() if known is event and role in move.actors)
