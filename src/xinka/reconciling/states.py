"""What can differ between a gateway's bill and our books, and what becomes of a difference."""

from __future__ import annotations

from enum import StrEnum


class BillState(StrEnum):
    """How far a bill of one channel and one day is."""

    READING = "reading"
    WAITING = "waiting"  # the gateway has not made it yet, or could not be asked
    DONE = "done"


class What(StrEnum):
    """How a line of the bill and our books differ."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    REFUND = "refund"
    CURRENCY = "currency"
    REPEATED = "repeated"
    FEE = "fee"


class About(StrEnum):
    """What a line is about."""

    PAYMENT = "payment"
    REFUND = "refund"


class DifferenceState(StrEnum):
    """A difference waits for a person, is understood but not over, or is over."""

    OPEN = "open"
    EXPLAINED = "explained"
    RESOLVED = "resolved"


class EntryState(StrEnum):
    """A payment that only a bill tells of: one person asks to enter it, another does so or not."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


MOVES: dict[DifferenceState, frozenset[DifferenceState]] = {
    DifferenceState.OPEN: frozenset({DifferenceState.EXPLAINED, DifferenceState.RESOLVED}),
    DifferenceState.EXPLAINED: frozenset({DifferenceState.OPEN, DifferenceState.RESOLVED}),
    DifferenceState.RESOLVED: frozenset({DifferenceState.OPEN}),
}
