"""Many buyers at once: no code is sold twice, no order is placed twice, and who comes too late hears it."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as django_connection

from tests import cast
from tests.resilience.client import Client, checkout_body
from tests.resilience.control import Connection, ground, two_at_once
from tests.resilience.house import add_codes, broken_rules, number, open_till
from tests.resilience.tills import at_tills
from xinka.catalog.models import PriceTier, Sku
from xinka.flows.checkout import Placed
from xinka.orders.errors import OnlySomeLeft, OutOfStock, PriceChanged, TooManyUnpaid
from xinka.orders.models import Order
from xinka.stock.models import Reservation, StockBatch, StockCode, UnsoldCode
from xinka.stock.withdrawing import undo_batch
from xinka.till.engine import Engine

pytestmark = [pytest.mark.race, pytest.mark.timeout(1800)]

BUYERS, CODES = 500, 100
#: Of the race that matters most, in every run of the tests; how often the others are run is in ``conftest``.
ROUNDS = 200
_LEFT = "SELECT count(*) FROM stock_unsold WHERE sku_id = %s"


def kinds(answers: Sequence[object]) -> Counter[str]:
    """Return how often each kind of answer was given."""
    return Counter(type(answer).__name__ for answer in answers)


async def all_at_once(tills: list[Engine], requests: Sequence[Any], seed: int) -> list[object]:
    """Let every buyer come to some till in the same moment."""
    chance = random.Random(seed)
    return await asyncio.gather(*[chance.choice(tills).place(request) for request in requests], return_exceptions=True)


def test_500_buyers_for_100_codes(committed: str) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    UnsoldCode.objects.all().delete()
    StockCode.objects.all().delete()
    alipay = cast.channel()
    pattern = [cast.ask(ware.sku, alipay, contact=f"buyer{n}@example.com") for n in range(BUYERS)]

    async def story(tills: list[Engine]) -> None:
        for turn in range(ROUNDS):
            await asyncio.to_thread(add_codes, committed, ware.sku.id, CODES)
            requests = [_as_new(request, turn) for request in pattern]
            answers = await all_at_once(tills, requests, turn)
            assert kinds(answers) == {"Placed": CODES, "OutOfStock": BUYERS - CODES}, f"round {turn}"

    at_tills(committed, 3, story)
    n_reserved = "SELECT count(DISTINCT c) FROM stock_reservation, unnest(code_ids) AS c"
    assert number(committed, n_reserved) == number(committed, "SELECT count(*) FROM orders_order") == CODES * ROUNDS
    assert broken_rules(committed) == {}


def _as_new(request: Any, turn: int) -> Any:
    """Return the same wish as a new request of another buyer."""
    from dataclasses import replace  # here, because nothing else in this file needs it
    from uuid import uuid4

    return replace(
        request,
        order_id=uuid4(),
        payment_id=uuid4(),
        request_key=uuid4().hex,
        contact_key=uuid4().hex,
        address_key=uuid4().hex,
    )


def test_control_two_buyers_who_read_before_they_write_get_the_same_code(committed: str) -> None:
    def sell(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        connection.execute("UPDATE control_code SET state = 'sold' WHERE id = %s", row)
        connection.execute("INSERT INTO control_sale VALUES (%s, %s)", [row[0], buyer])

    with ground(committed) as look:
        look.execute("INSERT INTO control_code SELECT g FROM generate_series(1, 10) AS g")
        two_at_once(committed, "SELECT id FROM control_code WHERE state = 'unsold' ORDER BY id LIMIT 1", sell)
        twice = look.execute("SELECT code_id, count(*) FROM control_sale GROUP BY 1 HAVING count(*) > 1").fetchall()
    assert twice == [(1, 2)]


def test_500_buyers_for_100_codes_over_http(committed: str, tmp_path: Path) -> None:
    """And whoever buys something else meanwhile gets it."""
    ada = cast.adas_shop()
    ware, other = cast.ware(ada, CODES), cast.ware(ada, 20, slug="other")
    cast.channel("strong", sign_type="HMAC-SHA256")
    n_threads = 25

    with open_till(committed, tmp_path / "till.log", XINKA_TILL_WORKERS="2", XINKA_TRUSTED_PROXIES="127.0.0.1") as till:
        start = threading.Barrier(n_threads + 1)

        def of_the_other() -> list[int]:
            with Client(till.port) as client:
                start.wait(60)
                bodies = [checkout_body(other.sku.id, contact=f"o{n}@example.com", channel="strong") for n in range(20)]
                headers = [{"X-Forwarded-For": f"10.2.0.{n}"} for n in range(20)]
                return [client.post_json("/checkout", *each).status for each in zip(bodies, headers, strict=True)]

        def buyers(first: int) -> list[tuple[int, str]]:
            found = []
            with Client(till.port) as client:
                start.wait(60)
                for n in range(first, BUYERS, n_threads):
                    body = checkout_body(ware.sku.id, contact=f"b{n}@example.com", channel="strong")
                    answer = client.post_json("/checkout", body, {"X-Forwarded-For": f"10.1.{n // 250}.{n % 250}"})
                    found.append((answer.status, answer.json().get("code", "placed")))
            return found

        with ThreadPoolExecutor(n_threads + 1) as threads:
            unaffected = threads.submit(of_the_other)
            answers = [each for done in threads.map(buyers, range(n_threads)) for each in done]
            assert unaffected.result() == [200] * 20
    assert Counter(answers) == {(200, "placed"): CODES, (409, "out_of_stock"): BUYERS - CODES}
    assert UnsoldCode.objects.count() == 0
    assert Order.objects.count() == CODES + 20
    assert broken_rules(committed) == {}


def test_orders_of_several_pieces_share_what_is_left_without_a_code_in_two_orders(committed: str) -> None:
    ware = cast.ware(cast.adas_shop(), 97, sku={"max_quantity": 10})
    alipay, chance = cast.channel(), random.Random(7)
    requests = [
        cast.ask(ware.sku, alipay, quantity=chance.randint(1, 10), contact=f"b{n}@example.com") for n in range(60)
    ]

    async def story(tills: list[Engine]) -> None:
        answers = await all_at_once(tills, requests, 7)
        assert {type(answer) for answer in answers} <= {Placed, OnlySomeLeft, OutOfStock}

    at_tills(committed, 3, story)
    held = [code for row in Reservation.objects.values_list("code_ids", flat=True) for code in row]
    assert len(held) == len(set(held)) == 97 - UnsoldCode.objects.count()
    assert broken_rules(committed) == {}


def test_a_choice_of_one_very_code_has_one_winner(committed: str) -> None:
    ware = cast.ware(cast.adas_shop(), 3, sku={"choosable": True, "choose_premium": 100})
    alipay = cast.channel()
    wanted = StockCode.objects.order_by("id").values_list("id", flat=True)[1]
    requests = [cast.ask(ware.sku, alipay, chosen=wanted, contact=f"b{n}@example.com") for n in range(40)]

    async def story(tills: list[Engine]) -> None:
        assert kinds(await all_at_once(tills, requests, 3)) == {"Placed": 1, "ChosenGone": 39}

    at_tills(committed, 3, story)
    assert Reservation.objects.get().code_ids == [wanted]


def test_one_request_at_several_tills_at_once_is_one_order_with_one_answer(committed: str, rounds: int) -> None:
    ware = cast.ware(cast.adas_shop(), rounds + 5)
    alipay = cast.channel()
    turns = []
    for turn in range(rounds):
        first = cast.ask(ware.sku, alipay, contact=f"cy{turn}@example.com")
        again = [
            cast.ask(ware.sku, alipay, contact=f"cy{turn}@example.com", request_key=first.request_key)
            for _ in range(11)
        ]
        turns.append([first, *again])

    async def story(tills: list[Engine]) -> None:
        for turn, requests in enumerate(turns):
            answers = await all_at_once(tills, requests, turn)
            assert kinds(answers) == {"Placed": 12}
            assert len({(answer.order_id, answer.payment_id) for answer in answers}) == 1  # type: ignore[attr-defined]
            assert [answer.is_new for answer in answers].count(True) == 1  # type: ignore[attr-defined]

    at_tills(committed, 3, story)
    assert Order.objects.count() == rounds
    assert broken_rules(committed) == {}


def test_control_a_request_that_is_looked_for_and_then_written_is_written_twice(committed: str) -> None:
    def place(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        if row == (0,):
            connection.execute("INSERT INTO control_order VALUES (%s, 'unpaid', 1, 1)", [buyer])

    with ground(committed) as look:
        two_at_once(committed, "SELECT count(*) FROM control_order", place)
        assert look.execute("SELECT count(*) FROM control_order").fetchone() == (2,)


def test_undoing_a_batch_against_sales_leaves_each_code_with_one_of_them(committed: str, slow_rounds: int) -> None:
    ada, alipay = cast.adas_shop(), cast.channel()
    for turn in range(slow_rounds):
        ware = cast.ware(ada, 60, slug=f"w{turn}")
        requests = [cast.ask(ware.sku, alipay, contact=f"b{turn}.{n}@example.com") for n in range(60)]
        batch = StockBatch.objects.get(sku=ware.sku)

        async def story(
            tills: list[Engine], requests: Sequence[Any] = requests, batch: StockBatch = batch, turn: int = turn
        ) -> None:
            undone, answers = await asyncio.gather(asyncio.to_thread(_undo, batch), all_at_once(tills, requests, turn))
            placed = kinds(answers)["Placed"]
            assert set(kinds(answers)) <= {"Placed", "OutOfStock"}
            left = await asyncio.to_thread(number, committed, _LEFT, batch.sku_id)
            assert undone + placed + left == 60

        at_tills(committed, 2, story)
    withdrawn_and_held = """SELECT count(*) FROM stock_stockcode c WHERE withdrawn_at IS NOT NULL
      AND c.id IN (SELECT unnest(code_ids) FROM stock_reservation)"""
    assert number(committed, withdrawn_and_held) == 0
    assert broken_rules(committed) == {}


def _undo(batch: StockBatch) -> int:
    try:
        return undo_batch(batch)
    finally:
        django_connection.close()


def test_control_a_code_that_is_looked_at_and_then_deleted_is_sold_and_gone(committed: str) -> None:
    def sell(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        connection.execute("INSERT INTO control_sale VALUES (%s, %s)", [row[0], buyer])

    def delete(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        connection.execute("DELETE FROM control_code WHERE id = %s", row)

    with ground(committed) as look:
        look.execute("INSERT INTO control_code VALUES (1)")
        two_at_once(committed, "SELECT id FROM control_code WHERE state = 'unsold'", sell, delete)
        assert look.execute("SELECT count(*) FROM control_code").fetchone() == (0,)
        assert look.execute("SELECT count(*) FROM control_sale").fetchone() == (1,)


def test_a_price_that_changes_meanwhile_is_never_charged_unseen(committed: str, rounds: int) -> None:
    ware = cast.ware(cast.adas_shop(), 40 * rounds, sku={"max_quantity": 10})
    alipay = cast.channel()
    old_price = 4900
    turns = [
        [cast.ask(ware.sku, alipay, contact=f"b{turn}.{n}@example.com") for n in range(20)] for turn in range(rounds)
    ]

    def change(price: int) -> None:
        try:
            Sku.objects.filter(id=ware.sku.id).update(price=price)
            PriceTier.objects.update_or_create(sku=ware.sku, min_quantity=2, defaults={"unit_price": price})
        finally:
            django_connection.close()

    async def story(tills: list[Engine]) -> None:
        for turn, requests in enumerate(turns):
            await asyncio.to_thread(change, old_price)
            answers, _ = await asyncio.gather(
                all_at_once(tills, requests, turn), asyncio.to_thread(change, 9900 + turn)
            )
            assert {type(answer) for answer in answers} <= {Placed, PriceChanged}
            for answer in answers:
                if isinstance(answer, Placed):
                    assert answer.amount == old_price
                if isinstance(answer, PriceChanged):
                    assert answer.params["amount"] == 9900 + turn

    at_tills(committed, 2, story)
    different = "SELECT count(*) FROM orders_order o JOIN payments_payment p ON p.order_id = o.id AND p.amount <> %s"
    assert number(committed, different, old_price) == 0
    assert broken_rules(committed) == {}


def test_control_a_price_read_again_at_the_end_is_not_the_one_the_buyer_saw(committed: str) -> None:
    def charge(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        for _ in range(600):
            if connection.execute("SELECT price FROM control_order WHERE price <> %s", row).fetchone():
                break
            connection.rollback()
        connection.execute("UPDATE control_order SET amount = price")

    def raise_price(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        connection.execute("UPDATE control_order SET price = 9900")
        connection.commit()

    with ground(committed) as look:
        look.execute("INSERT INTO control_order VALUES (1, 'unpaid', 4900, 4900)")
        two_at_once(committed, "SELECT price FROM control_order", charge, raise_price)
        assert look.execute("SELECT amount FROM control_order").fetchone() == (9900,)


def test_the_cap_of_unpaid_orders_holds_within_what_runs_at_once(committed: str) -> None:
    ware = cast.ware(cast.adas_shop(), 200, sku={"max_quantity": 50})
    alipay = cast.channel()
    requests = [cast.ask(ware.sku, alipay, contact="eve@example.com") for _ in range(100)]
    after = cast.ask(ware.sku, alipay, contact="eve@example.com")

    async def story(tills: list[Engine]) -> None:
        answers = kinds(await all_at_once(tills, requests, 1))
        assert set(answers) == {"Placed", "TooManyUnpaid"}
        # Counting is not serialised, for speed: transactions that run in the same moment do not see one another.
        assert 5 <= answers["Placed"] <= 5 * len(tills)
        with pytest.raises(TooManyUnpaid):
            await tills[0].place(after)

    at_tills(committed, 2, story)
    assert broken_rules(committed) == {}


def test_control_a_count_kept_by_each_process_for_itself_does_not_hold_at_all(committed: str) -> None:
    seen: list[int] = []

    def place(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        seen.append(row[0])
        connection.execute("INSERT INTO control_order VALUES (%s, 'unpaid', 1, 1)", [buyer])

    with ground(committed) as look:
        two_at_once(committed, "SELECT count(*) FROM control_order", place)
        assert seen == [0, 0], "both saw room for one"
        assert look.execute("SELECT count(*) FROM control_order").fetchone() == (2,)


def test_what_a_till_answers_is_json_a_program_can_read(committed: str, tmp_path: Path) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    cast.channel("strong", sign_type="HMAC-SHA256")
    with open_till(committed, tmp_path / "till.log") as till, Client(till.port) as client:
        answer = client.post_json("/checkout", checkout_body(ware.sku.id, channel="strong"))
    assert set(json.loads(answer.body)) == {"order", "payment", "amount", "pay_url"}
