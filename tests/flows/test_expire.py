"""Expiry and cancelling: codes go back to their place in the queue, money paid short goes back to the buyer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.postgres.functions import TransactionNow
from django.utils import timezone

from tests import cast
from tests.cast import Bought, Ware
from tests.flows.rows import broken, counted, grown, leaves_nothing
from xinka.catalog.models import DeliveryOrder, StockMode
from xinka.flows.expire import cancel, expire_due
from xinka.orders.states import OrderState
from xinka.payments.models import Channel, Refund
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    """After every test here, all the auditor's rules hold."""
    yield
    assert broken() == []


def stocked(**sku: object) -> Ware:
    """Return six codes on sale."""
    return cast.ware(cast.adas_shop(), 6, sku={"max_quantity": 6, **sku})


def overdue(*orders: Bought, seconds: int = 1) -> None:
    """Let the time of orders be over."""
    Reservation.objects.filter(order_id__in=[order.order_id for order in orders]).update(
        expires_at=TransactionNow() - timedelta(seconds=seconds)
    )


def queue(ware: Ware) -> list[tuple[int, int]]:
    """Return places and codes of a SKU's queue."""
    rows = UnsoldCode.objects.filter(sku_id=ware.sku.id).order_by("place")
    return [(row.place, row.code_id) for row in rows]


@pytest.mark.parametrize("order", [DeliveryOrder.OLDEST, DeliveryOrder.NEWEST])
def test_codes_go_back_to_where_they_were(alipay: Channel, order: DeliveryOrder) -> None:
    ware = stocked(delivery_order=order)
    before = queue(ware)
    bought = cast.buy(ware.sku, alipay, quantity=3)
    overdue(bought)
    assert run(expire_due()) == 1
    assert queue(ware) == before
    assert (bought.order.state, bought.order.closed_at is not None) == (OrderState.EXPIRED, True)
    assert leaves_nothing(lambda: run(expire_due())) == 0


def test_what_is_not_over_yet_is_left_alone(alipay: Channel) -> None:
    ware = stocked()
    bought = cast.buy(ware.sku, alipay)
    assert leaves_nothing(lambda: run(expire_due())) == 0
    overdue(bought, seconds=100)
    assert leaves_nothing(lambda: run(expire_due(grace_for=120))) == 0
    assert run(expire_due(grace_for=60)) == 1


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=4000)])
def test_a_wrong_clock_of_the_process_expires_nothing(alipay: Channel, jump: timedelta) -> None:
    ware = stocked()
    bought = cast.buy(ware.sku, alipay)
    with time_machine.travel(timezone.now() + jump):
        assert leaves_nothing(lambda: run(expire_due())) == 0
    assert bought.order.state == OrderState.AWAITING_PAYMENT


def test_a_round_takes_no_more_than_its_limit(alipay: Channel) -> None:
    ware = stocked()
    overdue(*[cast.buy(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(5)])
    assert [run(expire_due(limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_paid_order_is_never_expired(alipay: Channel) -> None:
    ware = stocked()
    bought = cast.buy(ware.sku, alipay)
    cast.pay(bought)
    assert leaves_nothing(lambda: run(expire_due())) == 0
    assert bought.order.state == OrderState.DELIVERED


def test_a_code_withdrawn_meanwhile_does_not_come_back(alipay: Channel) -> None:
    ware = stocked()
    bought = cast.buy(ware.sku, alipay)
    (code,) = Reservation.objects.get(order_id=bought.order_id).code_ids
    StockCode.objects.filter(id=code).update(withdrawn_at=timezone.now())
    overdue(bought)
    run(expire_due())
    assert code not in [row[1] for row in queue(ware)]


def test_a_download_that_was_not_paid_stays_once_in_the_queue(alipay: Channel) -> None:
    ware = cast.ware(cast.adas_shop(), ["v1"], sku={"mode": StockMode.REUSABLE, "max_quantity": 1})
    before = queue(ware)
    overdue(cast.buy(ware.sku, alipay))
    assert run(expire_due()) == 1
    assert queue(ware) == before


def test_a_buyer_cancels_and_the_codes_are_free_at_once(alipay: Channel) -> None:
    ware = stocked()
    bought, before = cast.buy(ware.sku, alipay, quantity=2), counted()
    assert run(cancel(bought.order_id)) is True
    assert grown(before) == {"stock_reservation": -1, "stock_unsold": 2}
    assert bought.order.state == OrderState.CANCELLED
    assert leaves_nothing(lambda: run(cancel(bought.order_id))) is False


def test_a_cancelled_part_payment_goes_back_whole(alipay: Channel) -> None:
    ware = stocked()
    bought = cast.buy(ware.sku, alipay)
    for amount in (100, 200):
        cast.settle(cast.money_for(bought, amount=amount))
    assert run(cancel(bought.order_id)) is True
    assert sorted(Refund.objects.values_list("amount", "reason")) == [(100, "underpaid"), (200, "underpaid")]


def test_a_delivered_order_cannot_be_cancelled(alipay: Channel) -> None:
    ware = stocked()
    bought = cast.buy(ware.sku, alipay)
    cast.pay(bought)
    assert leaves_nothing(lambda: run(cancel(bought.order_id))) is False
    assert bought.order.state == OrderState.DELIVERED
