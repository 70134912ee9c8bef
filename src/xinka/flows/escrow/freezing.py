"""A case at law freezes the money of an order: two different persons decide it, and its end (P9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from xinka.escrow.errors import HoldMoved, SamePerson
from xinka.escrow.states import HoldEvent, HoldState, Timer
from xinka.flows.escrow import books
from xinka.flows.escrow.holding import Cause, Change, allow, clock, ensure_hold, paused, running, save
from xinka.kernel.actors import Actor, Role
from xinka.kernel.flow import Flow
from xinka.ledger.posting import post


def freeze(order_id: UUID, case: str, *, by: tuple[int, int], now: datetime | None = None) -> Flow[HoldState]:
    """Freeze what is held for, or pending from, an order; ``by`` are who asked and who decided.

    Raises:
        SamePerson: if that is one person.
        HoldMoved: if the money is settled, returned, frozen, or just being shared out by the provider.
    """
    cause = _cause(HoldEvent.FREEZE, case, by, clock(now))
    hold = yield from ensure_hold(order_id)
    allow(hold, HoldEvent.FREEZE, cause.by)
    if hold.due_event is Timer.SHARE:
        raise HoldMoved
    after = replace(paused(hold, cause.at), state=HoldState.FROZEN, frozen_from=hold.state.value)
    yield from post(books.of_freeze(hold, thaw=False, by_id=by[1]))
    yield from save([Change(hold, after, hold.net or hold.in_escrow)], cause)
    return after.state


def unfreeze(order_id: UUID, case: str, *, by: tuple[int, int], now: datetime | None = None) -> Flow[HoldState]:
    """End a freeze: the money and its timer are where they were, a day left at least.

    Raises:
        SamePerson: if one person asked and decided.
        HoldMoved: if it is not frozen.
    """
    cause = _cause(HoldEvent.UNFREEZE, case, by, clock(now))
    hold = yield from ensure_hold(order_id)
    allow(hold, HoldEvent.UNFREEZE, cause.by)
    after = running(replace(hold, state=HoldState(hold.frozen_from), frozen_from=""), cause.at)
    yield from post(books.of_freeze(hold, thaw=True, by_id=by[1]))
    yield from save([Change(hold, after, hold.net or hold.in_escrow)], cause)
    return after.state


def _cause(event: HoldEvent, case: str, by: tuple[int, int], at: datetime) -> Cause:
    if by[0] == by[1]:
        raise SamePerson
    return Cause(event, Actor(Role.REGULATOR, by[1]), at, case)
