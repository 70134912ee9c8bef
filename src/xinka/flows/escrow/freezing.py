"""A case at law freezes the money of an order: two persons decide it, its end, and what a court has of it (P9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from xinka.escrow.custody import is_split_at_provider
from xinka.escrow.errors import HoldMoved, SamePerson, SharedOutAtProvider, TooMuchToHandOver
from xinka.escrow.hold import Hold
from xinka.escrow.states import HoldEvent, HoldState, Timer
from xinka.flows.escrow import books, splits
from xinka.flows.escrow.holding import Cause, Change, allow, clock, ensure_hold, paused, running, save
from xinka.flows.escrow.releasing import reserves_of
from xinka.kernel.actors import Actor, Role
from xinka.kernel.flow import Flow
from xinka.kernel.money import plain_amount
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
    left = yield from reserves_of([hold] if hold.reserved else [])
    in_reserve = left.get((hold.merchant_id, hold.currency), 0)
    yield from post(books.of_freeze(hold, in_reserve, by_id=by[1]))
    yield from save([Change(hold, after, hold.freezable)], cause)
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
    yield from post(books.of_thaw(hold, by_id=by[1]))
    yield from save([Change(hold, after, hold.freezable)], cause)
    return after.state


def hand_over(
    order_id: UUID, order_of_court: str, amount: int, *, by: tuple[int, int], now: datetime | None = None
) -> Flow[HoldState]:
    """Hand ``amount`` of what is frozen over to the authority that a court's order names, out of the trust account.

    What is left stays frozen; when nothing is left, the hold is done, and a provider that has the money is asked to let
    it go. The caller makes each order happen once.

    Raises:
        SamePerson: if one person asked and decided.
        HoldMoved: if it is not frozen.
        SharedOutAtProvider: if a provider has given it to the seller.
        TooMuchToHandOver: if there is not so much, or it is nothing.
    """
    cause = _cause(HoldEvent.HAND_OVER, order_of_court, by, clock(now))
    hold = yield from ensure_hold(order_id)
    is_whole = amount == hold.freezable
    event = HoldEvent.HAND_OVER if is_whole else HoldEvent.HAND_OVER_PART
    allow(hold, event, cause.by)
    yield from ensure_with_us(hold)
    if not 0 < amount <= hold.freezable:
        raise TooMuchToHandOver(left=plain_amount(hold.freezable, hold.currency))
    after = hold.after_hand_over(amount)
    if is_whole:
        after = replace(after, state=HoldState.SEIZED, frozen_from="", due_event=Timer.NONE, rest_seconds=None)
    yield from post([books.of_hand_over(hold, amount, by_id=by[1])])
    yield from save([Change(hold, after, amount)], replace(cause, event=event))
    if is_whole and is_split_at_provider():
        yield from splits.ask_to_let_go(after, cause.at)
    return after.state


def ensure_with_us(hold: Hold) -> Flow[None]:
    """See to it that a court can have what is frozen from the shop.

    What a provider has shared out is in the seller's account there, and leaves the shop's clearing in the books once it
    matures. To hand it over as well would pay it twice, the second time with money of others.

    Raises:
        SharedOutAtProvider: if any of it was shared out and did not come back.
    """
    if any((yield from splits.shared_out([hold])).get(hold.order_id, {}).values()):
        raise SharedOutAtProvider


def _cause(event: HoldEvent, case: str, by: tuple[int, int], at: datetime) -> Cause:
    if by[0] == by[1]:
        raise SamePerson
    return Cause(event, Actor(Role.REGULATOR, by[1]), at, case)
