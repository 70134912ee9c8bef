"""Many buyers at several tills: no coupon is used more often than it may, no sale oversold, no card overspent."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import cast
from tests.flows.rows import broken
from tests.promotions import offers
from tests.resilience.control import Connection, two_at_once
from tests.resilience.tills import at_tills
from xinka.delivery.models import DeliveredCode
from xinka.flows import escrow
from xinka.flows.checkout import CheckoutRequest, Placed, place
from xinka.flows.expire import cancel
from xinka.flows.promotions.sales import Withdrawn, plan_sale, withdraw_stock_of
from xinka.flows.promotions.vesting import book_uses
from xinka.flows.relay import relay_batch
from xinka.kernel.actors import Actor, Role
from xinka.orders.models import Order
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run
from xinka.promotions.errors import CodeUsedByYou
from xinka.promotions.models import Code, Coupon, CouponBuyer, FlashSale, GiftCard, Use
from xinka.stock.models import AsideCode, Reservation, StockCode
from xinka.till.engine import Engine

pytestmark = [pytest.mark.race, pytest.mark.timeout(600)]


def at_once(url: str, requests: Sequence[CheckoutRequest], *, tills: int = 3, seed: int = 1) -> Counter[str]:
    """Let every buyer come to some till in the same moment; return how often each kind of answer was given."""
    found: list[object] = []

    async def story(opened: list[Engine]) -> None:
        chance = random.Random(seed)
        coming = [chance.choice(opened).place(request) for request in requests]
        found.extend(await asyncio.gather(*coming, return_exceptions=True))

    at_tills(url, tills, story)
    return Counter(type(answer).__name__ for answer in found)


def asks(ware: cast.Ware, expected: int, n: int, **wish: Any) -> list[CheckoutRequest]:
    """Return the requests of so many buyers with the same wish."""
    pay_by, words = cast.channel(f"c{uuid4().hex[:12]}"), wish.pop("code", "")
    return [
        cast.ask(ware.sku, pay_by, contact=f"b{k}@example.com", wish=offers.wish(words, **wish), expected=expected)
        for k in range(n)
    ]


def test_sixty_buyers_for_a_coupon_that_ten_may_use(committed_shop: str) -> None:
    ada = cast.adas_shop()
    ware = cast.ware(ada, 80)
    offers.coupon(merchant=ada, most_total=10)
    kinds = at_once(committed_shop, asks(ware, 4400, 60, code="SPRING"))
    assert kinds == {"Placed": 10, "CodeUsedUp": 50}
    assert (Coupon.objects.get().n_used, Code.objects.get().n_used, Order.objects.count()) == (10, 10, 10)
    assert broken() == []


def test_control_two_who_read_the_count_before_they_write_it_both_use_the_last_one(committed_shop: str) -> None:
    offers.coupon(merchant=cast.adas_shop(), most_total=1)

    def use(connection: Connection, buyer: int, row: Sequence[Any]) -> None:
        assert row[1] < 1, "each believes that one use is left"
        connection.execute("UPDATE promotions_coupon SET n_used = %s WHERE id = %s", [row[1] + 1, row[0]])
        connection.execute("INSERT INTO promotions_couponbuyer VALUES (%s, %s, 1)", [row[0], f"{buyer:032x}"])

    two_at_once(committed_shop, "SELECT id, n_used FROM promotions_coupon", use)
    assert (Coupon.objects.get().n_used, CouponBuyer.objects.count()) == (1, 2)


def test_one_buyer_at_three_tills_uses_a_coupon_once(committed_shop: str) -> None:
    ada = cast.adas_shop()
    ware = cast.ware(ada, 20)
    offers.coupon(merchant=ada, most_per_buyer=1)
    wishes = [offers.wish("SPRING", user_id=7, buyer_key="7" * 32) for _ in range(12)]
    pay_by = cast.channel()
    requests = [
        # One person with two addresses: the account is counted too.
        cast.ask(ware.sku, pay_by, contact=f"cy{n % 2}@example.com", wish=wish, expected=4400)
        for n, wish in enumerate(wishes)
    ]
    assert at_once(committed_shop, requests) == {"Placed": 1, "CodeUsedByYou": 11}
    assert Order.objects.count() == Use.objects.count() == 1


def test_two_hundred_buyers_for_thirty_units_at_the_flash_price(committed_shop: str) -> None:
    ware = cast.ware(cast.adas_shop(), 100)
    sold = offers.sale(ware.sku, units=30)
    kinds = at_once(committed_shop, asks(ware, 3900, 200, sale_id=sold.id))
    assert kinds == {"Placed": 30, "FlashGone": 170}
    assert FlashSale.objects.get().n_taken == Order.objects.filter(amount=3900).count() == 30
    assert broken() == []


def test_two_hundred_at_the_flash_price_and_two_hundred_at_the_plain_one_share_nothing(committed_shop: str) -> None:
    ware = cast.ware(cast.adas_shop(), 100)
    sold = announce(ware, units=30)
    flash, plain = asks(ware, 3900, 200, sale_id=sold.id), asks(ware, 4900, 200)
    mixed = [request for pair in zip(flash, plain, strict=True) for request in pair]
    for n, request in enumerate(mixed):
        request.address_key = f"{n:032x}"  # so that no limit of one place comes before the stock's
        request.contact_key = f"{n:032x}"
    at_once(committed_shop, mixed)
    at_flash, at_plain = (Order.objects.filter(amount=amount).count() for amount in (3900, 4900))
    assert (at_flash, at_plain, AsideCode.objects.count()) == (30, 70, 0)
    assert broken() == []


def test_control_without_a_stock_of_its_own_plain_buyers_take_what_the_sale_counted_on(committed_shop: str) -> None:
    ware = cast.ware(cast.adas_shop(), 20)
    sold = offers.sale(ware.sku, units=15)  # written as it is, with nothing set aside
    pay_by = cast.channel()
    plain = [cast.ask(ware.sku, pay_by, quantity=5, contact=f"p{n}@example.com", expected=24500) for n in range(4)]
    assert at_once(committed_shop, plain) == {"Placed": 4}
    assert at_once(committed_shop, asks(ware, 3900, 15, sale_id=sold.id)) == {"OutOfStock": 15}


def test_codes_are_withdrawn_while_everybody_buys_them_and_nobody_gets_one_that_was(committed_shop: str) -> None:
    ware = cast.ware(cast.adas_shop(), 60)
    sold = announce(ware, units=40)
    requests, found = asks(ware, 3900, 30, sale_id=sold.id), list[object]()

    async def story(opened: list[Engine]) -> None:
        coming = [opened[n % 3].place(request) for n, request in enumerate(requests)]
        withdrawing = asyncio.to_thread(withdraw_in_a_thread, sold)
        found.extend(await asyncio.gather(*coming[:15], withdrawing, *coming[15:], return_exceptions=True))

    at_tills(committed_shop, 3, story)
    (gone,) = [answer.n_codes for answer in found if isinstance(answer, Withdrawn)]
    n_sold = sum(isinstance(answer, Placed) for answer in found)
    reserved = {code for row in Reservation.objects.all() for code in row.code_ids}
    withdrawn = set(StockCode.objects.exclude(withdrawn_at=None).values_list("id", flat=True))
    assert (len(reserved), len(withdrawn), reserved & withdrawn) == (n_sold, gone, set())
    assert n_sold + gone == 40
    assert AsideCode.objects.count() == 0
    assert broken() == []


def test_parts_are_withdrawn_while_everybody_buys_and_the_rest_is_sold_to_the_last(committed_shop: str) -> None:
    ware = cast.ware(cast.adas_shop(), 60)
    sold = announce(ware, units=40)
    requests, found = asks(ware, 3900, 50, sale_id=sold.id), list[object]()

    async def story(opened: list[Engine]) -> None:
        coming = [opened[n % 3].place(request) for n, request in enumerate(requests)]
        parts = [asyncio.to_thread(withdraw_in_a_thread, sold, 4) for _ in range(3)]
        mixed = [*coming[:10], parts[0], *coming[10:20], parts[1], *coming[20:30], parts[2], *coming[30:]]
        found.extend(await asyncio.gather(*mixed, return_exceptions=True))

    at_tills(committed_shop, 3, story)
    parts = [answer for answer in found if isinstance(answer, Withdrawn)]
    assert len(parts) == 3
    gone, n_sold = sum(part.n_codes for part in parts), sum(isinstance(answer, Placed) for answer in found)
    reserved = {code for row in Reservation.objects.all() for code in row.code_ids}
    withdrawn = set(StockCode.objects.exclude(withdrawn_at=None).values_list("id", flat=True))
    assert (len(reserved), len(withdrawn), reserved & withdrawn) == (n_sold, gone, set())
    sale = FlashSale.objects.get()
    assert (n_sold, AsideCode.objects.count(), sale.n_taken) == (40 - gone, 0, n_sold)
    # Whoever withdrew the last one ended it; where buyers had the last one, it has as many units as are sold.
    is_ended = any(part.is_over for part in parts)
    assert (sale.stopped_at is not None) is is_ended
    assert is_ended or sale.units == n_sold
    assert broken() == []


def withdraw_in_a_thread(sold: FlashSale, most: int | None = None) -> Withdrawn:
    """Withdraw what a sale has aside, or so many of it, on a connection of its own, as the desk does."""
    try:
        return withdraw_stock_of(sold, most)
    finally:
        connection.close()


def test_control_whoever_reads_what_is_aside_before_it_withdraws_takes_what_a_buyer_has(committed_shop: str) -> None:
    announce(cast.ware(cast.adas_shop(), 2), units=1)

    def withdraw(database: Connection, _: int, row: Sequence[Any]) -> None:
        database.execute("UPDATE stock_stockcode SET withdrawn_at = now(), envelope = '' WHERE id = %s", [row[0]])

    def sell(database: Connection, _: int, row: Sequence[Any]) -> None:
        database.execute("DELETE FROM stock_aside WHERE code_id = %s", [row[0]])
        database.execute(
            "INSERT INTO delivery_code (order_id, position, code_id, reusable) VALUES (%s, 1, %s, false)",
            [uuid4(), row[0]],
        )

    two_at_once(committed_shop, "SELECT code_id FROM stock_aside", withdraw, sell)
    sold = set(DeliveredCode.objects.values_list("code_id", flat=True))
    assert sold == set(StockCode.objects.exclude(withdrawn_at=None).values_list("id", flat=True)) != set()


def announce(ware: cast.Ware, *, units: int) -> FlashSale:
    """Plan a sale that is on, with its stock set aside."""
    begins = timezone.now() - timedelta(minutes=1)
    times = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
    merchant_id = ware.product.merchant_id
    return plan_sale(FlashSale(sku=ware.sku, merchant_id=merchant_id, price=3900, units=units, **times))


def test_what_refunded_orders_give_back_is_locked_in_the_order_in_which_a_checkout_locks(committed_shop: str) -> None:
    """A sale before coupons, also where the older of two orders had a coupon and the younger one the sale."""
    ada = cast.adas_shop()
    ware, pay_by = cast.ware(ada, 10), cast.channel()
    spring, sold = offers.coupon(merchant=ada, back_on_refund=True), offers.sale(ware.sku)
    offers.coupon("SUMMER", merchant=ada, back_on_refund=True)
    for wish, expected in ((offers.wish("SPRING"), 4400), (offers.wish("SUMMER", sale_id=sold.id), 3400)):
        bought = cast.buy(ware.sku, pay_by, wish=wish, expected=expected)
        cast.pay(bought)
        run(relay_batch())
        staff = Actor(Role.ARBITER, 1)
        run(escrow.give_back(bought.order_id, None, reason=RefundReason.DISPUTE, key=str(bought.order_id), by=staff))
    booked: list[int] = []

    def book() -> None:
        try:
            booked.append(book_uses())
        finally:
            connection.close()

    booking = threading.Thread(target=book)
    with psycopg.connect(committed_shop) as till:
        till.execute("SELECT FROM promotions_flashsale WHERE id = %s FOR NO KEY UPDATE", [sold.id])
        booking.start()
        wait_for_a_lock(committed_shop)
        till.execute("SELECT FROM promotions_coupon WHERE id = %s FOR NO KEY UPDATE", [spring.id])
    booking.join(60)
    assert booked == [3], "neither has to give up"
    assert set(Use.objects.values_list("kind", "state")) == {("coupon", "returned"), ("flash", "held")}
    assert broken() == []


def wait_for_a_lock(url: str) -> None:
    """Wait until some session waits for what another one has."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url, autocommit=True) as look:
        for _ in range(1000):
            if look.execute(waits).fetchone() != (0,):
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_a_gift_card_spent_by_many_at_once_pays_its_balance_and_no_more(committed_shop: str) -> None:
    ware = cast.ware(cast.adas_shop(), 30)
    offers.card(value=10_000)
    code = "GIFT-CARD-0001-ABCD"
    requests = asks(ware, 1, 10, code=code) + asks(ware, 4900 - 202, 10, code=code)
    kinds = at_once(committed_shop, requests)
    # Two orders of ¥49 leave ¥2.02 on it; who comes next pays the rest, if that is the price they saw.
    assert kinds["Placed"] <= 3
    spent = Use.objects.aggregate(spent=Sum("amount"))["spent"]
    assert spent == 10_000 - GiftCard.objects.get().balance <= 10_000


def test_sales_coupons_and_cards_in_every_mixture_lock_nobody_out(committed_shop: str) -> None:
    ada = cast.adas_shop()
    wares = [cast.ware(ada, 60, slug=f"w{n}") for n in range(2)]
    sales = [offers.sale(ware.sku, units=40) for ware in wares]
    for n in range(2):
        offers.coupon(f"CODE{n}", merchant=ada)
    pay_by = cast.channel()
    requests = [
        cast.ask(
            wares[n % 2].sku,
            pay_by,
            contact=f"b{n}@example.com",
            wish=offers.wish(f"CODE{n // 2 % 2}", sale_id=sales[n % 2].id),
            expected=3400,
        )
        for n in range(80)
    ]
    assert at_once(committed_shop, requests, tills=4) == {"Placed": 80}
    assert sum(Coupon.objects.values_list("n_used", flat=True)) == 80


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(["use", "cancel"]), st.integers(0, 4)), min_size=4, max_size=25))
def test_whatever_is_used_and_given_back_the_counts_are_those_of_the_orders(
    committed_shop: str, steps: list[tuple[str, int]]
) -> None:
    ada = cast.adas_shop(slug=f"shop-{uuid4().hex}")
    ware = cast.ware(ada, 20, slug=f"w-{uuid4().hex}")
    made = offers.coupon(merchant=ada, most_total=3, most_per_buyer=2)
    sold, pay_by, open_orders = offers.sale(ware.sku, units=4), cast.channel(f"c{uuid4().hex[:12]}"), []
    for verb, who in steps:
        if verb == "cancel" and open_orders:
            run(cancel(open_orders.pop(who % len(open_orders))))
        elif verb == "use":
            wish = offers.wish("SPRING", sale_id=sold.id)
            request = cast.ask(ware.sku, pay_by, contact=f"b{who}@{ada.slug}.example", wish=wish, expected=3400)
            (answer,) = run(place([request]))
            if isinstance(answer, Placed):
                open_orders.append(answer.order_id)
            else:
                assert len(open_orders) == 3 or isinstance(answer, CodeUsedByYou)
        made.refresh_from_db(), sold.refresh_from_db()
        held = Use.objects.filter(coupon=made, state="held").count()
        assert made.n_used == sold.n_taken == held == len(open_orders) <= 3
        counted = CouponBuyer.objects.filter(coupon_id=made.id).aggregate(n=Sum("n_used"))["n"] or 0
        assert counted == len(open_orders)
