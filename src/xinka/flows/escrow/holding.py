"""Makes, locks and writes holds; everything that moves one goes through here, with its line of history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from xinka.escrow import sql
from xinka.escrow.errors import HoldMoved, HoldStopped, NoHold, NotYourMove
from xinka.escrow.hold import Hold
from xinka.escrow.states import MOVES, HoldEvent, HoldState, Move, Timer
from xinka.escrow.terms import REST_AT_LEAST, lead_of
from xinka.flows.escrow import statements
from xinka.kernel.actors import Actor
from xinka.kernel.errors import IllegalMove
from xinka.kernel.flow import Flow, Query
from xinka.platform.database.arrays import plain_array, text_array

#: What lets money go to the seller, and so waits while anything is open.
_LETS_GO = frozenset({HoldEvent.CONFIRM, HoldEvent.CONFIRM_DUE, HoldEvent.RELEASE, HoldEvent.MATURE})


@dataclass(frozen=True, slots=True)
class Change:
    """A hold before and after one event; ``moved`` is the amount that the event was about."""

    before: Hold
    after: Hold
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, who did it, when, and anything worth keeping about it."""

    event: HoldEvent
    by: Actor
    at: datetime
    note: str = ""


def clock(now: datetime | None) -> datetime:
    """Return the moment that counts."""
    return now or datetime.now(UTC)


def ensure_hold(order_id: UUID) -> Flow[Hold]:
    """Return the hold of a delivered order, locked; made now if the relay has not made it yet.

    Raises:
        NoHold: if nothing was delivered for this order.
    """
    rows = yield Query(sql.LOCK, (order_id,))
    if not rows:
        yield Query(statements.ENSURE, (plain_array([order_id]),))
        rows = yield Query(sql.LOCK, (order_id,))
    if not rows:
        raise NoHold
    return Hold.from_row(rows[0])


def ensure_holds(order_ids: Sequence[UUID]) -> Flow[None]:
    """Make the holds of delivered orders that have none yet."""
    yield Query(statements.ENSURE, (plain_array(order_ids),))


def allow(hold: Hold, event: HoldEvent, by: Actor) -> Move:
    """Return the move that an event makes.

    Raises:
        HoldMoved: if the state has no such move.
        NotYourMove: if it has, but not for this actor.
        HoldStopped: if it would let money go while something is open.
    """
    move = MOVES.get((hold.state, event))
    if move is None:
        raise HoldMoved
    if by.role not in move.actors:
        raise NotYourMove
    if hold.n_stops and event in _LETS_GO:
        raise HoldStopped
    return move


def save(changes: Sequence[Change], cause: Cause) -> Flow[None]:
    """Write moved holds with their history, all or none.

    Raises:
        IllegalMove: if a hold was moved by somebody else since it was read, which its lock makes impossible.
    """
    if not changes:
        return
    after = [change.after for change in changes]
    columns: list[object] = [plain_array([hold.order_id for hold in after]), plain_array([h.version for h in after])]
    columns.append(text_array([hold.state.value for hold in after]))
    sums = ("refunded", "released", "commission", "reserved", "subsidy")
    columns += [plain_array([getattr(hold, name) for hold in after]) for name in sums]
    columns += [text_array([hold.frozen_from for hold in after]), plain_array([hold.n_stops for hold in after])]
    columns += [[hold.due_at for hold in after], text_array([hold.due_event.value for hold in after])]
    columns += [plain_array([hold.rest_seconds for hold in after]), [hold.remind_at for hold in after]]
    columns += [[hold.released_at for hold in after], [hold.settled_at for hold in after]]
    columns += [plain_array([change.moved for change in changes])]
    columns += [text_array([change.before.state.value for change in changes])]
    why = (cause.event.value, cause.by.role.value, cause.by.user_id, cause.note[:120], cause.at)
    seized = [plain_array([getattr(hold, name) for hold in after]) for name in ("seized_held", "seized_net")]
    rows = yield Query(sql.SAVE, (*columns, *why, *seized))
    if len(rows) != len(changes):
        raise IllegalMove(f"{cause.event} moved {len(rows)} of {len(changes)} holds")


def paused(hold: Hold, at: datetime) -> Hold:
    """Return the hold with its timer at rest; what is left of the time is kept."""
    if hold.due_at is None:
        return hold
    rest = max(0, int((hold.due_at - at).total_seconds()))
    return replace(hold, due_at=None, rest_seconds=rest, remind_at=None)


def running(hold: Hold, at: datetime) -> Hold:
    """Return the hold with its timer going again, a day at least, unless something still stops or freezes it."""
    if hold.n_stops or hold.state is HoldState.FROZEN or hold.rest_seconds is None:
        return hold
    rest = max(hold.rest_seconds, REST_AT_LEAST)
    due_at = at + timedelta(seconds=rest)
    remind_at = due_at - timedelta(seconds=lead_of(rest)) if hold.due_event is Timer.CONFIRM else None
    return replace(hold, due_at=due_at, rest_seconds=None, remind_at=remind_at)
