"""The machine of an escrow hold: its states, what may happen to it, and who may make it happen. Pure data.

A hold is stopped, not in another state, while anything is open about its order: its timer rests and it is not released.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xinka.kernel.actors import Role


class HoldState(StrEnum):
    """Whose the money is: the buyer may still have it back until it is settled."""

    HELD = "held"
    AFTERSALE = "aftersale"
    SETTLED = "settled"
    RETURNED = "returned"
    FROZEN = "frozen"
    SEIZED = "seized"


#: The states in which money is still to go one way or the other.
OPEN = (HoldState.HELD, HoldState.AFTERSALE, HoldState.FROZEN)


class HoldEvent(StrEnum):
    """What happens to a hold. The last ones move no state; they are in its history all the same."""

    CONFIRM = "confirm"
    CONFIRM_DUE = "confirm_due"
    RELEASE = "release"
    SHARED = "shared"
    MATURE = "mature"
    GIVE_BACK = "give_back"
    GIVE_BACK_PART = "give_back_part"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    HAND_OVER = "hand_over"
    HAND_OVER_PART = "hand_over_part"
    FREE_RESERVE = "free_reserve"
    STOP = "stop"
    RESUME = "resume"


class Timer(StrEnum):
    """What the hold waits for; ``SHARE`` is no time but the provider's word (see custody)."""

    CONFIRM = "confirm"
    MATURE = "mature"
    FREE_RESERVE = "free_reserve"
    SHARE = "share"
    NONE = ""


class StopCause(StrEnum):
    """Why a hold is stopped; each cause with its own reference (a dispute's number, a case's name)."""

    QUESTION = "question"
    DISPUTE = "dispute"
    CLAIM = "claim"
    RISK = "risk"
    LICENCE = "licence"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event leads and who may cause it; ``target`` is ``None`` for "back to where it was"."""

    target: HoldState | None
    actors: frozenset[Role]


_BUYER, _TIMER, _ARBITER = frozenset({Role.BUYER}), frozenset({Role.TIMER}), frozenset({Role.ARBITER})
_GIVERS = frozenset({Role.SELLER, Role.TIMER, Role.ARBITER})
_AGREED = frozenset({Role.SELLER, Role.ARBITER})
_REGULATOR, _PSP = frozenset({Role.REGULATOR}), frozenset({Role.PSP})

MOVES = MappingProxyType(
    {
        (HoldState.HELD, HoldEvent.CONFIRM): Move(HoldState.AFTERSALE, _BUYER),
        (HoldState.HELD, HoldEvent.CONFIRM_DUE): Move(HoldState.AFTERSALE, _TIMER),
        (HoldState.HELD, HoldEvent.RELEASE): Move(HoldState.AFTERSALE, _ARBITER),
        (HoldState.HELD, HoldEvent.SHARED): Move(HoldState.AFTERSALE, _PSP),
        (HoldState.HELD, HoldEvent.GIVE_BACK): Move(HoldState.RETURNED, _GIVERS),
        (HoldState.HELD, HoldEvent.GIVE_BACK_PART): Move(HoldState.HELD, _AGREED),
        (HoldState.HELD, HoldEvent.FREEZE): Move(HoldState.FROZEN, _REGULATOR),
        (HoldState.AFTERSALE, HoldEvent.MATURE): Move(HoldState.SETTLED, _TIMER),
        (HoldState.AFTERSALE, HoldEvent.GIVE_BACK): Move(HoldState.RETURNED, _GIVERS),
        (HoldState.AFTERSALE, HoldEvent.GIVE_BACK_PART): Move(HoldState.AFTERSALE, _AGREED),
        (HoldState.AFTERSALE, HoldEvent.FREEZE): Move(HoldState.FROZEN, _REGULATOR),
        (HoldState.FROZEN, HoldEvent.UNFREEZE): Move(None, _REGULATOR),
        (HoldState.FROZEN, HoldEvent.HAND_OVER): Move(HoldState.SEIZED, _REGULATOR),
        (HoldState.FROZEN, HoldEvent.HAND_OVER_PART): Move(HoldState.FROZEN, _REGULATOR),
        (HoldState.SETTLED, HoldEvent.FREE_RESERVE): Move(HoldState.SETTLED, _TIMER),
    }
)

#: The money is still with us for the buyer, or pending with the seller.
LIVE = frozenset({HoldState.HELD, HoldState.AFTERSALE})
FINAL = frozenset({HoldState.SETTLED, HoldState.RETURNED, HoldState.SEIZED})


class StaffRefundState(StrEnum):
    """A refund that staff makes on its own: it waits for a second person, was made, or was not."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class SplitAction(StrEnum):
    """What a licensed provider is asked to do with money it holds for us (profit-sharing, 分账).

    To freeze it is no action of its own: the payment is made so that it comes in frozen.
    """

    SHARE = "share"
    RETURN = "return"
    UNFREEZE = "unfreeze"


class SplitState(StrEnum):
    """How far that is; ``DROPPED`` was never sent."""

    DUE = "due"
    SENDING = "sending"
    DONE = "done"
    NEEDS_STAFF = "needs_staff"
    DROPPED = "dropped"


class SplitEvent(StrEnum):
    """What happens to a split: the worker begins it, hears of it or not; staff see to what it cannot do."""

    BEGIN = "begin"
    FINISH = "finish"
    RETRY = "retry"
    LEAVE = "leave"
    DROP = "drop"
    TRY_AGAIN = "try_again"
    MARK_DONE = "mark_done"


@dataclass(frozen=True, slots=True)
class SplitMove:
    """Where an event leads and who may cause it."""

    target: SplitState
    actors: frozenset[Role]


_STAFF = frozenset({Role.STAFF})
#: A split that was not sent is given up by whoever stops the hold or gives its money back.
_STOPPERS = frozenset({Role.BUYER, Role.SELLER, Role.ARBITER, Role.TIMER, Role.PSP})

SPLIT_MOVES = MappingProxyType(
    {
        (SplitState.DUE, SplitEvent.BEGIN): SplitMove(SplitState.SENDING, _TIMER),
        (SplitState.DUE, SplitEvent.DROP): SplitMove(SplitState.DROPPED, _STOPPERS),
        (SplitState.SENDING, SplitEvent.FINISH): SplitMove(SplitState.DONE, _PSP),
        (SplitState.SENDING, SplitEvent.RETRY): SplitMove(SplitState.SENDING, _TIMER),
        (SplitState.SENDING, SplitEvent.LEAVE): SplitMove(SplitState.NEEDS_STAFF, _PSP | _TIMER),
        (SplitState.NEEDS_STAFF, SplitEvent.TRY_AGAIN): SplitMove(SplitState.SENDING, _STAFF),
        (SplitState.NEEDS_STAFF, SplitEvent.MARK_DONE): SplitMove(SplitState.DONE, _STAFF),
    }
)

OPEN_SPLITS = frozenset({SplitState.DUE, SplitState.SENDING, SplitState.NEEDS_STAFF})
