"""Money goes back to the buyer, whole or in part: out of escrow, or out of what the seller already has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from xinka.escrow import sql
from xinka.escrow.custody import has_wallet, is_split_at_provider
from xinka.escrow.errors import HoldMoved, KeyTaken, NoHold, TooMuchBack, WalletOff
from xinka.escrow.hold import Hold
from xinka.escrow.states import HoldEvent, HoldState, Timer
from xinka.flows.escrow import books, splits, statements
from xinka.flows.escrow.holding import Cause, Change, allow, clock, ensure_hold, save
from xinka.flows.escrow.releasing import reserves_of
from xinka.flows.settle import REFUND_DUE
from xinka.kernel.actors import Actor
from xinka.kernel.flow import Flow, Query, Row
from xinka.kernel.ids import new_uuid
from xinka.ledger.posting import post
from xinka.orders import sql as orders_sql
from xinka.orders.states import OrderState
from xinka.payments import sql as payments_sql
from xinka.payments.states import RefundReason, RefundTo
from xinka.platform.database.arrays import plain_array, text_array
from xinka.platform.outbox import sql as outbox_sql


@dataclass(frozen=True, slots=True)
class _Decision:
    """One decision to give back; ``key`` makes it happen once."""

    order_id: UUID
    asked: int | None
    reason: RefundReason
    key: str
    by: Actor
    to: RefundTo
    at: datetime


def give_back(
    order_id: UUID,
    amount: int | None,
    *,
    reason: RefundReason,
    key: str,
    by: Actor,
    to: RefundTo = RefundTo.CHANNEL,
) -> Flow[int]:
    """Give back ``amount``, or all that is left, and return how much that was; the same key gives back once.

    The refunds are written here and carried out by a worker. When nothing is left, the hold and the order are done.

    Raises:
        KeyTaken: if the key was used with other facts.
        TooMuchBack: if there is not so much left.
        WalletOff: if it should go into a balance and there are none.
        NoHold, HoldMoved, NotYourMove: see :func:`xinka.flows.escrow.holding.allow`.
    """
    decision = _Decision(order_id, amount, reason, key, by, to, clock(None))
    if not (yield Query(orders_sql.LOCK_ONE, (order_id,))):
        raise NoHold
    if earlier := (yield Query(sql.GIVEN_BACK, (key,))):
        return _judge_repeated(decision, earlier[0])
    hold = yield from ensure_hold(order_id)
    wanted = hold.returnable if amount is None else amount
    # Of what a court has taken a part, something may stay with the seller: such a hold ends by its time.
    is_whole = wanted == hold.returnable and not hold.seized_net
    event = HoldEvent.GIVE_BACK if is_whole else HoldEvent.GIVE_BACK_PART
    target = allow(hold, event, by).target
    if not 0 < wanted <= hold.returnable:
        raise TooMuchBack(left=hold.returnable)
    if to is RefundTo.WALLET and not has_wallet():
        raise WalletOff
    yield from _carry_out(hold, decision, Change(hold, _after(hold, wanted, target), wanted), event)
    return wanted


def _judge_repeated(decision: _Decision, earlier: Row) -> int:
    order_id, asked, amount, reason, goes_to = earlier
    if (order_id, asked, reason, goes_to) != (decision.order_id, decision.asked, decision.reason, decision.to):
        raise KeyTaken
    return int(amount)


def _after(hold: Hold, wanted: int, target: HoldState | None) -> Hold:
    after = hold.after_return(wanted)
    if target is not HoldState.RETURNED:
        return after
    return replace(
        after, state=target, reserved=0, due_at=None, due_event=Timer.NONE, rest_seconds=None, remind_at=None
    )


def _carry_out(hold: Hold, decision: _Decision, change: Change, event: HoldEvent) -> Flow[None]:
    if hold.due_event is Timer.SHARE:
        change = yield from _instead_of_sharing(change)
    left = yield from reserves_of([hold] if hold.reserved else [])
    in_reserve, by_id = left.get((hold.merchant_id, hold.currency), 0), decision.by.user_id
    yield from post([books.of_return(hold, change.after, decision.key, in_reserve, by_id)])
    yield from save([change], Cause(event, decision.by, decision.at, decision.reason.value))
    given = (decision.key, hold.order_id, decision.asked, change.moved, decision.reason.value, decision.to.value)
    yield Query(sql.RECORD_GIVEN_BACK, (*given, decision.by.role.value, by_id, decision.at))
    if hold.released:
        yield from splits.ask_to_return(hold, hold.net - change.after.net, decision.key, decision.at)
    yield from _write_refunds(hold, change.moved, decision)
    if change.after.state is HoldState.RETURNED:
        states = text_array([OrderState.DELIVERED.value, OrderState.PAID.value])
        yield Query(orders_sql.MOVE_ONE, (hold.order_id, OrderState.REFUNDED.value, states))
        if hold.seized_held and is_split_at_provider():
            # What a court had of it came from us, and no share will ever end the sharing of this payment.
            yield from splits.ask_to_let_go(change.after, decision.at)


def _instead_of_sharing(change: Change) -> Flow[Change]:
    """Take back a share that was not sent yet; one that was must be answered first."""
    if not (yield from splits.take_back_share(change.before.order_id)):
        raise HoldMoved
    if change.after.state is HoldState.RETURNED:
        return change
    # The rest is asked for anew when the confirmed time, which is over, is looked at next.
    waiting = replace(change.after, due_event=Timer.CONFIRM)
    if waiting.n_stops:
        return replace(change, after=replace(waiting, rest_seconds=0))
    return replace(change, after=replace(waiting, due_at=waiting.delivered_at))


def _write_refunds(hold: Hold, amount: int, decision: _Decision) -> Flow[None]:
    """Write one refund for each receipt that gives some of it, the newest money first."""
    rows = yield Query(statements.RETURNABLE, (hold.order_id,))
    missing, made = amount, []
    for channel_id, trade_no, currency, left in rows:
        part = min(missing, int(left))
        if part <= 0 or currency != hold.currency:
            continue
        refund_id, key = new_uuid(), f"{decision.key}/{channel_id}/{trade_no}"
        facts = (refund_id, hold.order_id, channel_id, trade_no, part, currency, decision.reason.value, key)
        yield Query(payments_sql.INSERT_REFUND, (*facts, decision.to.value))
        made.append(refund_id)
        missing -= part
    if missing:
        raise TooMuchBack(left=amount - missing)
    yield Query(outbox_sql.APPEND, (REFUND_DUE, plain_array(made)))
