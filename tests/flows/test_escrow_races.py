"""Many at once, on real threads: a timer fires once, a decision is carried out once, and never both sides are paid."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from tests import cast
from tests.flows.holding import books, history, hold_of, now, terms
from tests.flows.rows import broken
from xinka.escrow import sql
from xinka.escrow.models import Hold, HoldStep
from xinka.escrow.states import StopCause
from xinka.flows import escrow
from xinka.flows.relay import relay_batch
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import IllegalMove, Refusal
from xinka.kernel.flow import Flow
from xinka.ledger.queries import balances_of_merchant
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CY, DEE = Actor(Role.BUYER), Actor(Role.ARBITER, 2)


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Do everything at the same moment, each on a connection of its own; a refusal is an answer."""
    start = Barrier(len(actions))

    def one(action: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return action()
        except (Refusal, IllegalMove) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


def _holds(n: int) -> list[cast.Bought]:
    """Return orders of one merchant with their holds."""
    terms(commission_bps=500, reserve_bps=1000)
    ware = cast.ware(cast.adas_shop(), n, sku={"price": 10_000})
    pay_by = cast.channel()
    bought = [cast.buy(ware.sku, pay_by, contact=f"cy{k}@example.com") for k in range(n)]
    for one in bought:
        cast.pay(one)
    run(relay_batch())
    return bought


def test_four_workers_fire_each_of_forty_timers_once() -> None:
    bought = _holds(40)
    late = now() + timedelta(days=30)

    def work() -> int:
        return sum(run(escrow.confirm_due(late, 3)) for _ in range(30))

    assert sum(int(str(n)) for n in at_once(*[work] * 4)) == 40

    def mature() -> int:
        return sum(run(escrow.mature_due(late, 3)) for _ in range(30))

    assert sum(int(str(n)) for n in at_once(*[mature] * 4)) == 40
    assert [history(one) for one in bought] == [["confirm_due", "mature"]] * 40
    assert balances_of_merchant(bought[0].order.merchant_id)["available"] == 40 * 8_550
    assert broken() == []


def test_without_the_lock_the_version_refuses_the_second_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what the test above would find if timers did not lock."""
    _holds(8)
    monkeypatch.setattr(sql, "LOCK_DUE", sql.LOCK_DUE.replace("FOR UPDATE SKIP LOCKED", ""))
    late = now() + timedelta(days=30)
    first_read = Barrier(2)

    def work() -> int:
        return run(_together(escrow.confirm_due(late), first_read))

    answers = at_once(work, work)
    assert sorted(str(answer) for answer in answers) == ["8", "IllegalMove"]
    assert broken() == []


def _together(flow: Flow[int], first_read: Barrier) -> Flow[int]:
    """Go on with a flow only when everybody has read."""
    query = next(flow)
    rows = yield query
    first_read.wait(timeout=20)
    try:
        while True:
            rows = yield flow.send(rows)
    except StopIteration as end:
        return int(end.value)


def test_the_buyer_confirms_while_the_timer_fires_and_an_arbiter_gives_back() -> None:
    bought = _holds(12)
    for one in bought:
        late = now() + timedelta(days=30)
        at_once(
            lambda one=one: run(escrow.confirm(one.order_id, by=CY)),
            lambda late=late: run(escrow.confirm_due(late, 1)),
            lambda one=one: run(
                escrow.give_back(one.order_id, None, reason=RefundReason.DISPUTE, key=f"k{one.order_id}", by=DEE)
            ),
        )
    assert broken() == []
    for one in bought:
        assert hold_of(one).state == "returned"
        assert books(one.order_id) == {"clearing": -10_000, "refund_in_transit": 10_000}


def test_one_decision_sent_eight_times_at_once_gives_back_once() -> None:
    (bought,) = _holds(1)

    def give() -> int:
        return run(escrow.give_back(bought.order_id, 1_500, reason=RefundReason.DISPUTE, key="k", by=DEE))

    assert at_once(*[give] * 8) == [1_500] * 8
    assert list(Refund.objects.values_list("amount", flat=True)) == [1_500]
    assert broken() == []


def test_a_dispute_that_races_the_timer_stops_it_or_comes_after_it() -> None:
    bought = _holds(12)
    late = now() + timedelta(days=30)
    for one in bought:
        at_once(
            lambda: run(escrow.confirm_due(late, 12)),
            lambda one=one: run(escrow.stop(one.order_id, StopCause.RISK, "r")),
        )
    assert broken() == []
    assert not Hold.objects.exclude(n_stops=1).exists()
    assert run(escrow.mature_due(late + timedelta(days=30))) == 0


def _any_move(chance: random.Random, bought: list[cast.Bought], key: str) -> Flow[object]:
    order_id, late = chance.choice(bought).order_id, now() + timedelta(days=chance.choice([0, 2, 9]))
    give = escrow.give_back(order_id, 777, reason=RefundReason.STAFF, key=key, by=DEE)
    moves: list[Flow[object]] = [
        escrow.confirm(order_id, by=CY),
        escrow.confirm_due(late),
        escrow.mature_due(late),
        escrow.stop(order_id, StopCause.RISK, key[:1]),
        escrow.resume(order_id, StopCause.RISK, key[:1]),
        give,
        escrow.freeze(order_id, "c", by=(1, 2)),
        escrow.unfreeze(order_id, "c", by=(1, 2)),
    ]
    return chance.choice(moves)


@pytest.mark.parametrize("seed", range(3))
def test_twelve_hands_on_four_orders_leave_books_that_agree(seed: int) -> None:
    bought = _holds(4)

    def hand(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        for n in range(10):
            with suppress(Refusal):
                run(_any_move(chance, bought, f"{number}-{n}"))

    assert at_once(*[partial(hand, number) for number in range(12)]) == [None] * 12
    assert broken() == []
    assert HoldStep.objects.count() > 12
