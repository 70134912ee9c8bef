"""Checkout: what is placed is placed whole, and what is refused leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.rows import broken, counted, grown, leaves_nothing
from xinka.catalog.models import DeliveryOrder, Product, ProductState, Sku, StockMode
from xinka.flows.checkout import CheckoutRequest, Placed, place
from xinka.kernel.errors import Refusal
from xinka.merchants.models import Merchant
from xinka.orders.errors import (
    BadQuantity,
    ChosenGone,
    NoSuchChannel,
    OnlySomeLeft,
    OutOfStock,
    PriceChanged,
    ProductGone,
    RequestKeyReused,
    TooManyUnpaid,
)
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Channel, Payment
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Merchant:
    """Ada's merchant."""
    return cast.adas_shop()


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    """After every test here, all the auditor's rules hold."""
    yield
    assert broken() == []


def place_all(*requests: CheckoutRequest) -> list[Placed | Refusal]:
    """Place requests as one batch."""
    return run(place(requests))


def refusal_of(request: CheckoutRequest) -> Refusal:
    """Return why a request was refused; it left nothing."""
    answer = leaves_nothing(lambda: place_all(request)[0])
    assert isinstance(answer, Refusal)
    return answer


def reserved(order_id: object) -> list[int]:
    """Return the codes held for an order."""
    return Reservation.objects.get(order_id=order_id).code_ids


def codes_of(sku: Sku) -> list[int]:
    """Return the codes of a SKU in the order they came."""
    return list(StockCode.objects.filter(sku=sku).order_by("id").values_list("id", flat=True))


@pytest.mark.parametrize(
    ("product", "sku", "chinese", "english"),
    [
        ({}, {}, "星海远征 点卡 300 点", "Star Voyage card 300"),
        ({}, {"label": "大包", "label_en": "large"}, "星海远征 点卡 300 点 大包", "Star Voyage card 300 large"),
        ({}, {"label": "128GB"}, "星海远征 点卡 300 点 128GB", "Star Voyage card 300 128GB"),
        ({"title": "星卡", "title_en": ""}, {"label": "大包", "label_en": "large"}, "星卡 大包", "星卡 large"),
        ({"title": "星卡", "title_en": ""}, {"label": "大包"}, "星卡 大包", "星卡 大包"),
    ],
)
def test_an_order_keeps_both_titles_of_the_moment_of_sale(
    ada: Merchant, alipay: Channel, product: dict[str, object], sku: dict[str, object], chinese: str, english: str
) -> None:
    ware = cast.ware(ada, 1, product=product, sku=sku)
    request = cast.ask(ware.sku, alipay)
    assert isinstance(place_all(request)[0], Placed)
    Product.objects.update(title="后来的名字", title_en="A later name")
    Sku.objects.update(label="改", label_en="changed")
    order = Order.objects.get(id=request.order_id)
    assert (order.title_in("zh-hans"), order.title_in("en")) == (chinese, english)


def test_a_placed_order_is_one_row_each_and_its_codes_leave_the_queue(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 5)
    request, before = cast.ask(ware.sku, alipay, quantity=2), counted()
    assert place_all(request) == [Placed(request.order_id, request.payment_id, 9800, is_new=True)]
    assert grown(before) == {
        "orders_order": 1,
        "payments_payment": 1,
        "stock_reservation": 1,
        "stock_unsold": -2,
    }
    order = Order.objects.get(id=request.order_id)
    assert (order.state, order.amount, order.currency, order.quantity) == ("awaiting_payment", 9800, "CNY", 2)
    assert (order.merchant_id, order.sku_id, order.title) == (ada.id, ware.sku.id, "星海远征 点卡 300 点")
    payment = Payment.objects.get(id=request.payment_id)
    assert (payment.order_id, payment.state, payment.amount) == (order.id, "pending", 9800)
    assert timedelta(minutes=14) < order.expires_at - order.placed_at <= timedelta(minutes=15)


def test_a_batch_is_answered_in_its_order_and_serves_who_came_first(ada: Merchant, alipay: Channel) -> None:
    ware, other = cast.ware(ada, 3), cast.ware(ada, 1, slug="other")
    requests = [cast.ask(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(5)]
    requests.insert(2, cast.ask(other.sku, alipay))
    kinds = [type(answer).__name__ for answer in place_all(*requests)]
    assert kinds == ["Placed", "Placed", "Placed", "Placed", "OutOfStock", "OutOfStock"]
    assert [reserved(requests[n].order_id) for n in (0, 1, 3)] == [[code] for code in codes_of(ware.sku)]


def test_a_request_too_large_for_the_rest_does_not_starve_smaller_ones(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 3)
    requests = [
        cast.ask(ware.sku, alipay, quantity=2, contact="one@example.com"),
        cast.ask(ware.sku, alipay, quantity=2, contact="two@example.com"),
        cast.ask(ware.sku, alipay, quantity=1, contact="three@example.com"),
    ]
    first, second, third = place_all(*requests)
    assert isinstance(first, Placed)
    assert isinstance(second, OnlySomeLeft | OutOfStock)
    assert isinstance(third, Placed)
    assert UnsoldCode.objects.filter(sku_id=ware.sku.id).count() == 0


def test_the_same_request_again_gets_the_same_order_and_reserves_nothing_more(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 5)
    first = cast.ask(ware.sku, alipay)
    again = cast.ask(ware.sku, alipay, request_key=first.request_key)
    (placed,) = place_all(first)
    for _ in range(3):
        repeated = leaves_nothing(lambda: place_all(again)[0])
        assert repeated == Placed(first.order_id, first.payment_id, 4900, is_new=False)
    assert isinstance(placed, Placed)


def test_the_same_request_is_answered_the_same_after_the_last_code_went(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 1)
    first = cast.ask(ware.sku, alipay)
    place_all(first)
    Sku.objects.filter(id=ware.sku.id).update(price=1, on_sale=False)
    again = cast.ask(ware.sku, alipay, request_key=first.request_key)
    assert place_all(again) == [Placed(first.order_id, first.payment_id, 4900, is_new=False)]


def test_the_same_key_with_another_order_in_it_is_refused(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 5)
    first = cast.ask(ware.sku, alipay)
    place_all(first)
    other = cast.ask(ware.sku, alipay, quantity=2, request_key=first.request_key, request_hash=2)
    assert isinstance(refusal_of(other), RequestKeyReused)


@pytest.mark.parametrize(
    ("quantity", "total"), [(1, 4900), (4, 19600), (5, 22500), (9, 40500), (10, 40000), (12, 48000)]
)
def test_the_tier_with_the_most_pieces_that_fits_sets_the_price(
    ada: Merchant, alipay: Channel, quantity: int, total: int
) -> None:
    ware = cast.ware(ada, 20, sku={"max_quantity": 50}, tiers={5: 4500, 10: 4000})
    (placed,) = place_all(cast.ask(ware.sku, alipay, quantity=quantity, expected=total))
    assert isinstance(placed, Placed)
    assert placed.amount == total
    refused = refusal_of(cast.ask(ware.sku, alipay, quantity=quantity, expected=total - 1, contact="x@example.com"))
    assert isinstance(refused, PriceChanged)
    assert refused.params["amount"] == total


def test_a_chosen_code_costs_its_premium_and_only_that_very_code_is_taken(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 4, sku={"choosable": True, "choose_premium": 300})
    codes = codes_of(ware.sku)
    request = cast.ask(ware.sku, alipay, chosen=codes[2])
    (placed,) = place_all(request)
    assert isinstance(placed, Placed)
    assert placed.amount == 5200
    assert reserved(request.order_id) == [codes[2]]
    late = cast.ask(ware.sku, alipay, chosen=codes[2], contact="late@example.com")
    assert isinstance(refusal_of(late), ChosenGone)


def test_a_chosen_code_and_the_queue_in_one_batch_never_meet(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 2, sku={"choosable": True, "choose_premium": 300})
    codes = codes_of(ware.sku)
    chooser = cast.ask(ware.sku, alipay, chosen=codes[0], contact="chooser@example.com")
    taker = cast.ask(ware.sku, alipay, contact="taker@example.com")
    answers = place_all(chooser, taker)
    assert [type(answer).__name__ for answer in answers] == ["ChosenGone", "Placed"]
    assert reserved(taker.order_id) == [codes[0]]


def test_the_code_of_another_product_cannot_be_chosen(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 1, sku={"choosable": True, "choose_premium": 0})
    dear = cast.ware(ada, 1, slug="dear", sku={"choosable": True, "choose_premium": 0, "price": 99900})
    request = cast.ask(ware.sku, alipay, chosen=codes_of(dear.sku)[0])
    assert isinstance(refusal_of(request), ChosenGone)


def test_of_codes_that_look_the_same_each_who_chose_the_one_that_was_shown_gets_one(
    ada: Merchant, alipay: Channel
) -> None:
    sku = cast.ware(ada, 0, sku={"choosable": True, "choose_premium": 300}).sku
    cast.stock_up(sku, ["A-1", "B-1", "A-2", "A-3"], labels=["Asia", "Brazil", "Asia", "Asia"])
    first, brazil, second, third = codes_of(sku)
    everybody = [cast.ask(sku, alipay, chosen=first, contact=f"cy{n}@example.com") for n in range(4)]
    answers = place_all(*everybody)
    assert [type(answer).__name__ for answer in answers] == ["Placed"] * 3 + ["ChosenGone"]
    assert [reserved(one.order_id) for one in everybody[:3]] == [[first], [second], [third]]
    assert all(answer.amount == 5200 for answer in answers if isinstance(answer, Placed))
    chosen = Order.objects.order_by("chosen_code_id").values_list("chosen_code_id", flat=True)
    assert list(chosen) == sorted([first, second, third])
    assert reserved(cast.checkout(cast.ask(sku, alipay, contact="next@example.com")).order_id) == [brazil]


def test_a_code_of_another_products_label_or_past_its_day_is_not_taken_in_its_place(
    ada: Merchant, alipay: Channel
) -> None:
    sku = cast.ware(ada, 0, sku={"choosable": True, "choose_premium": 0}).sku
    other = cast.ware(ada, 0, slug="other", sku={"choosable": True, "choose_premium": 0}).sku
    cast.stock_up(sku, ["A-1", "A-2"], labels=["Asia", "Asia"])
    cast.stock_up(other, ["O-1"], labels=["Asia"])
    first, second = codes_of(sku)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_unsold SET expires_on = '2020-01-01' WHERE code_id = %s", [second])
    cast.checkout(cast.ask(sku, alipay, chosen=first))
    late = cast.ask(sku, alipay, chosen=first, contact="late@example.com")
    assert isinstance(refusal_of(late), ChosenGone)
    assert isinstance(refusal_of(cast.ask(sku, alipay, chosen=codes_of(other)[0], contact="x@example.com")), ChosenGone)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"quantity": 0, "expected": 0}, BadQuantity),
        ({"quantity": 11, "expected": 53900}, BadQuantity),
        ({"quantity": 10**6, "expected": 1}, BadQuantity),
        ({"expected": 4899}, PriceChanged),
        ({"expected": 0}, PriceChanged),
        ({"expected": 2**63 - 1}, PriceChanged),
        ({"sku_id": 10**12}, ProductGone),
        ({"sku_id": 0}, ProductGone),
        ({"channel_id": 10**6}, NoSuchChannel),
        ({"chosen": 1}, ProductGone),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    ada: Merchant, alipay: Channel, change: dict[str, Any], refused: type[Refusal]
) -> None:
    ware = cast.ware(ada, 20, sku={"max_quantity": 10})
    assert type(refusal_of(cast.ask(ware.sku, alipay, **change))) is refused


@pytest.mark.parametrize("state", [ProductState.DRAFT, ProductState.ARCHIVED])
def test_a_product_that_is_not_live_is_not_sold(ada: Merchant, alipay: Channel, state: str) -> None:
    ware = cast.ware(ada, 5, product={"state": state})
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay)), ProductGone)


def test_a_sku_off_sale_and_the_goods_of_a_suspended_merchant_are_not_sold(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 5)
    Sku.objects.filter(id=ware.sku.id).update(on_sale=False)
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay)), ProductGone)
    Sku.objects.filter(id=ware.sku.id).update(on_sale=True)
    Merchant.objects.filter(id=ada.id).update(state="suspended")
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay)), ProductGone)


@pytest.mark.parametrize("why", [{"on": False}, {"currency": "USD"}, {"min_amount": 4901}, {"max_amount": 4899}])
def test_a_channel_that_cannot_take_this_payment_is_refused(ada: Merchant, why: dict[str, Any]) -> None:
    ware = cast.ware(ada, 5)
    assert isinstance(refusal_of(cast.ask(ware.sku, cast.channel(**why))), NoSuchChannel)


def test_who_wants_more_than_there_is_hears_how_many_are_left(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 3)
    refused = refusal_of(cast.ask(ware.sku, alipay, quantity=4))
    assert isinstance(refused, OnlySomeLeft)
    assert refused.params == {"available": 3}
    assert "3" in refused.message("zh-hans")
    cast.checkout(cast.ask(ware.sku, alipay, quantity=3))
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay, contact="x@example.com")), OutOfStock)


def test_codes_whose_last_day_has_come_are_not_sold(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 3)
    stale, today, fresh = codes_of(ware.sku)
    now = timezone.localdate()
    for code, day in ((stale, now - timedelta(days=1)), (today, now), (fresh, now + timedelta(days=30))):
        UnsoldCode.objects.filter(code_id=code).update(expires_on=day)
    request = cast.ask(ware.sku, alipay)
    place_all(request)
    assert reserved(request.order_id) == [fresh]
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay, contact="x@example.com")), OutOfStock)


def test_no_statement_takes_the_databases_day_for_the_shops(settings: Settings) -> None:
    sources = Path("src/xinka").rglob("*.py")
    texts = {path: path.read_text("utf-8") for path in sources}
    assert [path for path, text in texts.items() if "> current_date" in text] == []
    zones = {zone for text in texts.values() for zone in re.findall(r"AT TIME ZONE '(.*?)'", text)}
    assert zones == {settings.TIME_ZONE}


@pytest.mark.parametrize("order", [DeliveryOrder.OLDEST, DeliveryOrder.NEWEST])
def test_codes_go_in_the_order_the_merchant_set(ada: Merchant, alipay: Channel, order: DeliveryOrder) -> None:
    ware = cast.ware(ada, 4, sku={"delivery_order": order})
    requests = [cast.ask(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(4)]
    place_all(*requests)
    expected = codes_of(ware.sku) if order == DeliveryOrder.OLDEST else codes_of(ware.sku)[::-1]
    assert [reserved(request.order_id)[0] for request in requests] == expected


def test_random_order_is_not_the_order_of_stocking(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 40, sku={"delivery_order": DeliveryOrder.RANDOM, "max_quantity": 50})
    requests = [cast.ask(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(40)]
    place_all(*requests)
    taken = [reserved(request.order_id)[0] for request in requests]
    assert sorted(taken) == codes_of(ware.sku)
    assert taken != codes_of(ware.sku)


def test_one_download_serves_every_buyer_and_never_runs_out(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, ["https://files.example/1"], sku={"mode": StockMode.REUSABLE, "max_quantity": 1})
    requests = [cast.ask(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(8)]
    assert all(isinstance(answer, Placed) for answer in place_all(*requests))
    assert {reserved(request.order_id)[0] for request in requests} == set(codes_of(ware.sku))
    assert UnsoldCode.objects.filter(sku_id=ware.sku.id).count() == 1


def test_a_new_version_of_a_download_is_what_later_buyers_get(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, ["v1"], sku={"mode": StockMode.REUSABLE, "max_quantity": 1})
    early = cast.ask(ware.sku, alipay, contact="early@example.com")
    place_all(early)
    (newest,) = cast.stock_up(ware.sku, ["v2"])
    late = cast.ask(ware.sku, alipay, contact="late@example.com")
    place_all(late)
    assert reserved(late.order_id) == [newest]
    assert reserved(early.order_id) != [newest]


def test_one_contact_holds_five_unpaid_orders_and_no_sixth(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 20, sku={"max_quantity": 10})
    for _ in range(5):
        cast.buy(ware.sku, alipay)
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay)), TooManyUnpaid)
    cast.buy(ware.sku, alipay, contact="other@example.com")


def test_the_cap_counts_within_one_batch_too(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 20, sku={"max_quantity": 10})
    answers = place_all(*[cast.ask(ware.sku, alipay) for _ in range(8)])
    assert [type(answer).__name__ for answer in answers] == ["Placed"] * 5 + ["TooManyUnpaid"] * 3


def test_paying_makes_room_for_the_next_order(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 20, sku={"max_quantity": 10})
    bought = [cast.buy(ware.sku, alipay) for _ in range(5)]
    cast.pay(bought[0])
    cast.buy(ware.sku, alipay)
    assert bought[0].order.state == OrderState.DELIVERED


def test_one_contact_holds_at_most_two_full_orders_worth_of_codes(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 50, sku={"max_quantity": 10})
    cast.buy(ware.sku, alipay, quantity=10)
    cast.buy(ware.sku, alipay, quantity=9)
    assert isinstance(refusal_of(cast.ask(ware.sku, alipay, quantity=2)), TooManyUnpaid)
    cast.buy(ware.sku, alipay, quantity=1)


def test_one_address_holds_thirty_unpaid_orders_whatever_names_it_uses(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 60, sku={"max_quantity": 50})
    address = "ab" * 16
    requests = [cast.ask(ware.sku, alipay, contact=f"eve{n}@example.com", address_key=address) for n in range(31)]
    answers = place_all(*requests)
    assert [type(answer).__name__ for answer in answers] == ["Placed"] * 30 + ["TooManyUnpaid"]
    assert isinstance(
        refusal_of(cast.ask(ware.sku, alipay, contact="eve99@example.com", address_key=address)), TooManyUnpaid
    )


def test_an_order_keeps_the_price_it_was_placed_at(ada: Merchant, alipay: Channel) -> None:
    ware = cast.ware(ada, 5)
    bought = cast.buy(ware.sku, alipay)
    Sku.objects.filter(id=ware.sku.id).update(price=99900)
    assert cast.pay(bought).outcome == "settled"
    assert bought.order.amount == 4900
