"""The states of a case, who may move it, and what it is about. Pure data, no Django.

A case is one small machine beside the order and its escrow hold: while it is open the hold is stopped, and the flow
that closes it moves the money and the hold in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xinka.kernel.actors import Role


class CaseKind(StrEnum):
    """What the buyer wants: an answer, the money while it is held, the money in the after-sale time; or a bank asks."""

    QUESTION = "question"
    DISPUTE = "dispute"
    CLAIM = "claim"
    CHARGEBACK = "chargeback"


class CaseState(StrEnum):
    """Whose turn it is."""

    AWAITS_SELLER = "awaits_seller"
    AWAITS_BUYER = "awaits_buyer"
    UNDER_REVIEW = "under_review"
    DECIDED = "decided"
    APPEALED = "appealed"
    GATEWAY_ASKS = "gateway_asks"
    GATEWAY_DECIDES = "gateway_decides"
    CLOSED = "closed"


class CaseEvent(StrEnum):
    """What can happen to a case."""

    OPEN = "open"
    ANSWER = "answer"
    REPLY = "reply"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    CONCEDE = "concede"
    WITHDRAW = "withdraw"
    RAISE = "raise"
    ESCALATE = "escalate"
    SELLER_SILENT = "seller_silent"
    QUESTION_UNANSWERED = "question_unanswered"
    BUYER_SILENT = "buyer_silent"
    REVIEW_LATE = "review_late"
    DECIDE = "decide"
    WAIVE = "waive"
    CARRY_OUT = "carry_out"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    GATEWAY_OPENED = "gateway_opened"
    SEND_EVIDENCE = "send_evidence"
    EVIDENCE_LATE = "evidence_late"
    GATEWAY_WON = "gateway_won"
    GATEWAY_LOST = "gateway_lost"


class Outcome(StrEnum):
    """How a closed case ended."""

    REFUNDED = "refunded"
    PART_REFUNDED = "part_refunded"
    REPLACED = "replaced"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    WON = "won"
    LOST = "lost"


class Offer(StrEnum):
    """What a seller can offer; a full refund needs nobody's consent and is not an offer."""

    REPLACE = "replace"
    PART = "part"


class Decision(StrEnum):
    """What an arbiter can decide."""

    REFUND = "refund"
    PART = "part"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event leads, and who may bring it about."""

    next: CaseState
    actors: frozenset[Role]


_BUYER, _SELLER, _ARBITER, _TIMER = (frozenset({role}) for role in (Role.BUYER, Role.SELLER, Role.ARBITER, Role.TIMER))
_STAFF, _PSP = frozenset({Role.STAFF, Role.ARBITER}), frozenset({Role.PSP})
_S, _E = CaseState, CaseEvent

MOVES: MappingProxyType[tuple[CaseState, CaseEvent], Move] = MappingProxyType(
    {
        (_S.AWAITS_SELLER, _E.ANSWER): Move(_S.AWAITS_BUYER, _SELLER),
        (_S.AWAITS_SELLER, _E.OFFER): Move(_S.AWAITS_BUYER, _SELLER),
        (_S.AWAITS_SELLER, _E.ACCEPT): Move(_S.CLOSED, _BUYER),  # an offer stands while they go on talking
        (_S.AWAITS_SELLER, _E.CONCEDE): Move(_S.CLOSED, _SELLER),
        (_S.AWAITS_SELLER, _E.WITHDRAW): Move(_S.CLOSED, _BUYER),
        (_S.AWAITS_SELLER, _E.RAISE): Move(_S.AWAITS_SELLER, _BUYER),
        (_S.AWAITS_SELLER, _E.ESCALATE): Move(_S.UNDER_REVIEW, _SELLER),
        (_S.AWAITS_SELLER, _E.SELLER_SILENT): Move(_S.CLOSED, _TIMER),
        (_S.AWAITS_SELLER, _E.QUESTION_UNANSWERED): Move(_S.UNDER_REVIEW, _TIMER),
        (_S.AWAITS_BUYER, _E.REPLY): Move(_S.AWAITS_SELLER, _BUYER),
        (_S.AWAITS_BUYER, _E.OFFER): Move(_S.AWAITS_BUYER, _SELLER),
        (_S.AWAITS_BUYER, _E.ACCEPT): Move(_S.CLOSED, _BUYER),
        (_S.AWAITS_BUYER, _E.DECLINE): Move(_S.AWAITS_SELLER, _BUYER),
        (_S.AWAITS_BUYER, _E.CONCEDE): Move(_S.CLOSED, _SELLER),
        (_S.AWAITS_BUYER, _E.WITHDRAW): Move(_S.CLOSED, _BUYER),
        (_S.AWAITS_BUYER, _E.RAISE): Move(_S.AWAITS_SELLER, _BUYER),
        (_S.AWAITS_BUYER, _E.ESCALATE): Move(_S.UNDER_REVIEW, _BUYER),
        (_S.AWAITS_BUYER, _E.BUYER_SILENT): Move(_S.CLOSED, _TIMER),
        (_S.UNDER_REVIEW, _E.CONCEDE): Move(_S.CLOSED, _SELLER),
        (_S.UNDER_REVIEW, _E.WITHDRAW): Move(_S.CLOSED, _BUYER),
        (_S.UNDER_REVIEW, _E.REVIEW_LATE): Move(_S.UNDER_REVIEW, _TIMER),
        (_S.UNDER_REVIEW, _E.DECIDE): Move(_S.DECIDED, _ARBITER),
        (_S.DECIDED, _E.WAIVE): Move(_S.DECIDED, _BUYER | _SELLER),
        (_S.DECIDED, _E.CARRY_OUT): Move(_S.CLOSED, _TIMER | _BUYER | _SELLER),
        (_S.DECIDED, _E.APPEAL): Move(_S.APPEALED, _BUYER | _SELLER),
        (_S.APPEALED, _E.REVIEW_LATE): Move(_S.APPEALED, _TIMER),
        (_S.APPEALED, _E.DECIDE_APPEAL): Move(_S.CLOSED, _ARBITER),
        (_S.GATEWAY_ASKS, _E.SEND_EVIDENCE): Move(_S.GATEWAY_DECIDES, _STAFF),
        (_S.GATEWAY_ASKS, _E.EVIDENCE_LATE): Move(_S.GATEWAY_DECIDES, _TIMER),
        (_S.GATEWAY_ASKS, _E.GATEWAY_WON): Move(_S.CLOSED, _PSP),
        (_S.GATEWAY_ASKS, _E.GATEWAY_LOST): Move(_S.CLOSED, _PSP),
        (_S.GATEWAY_DECIDES, _E.GATEWAY_WON): Move(_S.CLOSED, _PSP),
        (_S.GATEWAY_DECIDES, _E.GATEWAY_LOST): Move(_S.CLOSED, _PSP),
    }
)

OPEN = frozenset(CaseState) - {CaseState.CLOSED}
#: Which kinds stop the escrow hold of their order while they are open, and by which event they begin.
BEGINS: MappingProxyType[CaseKind, CaseState] = MappingProxyType(
    {
        CaseKind.QUESTION: CaseState.AWAITS_SELLER,
        CaseKind.DISPUTE: CaseState.AWAITS_SELLER,
        CaseKind.CLAIM: CaseState.AWAITS_SELLER,
        CaseKind.CHARGEBACK: CaseState.GATEWAY_ASKS,
    }
)
#: Events that a timer brings about; each is written beside the moment when it is due.
TIMED = frozenset(event for (_, event), move in MOVES.items() if Role.TIMER in move.actors)
