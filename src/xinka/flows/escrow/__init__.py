"""Escrow: the buyer's money from delivery until it is the seller's for good, or the buyer's again.

Every function here is a flow: run it in a transaction. Locks are taken in the order order → payment → reservation →
hold → balances. ``now`` is for tests and for late timers; without it the clock is read once.

Begin with ``holding``: every move of a hold goes through it. What can happen to one is in ``releasing``, ``returning``,
``stopping`` and ``freezing``; ``timers`` does what is due, ``splitting`` asks a licensed provider, ``four_eyes`` is how
the office freezes, and ``rules`` is what must be true at any moment.
"""

from __future__ import annotations

from xinka.escrow.states import HoldState, StopCause
from xinka.flows.escrow.freezing import freeze, hand_over, unfreeze
from xinka.flows.escrow.holding import ensure_hold
from xinka.flows.escrow.releasing import confirm, confirm_due, free_reserve_due, mature_due, release, remind_due
from xinka.flows.escrow.returning import give_back
from xinka.flows.escrow.stopping import resume, stop

__all__ = [
    "HoldState",
    "StopCause",
    "confirm",
    "confirm_due",
    "ensure_hold",
    "free_reserve_due",
    "freeze",
    "give_back",
    "hand_over",
    "mature_due",
    "release",
    "remind_due",
    "resume",
    "stop",
    "unfreeze",
]
