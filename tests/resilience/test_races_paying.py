"""Money from several sides at once: every notice counts once, and every code has one owner in the end."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.functions import TransactionNow
from django.utils import timezone

from tests import cast
from tests.cast import Bought
from tests.resilience.client import Client, checkout_body, genuine
from tests.resilience.control import Connection, ground, two_at_once
from tests.resilience.house import broken_rules, number, open_till
from tests.resilience.tills import at_tills
from xinka.delivery.models import DeliveredCode
from xinka.flows.expire import cancel, expire_due
from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.kernel.flow import Flow
from xinka.kernel.ids import new_uuid
from xinka.ledger.models import Entry
from xinka.orders.models import Order
from xinka.payments.models import Payment, Receipt, Refund
from xinka.platform.database.drive import MAX_TRIES, RETRYABLE, drive
from xinka.stock.models import Reservation
from xinka.till.engine import Engine

pytestmark = [pytest.mark.race, pytest.mark.timeout(1800)]


def same_money(money: VerifiedMoney, n: int) -> list[VerifiedMoney]:
    """Return the notice as a gateway that lost all our answers would repeat it."""
    return [dataclasses.replace(money, journal_id=new_uuid()) for _ in range(n)]


def in_transaction(database_url: str, make: Any, *arguments: Any) -> Any:
    """Run a flow as a worker does: in a transaction of its own, again after a deadlock."""
    for attempt in range(MAX_TRIES):
        try:
            with psycopg.connect(database_url) as connection:
                flow: Flow[Any] = make(*arguments)
                return drive(connection, flow)
        except RETRYABLE:
            if attempt == MAX_TRIES - 1:
                raise
    raise AssertionError


def test_a_hundred_equal_notices_at_once_have_one_effect_and_equal_answers(committed: str, rounds: int) -> None:
    ware = cast.ware(cast.adas_shop(), rounds)
    alipay = cast.channel()
    bought = [cast.buy(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(rounds)]
    notices = [same_money(cast.money_for(each), 100) for each in bought]

    async def story(tills: list[Engine]) -> None:
        for turn, equal in enumerate(notices):
            chance = random.Random(turn)
            answers = await asyncio.gather(*[chance.choice(tills).settle(money) for money in equal])
            assert {(answer.outcome, answer.order_id) for answer in answers} == {("settled", bought[turn].order_id)}
            assert [answer.is_new for answer in answers].count(True) == 1

    at_tills(committed, 3, story)
    assert Receipt.objects.count() == DeliveredCode.objects.count() == rounds
    assert Entry.objects.count() == 2 * rounds
    assert broken_rules(committed) == {}


def test_a_hundred_equal_notices_over_http_are_all_answered_success(committed: str, tmp_path: Path) -> None:
    ware = cast.ware(cast.adas_shop(), 3)
    cast.channel("strong", sign_type="HMAC-SHA256")
    with open_till(committed, tmp_path / "till.log", XINKA_TILL_WORKERS="2") as till:
        with Client(till.port) as client:
            payment = client.post_json("/checkout", checkout_body(ware.sku.id)).json()["payment"]

        def notify(_: int) -> list[tuple[int, bytes]]:
            with Client(till.port) as client:
                return [(answer.status, answer.body) for answer in [client.get(genuine(payment)) for _ in range(10)]]

        with ThreadPoolExecutor(10) as threads:
            answers = [answer for each in threads.map(notify, range(10)) for answer in each]
    assert Counter(answers) == {(200, b"success"): 100}
    assert (Receipt.objects.count(), DeliveredCode.objects.count(), Refund.objects.count()) == (1, 1, 0)
    assert broken_rules(committed) == {}


def test_control_a_state_that_is_read_before_it_is_written_delivers_twice(committed: str) -> None:
    def deliver(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        if row == ("unpaid",):
            connection.execute("UPDATE control_order SET state = 'delivered' WHERE id = 1")
            connection.execute("INSERT INTO control_sale VALUES (%s, 1)", [buyer])

    with ground(committed) as look:
        look.execute("INSERT INTO control_order VALUES (1, 'unpaid', 1, 1)")
        two_at_once(committed, "SELECT state FROM control_order WHERE id = 1", deliver)
        assert look.execute("SELECT count(*) FROM control_sale").fetchone() == (2,)


def overdue(orders: Sequence[Bought]) -> None:
    """Let the time of orders be over."""
    Reservation.objects.filter(order_id__in=[each.order_id for each in orders]).update(
        expires_at=TransactionNow() - timedelta(seconds=1)
    )


def test_a_notice_against_expiry_ends_as_goods_and_never_as_both(committed: str, slow_rounds: int) -> None:
    ware = cast.ware(cast.adas_shop(), 20)
    alipay = cast.channel()
    ended: Counter[str] = Counter()
    for turn in range(slow_rounds):
        orders = [cast.buy(ware.sku, alipay, contact=f"cy{turn}.{n}@example.com") for n in range(10)]
        money = [cast.money_for(each) for each in orders]
        overdue(orders)

        async def story(tills: list[Engine], money: Sequence[VerifiedMoney] = money, turn: int = turn) -> None:
            chance = random.Random(turn)
            sweeps = [asyncio.to_thread(in_transaction, committed, expire_due) for _ in range(2)]
            results = await asyncio.gather(*sweeps, *[chance.choice(tills).settle(each) for each in money])
            ended.update(answer.outcome.value for answer in results if isinstance(answer, Settlement))

        at_tills(committed, 2, story)
        assert broken_rules(committed) == {}
        cast.stock_up(ware.sku, [f"MORE-{turn}-{n}" for n in range(10)])
    assert set(ended) <= {"settled", "late_settled"}
    assert ended.total() == 10 * slow_rounds
    assert set(Order.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_notice_against_cancelling_ends_as_goods_and_never_as_both(committed: str, slow_rounds: int) -> None:
    ware = cast.ware(cast.adas_shop(), 6 * slow_rounds)
    alipay = cast.channel()
    for turn in range(slow_rounds):
        orders = [cast.buy(ware.sku, alipay, contact=f"cy{turn}.{n}@example.com") for n in range(6)]
        money = [cast.money_for(each) for each in orders]

        async def story(
            tills: list[Engine], orders: Sequence[Bought] = orders, money: Sequence[VerifiedMoney] = money
        ) -> None:
            cancels = [asyncio.to_thread(in_transaction, committed, cancel, each.order_id) for each in orders]
            await asyncio.gather(*cancels, *[tills[n % 2].settle(each) for n, each in enumerate(money)])

        at_tills(committed, 2, story)
    assert set(Order.objects.values_list("state", flat=True)) == {"delivered"}
    assert broken_rules(committed) == {}


def test_control_expiry_that_does_not_look_again_gives_a_sold_code_back(committed: str) -> None:
    def settle(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        connection.execute("UPDATE control_order SET state = 'delivered'")
        connection.execute("INSERT INTO control_sale VALUES (1, %s)", [buyer])

    def expire(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        connection.execute("UPDATE control_order SET state = 'expired'")
        connection.execute("UPDATE control_code SET state = 'unsold'")

    with ground(committed) as look:
        look.execute("INSERT INTO control_code VALUES (1, 'reserved')")
        look.execute("INSERT INTO control_order VALUES (1, 'unpaid', 1, 1)")
        two_at_once(committed, "SELECT id FROM control_order WHERE state = 'unpaid'", settle, expire)
        assert look.execute("SELECT state FROM control_code").fetchone() == ("unsold",)
        assert look.execute("SELECT count(*) FROM control_sale").fetchone() == (1,)


def test_two_payments_of_one_order_at_two_tills_deliver_once_and_one_goes_back(committed: str, rounds: int) -> None:
    ware = cast.ware(cast.adas_shop(), rounds)
    alipay, wechat = cast.channel(), cast.channel("wechat")
    pairs = []
    for n in range(rounds):
        bought = cast.buy(ware.sku, alipay, contact=f"cy{n}@example.com")
        other = new_uuid()
        Payment.objects.create(
            id=other, order_id=bought.order_id, channel=wechat, amount=4900, state="pending", created_at=timezone.now(),
            currency="CNY",
        )  # fmt: skip
        pairs.append((cast.money_for(bought), VerifiedMoney(wechat.id, other, f"W{n}", 4900)))

    async def story(tills: list[Engine]) -> None:
        for first, second in pairs:
            answers = await asyncio.gather(tills[0].settle(first), tills[1].settle(second))
            assert sorted(answer.outcome for answer in answers) == ["double", "settled"]

    at_tills(committed, 2, story)
    assert DeliveredCode.objects.count() == Refund.objects.count() == rounds
    assert broken_rules(committed) == {}


def test_tills_whose_batches_hold_the_same_orders_in_other_orders_never_deadlock_to_the_outside(
    committed: str, rounds: int
) -> None:
    ware = cast.ware(cast.adas_shop(), 2 * 40 * 5, sku={"max_quantity": 50})
    alipay = cast.channel()
    for turn in range(5):
        orders = [cast.buy(ware.sku, alipay, contact=f"cy{turn}.{n}@example.com") for n in range(40)]
        money = [cast.money_for(each) for each in orders]
        requests = [cast.ask(ware.sku, alipay, contact=f"new{turn}.{n}@example.com") for n in range(40)]

        async def story(
            tills: list[Engine],
            money: Sequence[VerifiedMoney] = money,
            requests: Sequence[Any] = requests,
            turn: int = turn,
        ) -> None:
            waiting = []
            for n, till in enumerate(tills):
                notices, wishes = list(money), list(requests)
                random.Random(turn * 10 + n).shuffle(notices)
                random.Random(turn * 20 + n).shuffle(wishes)
                waiting += [till.settle(dataclasses.replace(each, journal_id=new_uuid())) for each in notices]
                waiting += [till.place(each) for each in wishes]
            answers = await asyncio.gather(*waiting, return_exceptions=True)
            assert [answer for answer in answers if not isinstance(answer, Settlement) and _is_fault(answer)] == []

        at_tills(committed, 3, story)
    assert Receipt.objects.count() == 200
    assert number(committed, "SELECT count(*) FROM delivery_code") == 200
    assert broken_rules(committed) == {}


def _is_fault(answer: object) -> bool:
    from xinka.kernel.errors import Refusal  # here, because nothing else in this file needs it

    return isinstance(answer, BaseException) and not isinstance(answer, Refusal)


def test_late_money_of_many_for_the_last_code_delivers_one_and_returns_the_rest(committed: str) -> None:
    ware = cast.ware(cast.adas_shop(), 10)
    alipay = cast.channel()
    orders = [cast.buy(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(10)]
    money = [cast.money_for(each) for each in orders]
    overdue(orders)
    assert in_transaction(committed, expire_due) == 10
    for n in range(9):
        cast.buy(ware.sku, alipay, contact=f"quick{n}@example.com")

    async def story(tills: list[Engine]) -> None:
        answers = await asyncio.gather(*[tills[n % 3].settle(each) for n, each in enumerate(money)])
        assert Counter(answer.outcome.value for answer in answers) == {"late_settled": 1, "late_refunded": 9}

    at_tills(committed, 3, story)
    assert broken_rules(committed) == {}
