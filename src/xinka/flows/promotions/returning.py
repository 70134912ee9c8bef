"""What an order had used of promotions goes back when the order comes to nothing, and is had again by late money.

No Django here: the worker expires orders, the till settles late money.
"""

from __future__ import annotations

from collections.abc import Sequence

from xinka.flows.promotions.aside import match
from xinka.kernel.flow import Flow, Query, Row
from xinka.platform.database.arrays import plain_array, text_array
from xinka.promotions import sql
from xinka.promotions.states import UseKind, UseState

ALL_KINDS = tuple(UseKind)


def give_back(order_ids: Sequence[object], kinds: Sequence[UseKind] = ALL_KINDS) -> Flow[int]:
    """Uncount what these orders, which the caller has locked, hold of promotions; return how many uses that were."""
    if not order_ids:
        return 0
    rows = yield from lock_uses(order_ids, UseState.HELD)
    if not rows:
        return 0
    ((count,),) = yield Query(sql.GIVE_BACK, (plain_array(order_ids), text_array([kind.value for kind in kinds])))
    # The codes of these orders are in the queue again, which nobody else sees yet: the sales have theirs back first.
    yield from match(_sales_of(rows))
    return int(count)


def retake(order_id: object) -> Flow[bool]:
    """Count again what an order gave back; ``False``, and nothing changed, if not all of it is there any more."""
    rows = yield from lock_uses([order_id], UseState.RETURNED)
    if not rows:
        return True
    ((fits,),) = yield Query(sql.CAN_RETAKE, (order_id,))
    if fits:
        yield Query(sql.RETAKE, (order_id,))
        yield from match(_sales_of(rows))
    return bool(fits)


def _sales_of(rows: Sequence[Row]) -> list[int]:
    return [row[2] for row in rows if row[2] is not None]


def lock_uses(order_ids: Sequence[object], state: UseState) -> Flow[list[Row]]:
    """Lock the uses of these orders and all they are counted in, in the order in which everybody locks.

    Whoever goes through several orders one by one asks for all of them first: order by order, a sale would be locked
    behind another order's coupon.
    """
    rows = yield Query(sql.USES_OF, (plain_array(order_ids), state.value))
    for statement, column in ((sql.LOCK_SALES, 2), (sql.LOCK_COUPONS, 3), (sql.LOCK_CARDS, 4)):
        if numbers := sorted({row[column] for row in rows if row[column] is not None}):
            yield Query(statement, (plain_array(numbers),))
    return rows
