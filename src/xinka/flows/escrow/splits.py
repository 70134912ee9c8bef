"""What a licensed provider is to do with an order's money: rows that a job carries out (see ``splitting``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from xinka.escrow import sql
from xinka.escrow.hold import Hold
from xinka.escrow.states import SplitAction, SplitState
from xinka.flows.escrow import statements
from xinka.kernel.flow import Flow, Query, Row
from xinka.kernel.ids import new_uuid
from xinka.platform.database.arrays import plain_array
from xinka.platform.jobs.queue import MONEY, Job, defer

EXECUTE_SPLIT = Job("escrow.split", MONEY)


def ask_to_share(hold: Hold, at: datetime) -> Flow[bool]:
    """Ask for the seller's part of what the buyer paid; return whether there is anything to share."""
    after = hold.after_release()
    missing, asked = max(0, after.released - after.commission), 0
    for channel_id, trade_no, currency, left in (yield Query(statements.RETURNABLE, (hold.order_id,))):
        part = min(missing, int(left))
        if part > 0 and currency == hold.currency:
            name = f"share/{hold.version}/{asked}"
            yield from _write(hold, SplitAction.SHARE, name, (channel_id, trade_no, part, None), at)
            missing, asked = missing - part, asked + 1
    return asked > 0


def ask_to_return(hold: Hold, amount: int, name: str, at: datetime) -> Flow[None]:
    """Ask for what the seller has to give back of what was shared out; refunds of the order wait for it."""
    rows = yield Query(sql.SHARES, (hold.order_id,))
    missing = amount
    for n, (share_id, state, channel_id, trade_no, left) in enumerate(rows):
        part = min(missing, int(left))
        if part > 0 and state == SplitState.DONE:
            yield from _write(
                hold, SplitAction.RETURN, f"return/{name}/{n}", (channel_id, trade_no, part, share_id), at
            )
            missing -= part


def ask_to_unfreeze(hold: Hold, at: datetime) -> Flow[None]:
    """Ask for the rest of each payment, the commission, to be given to the platform: the trade is done."""
    rows = yield Query(sql.SHARES, (hold.order_id,))
    for n, (_, _, channel_id, trade_no, _) in enumerate(rows):
        yield from _write(hold, SplitAction.UNFREEZE, f"unfreeze/{n}", (channel_id, trade_no, 0, None), at)


def ask_to_let_go(hold: Hold, at: datetime) -> Flow[None]:
    """Ask for what is still frozen of each payment to be given to the platform: no part of it will ever be shared.

    A court had it out of the trust account, so what comes from the provider takes its place there.
    """
    rows = yield Query(statements.RETURNABLE, (hold.order_id,))
    for n, (channel_id, trade_no, _, left) in enumerate(rows):
        if int(left) > 0:
            yield from _write(hold, SplitAction.UNFREEZE, f"let_go/{n}", (channel_id, trade_no, 0, None), at)


def _write(
    hold: Hold, action: SplitAction, name: str, what: tuple[int, str, int, UUID | None], at: datetime
) -> Flow[None]:
    channel_id, trade_no, amount, origin_id = what
    split_id = new_uuid()
    facts = (split_id, f"hold/{hold.order_id}/{name}", hold.order_id, action.value, channel_id, trade_no)
    rows = yield Query(sql.INSERT_SPLIT, (*facts, amount, hold.currency, hold.merchant_id, origin_id, at))
    if rows:
        yield from defer(EXECUTE_SPLIT, [{"split_id": split_id}])


def is_shared(order_id: UUID) -> Flow[bool]:
    """Whether the provider has confirmed every share of an order."""
    rows = yield Query(sql.SHARES, (order_id,))
    return bool(rows) and all(row[1] == SplitState.DONE for row in rows)


def take_back_share(order_id: UUID) -> Flow[bool]:
    """Give up shares that were never sent; false, and nothing done, when one may be on its way."""
    rows: list[Row] = yield Query(sql.SHARES, (order_id,))
    if any(row[1] != SplitState.DUE for row in rows):
        return False
    yield Query(sql.DROP_SPLITS, (plain_array([row[0] for row in rows]),))
    return True


def shared_out(holds: Sequence[Hold]) -> Flow[dict[UUID, dict[int, int]]]:
    """Return what was shared out of each order and stays so, by channel."""
    if not holds:
        return {}
    found: dict[UUID, dict[int, int]] = {}
    for order_id, channel_id, amount in (yield Query(sql.SHARED_OUT, (plain_array([h.order_id for h in holds]),))):
        found.setdefault(order_id, {})[int(channel_id)] = int(amount)
    return found
