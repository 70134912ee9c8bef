"""A question, a dispute, a risk: while anything is open about an order, its money stays where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from xinka.escrow import sql
from xinka.escrow.states import HoldEvent, StopCause, Timer
from xinka.flows.escrow import splits
from xinka.flows.escrow.holding import Cause, Change, clock, ensure_hold, paused, running, save
from xinka.kernel.actors import TIMER, Actor
from xinka.kernel.flow import Flow, Query


def stop(order_id: UUID, cause: StopCause, ref: str, *, by: Actor = TIMER, now: datetime | None = None) -> Flow[None]:
    """Stop the hold for one cause; stopping it again for the same is the same stop.

    Raises:
        NoHold: if nothing was delivered for this order.
    """
    at = clock(now)
    hold = yield from ensure_hold(order_id)
    if not (yield Query(sql.OPEN_STOP, (order_id, cause.value, ref, at))):
        return
    after = paused(hold, at)
    if hold.due_event is Timer.SHARE and (yield from splits.take_back_share(order_id)):
        # Nothing was sent to the provider yet, so nothing is released: the hold waits for its time again.
        after = replace(after, due_event=Timer.CONFIRM, rest_seconds=0)
    after = replace(after, n_stops=hold.n_stops + 1)
    yield from save([Change(hold, after)], Cause(HoldEvent.STOP, by, at, f"{cause.value}:{ref}"))


def resume(order_id: UUID, cause: StopCause, ref: str, *, by: Actor = TIMER, now: datetime | None = None) -> Flow[None]:
    """End one stop; once none is left, the timer goes on with what was left of it, a day at least."""
    at = clock(now)
    hold = yield from ensure_hold(order_id)
    if not (yield Query(sql.CLOSE_STOP, (order_id, cause.value, ref, at))):
        return
    after = running(replace(hold, n_stops=hold.n_stops - 1), at)
    yield from save([Change(hold, after)], Cause(HoldEvent.RESUME, by, at, f"{cause.value}:{ref}"))
