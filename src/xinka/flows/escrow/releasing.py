"""Money goes to the seller: the buyer confirms, the time is over, or an arbiter says so. Then it matures.

Timers are fired in batches, by any number of workers: each takes what nobody has locked. A timer that fires late has
the effect it would have had on time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from xinka.escrow import sql
from xinka.escrow.custody import is_split_at_provider
from xinka.escrow.hold import Hold
from xinka.escrow.states import HoldEvent, HoldState, Timer
from xinka.flows.escrow import books, splits, statements
from xinka.flows.escrow.holding import Cause, Change, allow, clock, ensure_hold, save
from xinka.kernel.actors import TIMER, Actor, Role
from xinka.kernel.flow import Flow, Query
from xinka.ledger.accounts import OWNED, USER_OWNED, Account
from xinka.ledger.posting import post
from xinka.platform.database.arrays import plain_array
from xinka.platform.jobs.queue import MAIL, Job, defer

MAIL_ENDS_SOON = Job("mail.escrow_ends", MAIL)
BATCH = 500
#: Which timers to fire of those that are due: the first so many, or that of one order.
Which = int | UUID
_SELLERS = plain_array(sorted(int(account) for account in OWNED - USER_OWNED))


def confirm(order_id: UUID, *, by: Actor, now: datetime | None = None) -> Flow[HoldState]:
    """The buyer has the goods and they are right: the money goes to the seller. Doing it again changes nothing.

    Raises:
        NoHold, HoldMoved, NotYourMove, HoldStopped: see :func:`xinka.flows.escrow.holding.allow`.
    """
    return (yield from _release_one(order_id, HoldEvent.CONFIRM, by, clock(now)))


def release(order_id: UUID, *, by: Actor, now: datetime | None = None) -> Flow[HoldState]:
    """An arbiter lets the money go to the seller; whatever stopped it must be closed (``resume``) before.

    Raises:
        NoHold, HoldMoved, NotYourMove, HoldStopped: see :func:`xinka.flows.escrow.holding.allow`.
    """
    return (yield from _release_one(order_id, HoldEvent.RELEASE, by, clock(now)))


def _release_one(order_id: UUID, event: HoldEvent, by: Actor, at: datetime) -> Flow[HoldState]:
    hold = yield from ensure_hold(order_id)
    is_done = hold.state in {HoldState.AFTERSALE, HoldState.SETTLED} or hold.due_event is Timer.SHARE
    if is_done and event is HoldEvent.CONFIRM and by.role is Role.BUYER:
        return hold.state
    allow(hold, event, by)
    if hold.due_event is Timer.SHARE:
        return hold.state
    (after,) = yield from _let_go([(hold, at)], Cause(event, by, at))
    return after.state


def _let_go(holds: Sequence[tuple[Hold, datetime]], cause: Cause) -> Flow[list[Hold]]:
    """Release holds, each as of its moment; or, where a provider has the money, ask it to share it out first."""
    changes, journals = [], []
    for hold, at in holds:
        if is_split_at_provider() and (yield from splits.ask_to_share(hold, cause.at)):
            changes.append(Change(hold, _awaiting(hold), hold.in_escrow))
        else:
            changes.append(Change(hold, released(hold, at), hold.in_escrow))
            journals += books.of_release(hold, changes[-1].after, cause.by.user_id)
    yield from post(journals)
    yield from save(changes, cause)
    return [change.after for change in changes]


def _awaiting(hold: Hold) -> Hold:
    return replace(hold, due_at=None, due_event=Timer.SHARE, rest_seconds=None, remind_at=None)


def released(hold: Hold, at: datetime) -> Hold:
    """Return the hold in after-sale from ``at`` on."""
    after = replace(hold.after_release(), state=HoldState.AFTERSALE, released_at=at, remind_at=None)
    if hold.n_stops:
        return replace(after, due_at=None, due_event=Timer.MATURE, rest_seconds=hold.after_sale_seconds)
    due_at = at + timedelta(seconds=hold.after_sale_seconds)
    return replace(after, due_at=due_at, due_event=Timer.MATURE, rest_seconds=None)


def shared(order_id: UUID, *, now: datetime | None = None) -> Flow[HoldState]:
    """The provider has confirmed that the seller's part was shared out: now the release counts."""
    at = clock(now)
    hold = yield from ensure_hold(order_id)
    if hold.due_event is not Timer.SHARE or not (yield from splits.is_shared(order_id)):
        return hold.state
    # Whether anything was opened meanwhile: the release was decided before, and this only carries it out.
    allow(replace(hold, n_stops=0), HoldEvent.SHARED, Actor(Role.PSP))
    # What the provider has shared out is the seller's: nothing of it can be kept in reserve.
    after = replace(released(hold, at), reserved=0)
    yield from post(books.of_release(hold, after))
    yield from save([Change(hold, after, hold.in_escrow)], Cause(HoldEvent.SHARED, Actor(Role.PSP), at))
    return after.state


def confirm_due(now: datetime | None = None, which: Which = BATCH) -> Flow[int]:
    """Release what nobody confirmed and nobody complained about; return how many."""
    at = clock(now)
    holds = yield from _lock_due(Timer.CONFIRM, at, which)
    yield from _let_go([(hold, _due_of(hold)) for hold in holds], Cause(HoldEvent.CONFIRM_DUE, TIMER, at))
    return len(holds)


def mature_due(now: datetime | None = None, which: Which = BATCH) -> Flow[int]:
    """Make available what no claim was made on in time; return how many."""
    at = clock(now)
    holds = yield from _lock_due(Timer.MATURE, at, which)
    shares = yield from splits.shared_out(holds)
    changes = [Change(hold, _settled(hold), hold.pending) for hold in holds]
    found = [books.of_maturity(hold, shares.get(hold.order_id, {})) for hold in holds]
    yield from post([journal for journals in found for journal in journals])
    yield from save(changes, Cause(HoldEvent.MATURE, TIMER, at))
    for hold in holds:
        if hold.order_id in shares:
            yield from splits.ask_to_unfreeze(hold, at)
    return len(holds)


def _settled(hold: Hold) -> Hold:
    after = replace(hold, state=HoldState.SETTLED, settled_at=hold.due_at, due_at=None, due_event=Timer.NONE)
    if not hold.reserved or hold.released_at is None:
        return after
    due_at = max(_due_of(hold), hold.released_at + timedelta(seconds=hold.reserve_seconds))
    return replace(after, due_at=due_at, due_event=Timer.FREE_RESERVE)


def free_reserve_due(now: datetime | None = None, which: Which = BATCH) -> Flow[int]:
    """Give sellers what is left of reserves whose time is over; return how many."""
    at = clock(now)
    holds = yield from _lock_due(Timer.FREE_RESERVE, at, which)
    left = yield from reserves_of(holds)
    changes, journals = [], []
    for hold in holds:
        owner = (hold.merchant_id, hold.currency)
        amount = min(hold.reserved, left.get(owner, 0))
        left[owner] = left.get(owner, 0) - amount
        changes.append(Change(hold, replace(hold, reserved=0, due_at=None, due_event=Timer.NONE), amount))
        journals += books.of_freed_reserve(hold, amount)
    yield from post(journals)
    yield from save(changes, Cause(HoldEvent.FREE_RESERVE, TIMER, at))
    return len(holds)


def reserves_of(holds: Sequence[Hold]) -> Flow[dict[tuple[int, str], int]]:
    """Return what the sellers of these holds have in reserve, by seller and currency, and keep it so meanwhile."""
    if not holds:
        return {}
    owners = plain_array(sorted({hold.merchant_id for hold in holds}))
    rows = yield Query(statements.BALANCES, (_SELLERS, owners))
    return {
        (int(owner), str(currency)): int(amount)
        for account, owner, currency, amount in rows
        if account == Account.SELLER_RESERVE
    }


def remind_due(now: datetime | None = None, limit: int = BATCH) -> Flow[int]:
    """Have buyers told, once, that their time to check ends soon; return how many."""
    rows = yield Query(sql.TAKE_REMINDERS, (clock(now), limit))
    told = [order_id for order_id, has_time in rows if has_time]
    yield from defer(MAIL_ENDS_SOON, [{"order_id": order_id} for order_id in told])
    return len(rows)


def due(timer: Timer, at: datetime, limit: int) -> Flow[list[UUID]]:
    """Return the orders for which a timer should fire, the longest due first."""
    return [row[0] for row in (yield Query(sql.DUE, (at, limit, timer.value)))]


def _lock_due(timer: Timer, at: datetime, which: Which) -> Flow[list[Hold]]:
    rows = yield Query(sql.LOCK_ONE_DUE if isinstance(which, UUID) else sql.LOCK_DUE, (at, which, timer.value))
    return [Hold.from_row(row) for row in rows]


def _due_of(hold: Hold) -> datetime:
    if hold.due_at is None:
        raise AssertionError("a hold without a time was found by its time")
    return hold.due_at
