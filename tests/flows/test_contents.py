"""One content for every buyer: what was bought stays readable for ever, and the newest is what is sold."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.catalog.actions import Variant
from xinka.catalog.models import DeliveryOrder, Sku, StockMode
from xinka.delivery.actions import Opener
from xinka.delivery.models import DeliveredCode
from xinka.flows import stocking
from xinka.flows.expire import expire_due
from xinka.flows.reveal import reveal
from xinka.kernel.errors import Refusal
from xinka.merchants.models import Merchant
from xinka.orders.states import OrderState
from xinka.payments.models import Channel
from xinka.platform.database.django_drive import run
from xinka.stock import withdrawing
from xinka.stock.actions import put_content
from xinka.stock.models import BatchState, Reservation, StockBatch, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db

LINK = "https://files.example/"


@pytest.fixture
def ada() -> Merchant:
    """Ada's shop."""
    return cast.adas_shop()


@pytest.fixture
def sku(ada: Merchant) -> Sku:
    """A download with nothing on offer yet."""
    return cast.ware(ada, sku={"mode": StockMode.REUSABLE, "max_quantity": 1}).sku


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


def read_by(bought: cast.Bought) -> list[str]:
    """Return what a buyer reads who opens everything."""
    opened = reveal(bought.order_id, None, opener=Opener(), now=timezone.now())
    return [code.content.decode() for code in opened]


def let_expire(*orders: cast.Bought) -> None:
    """Let the time of orders pass."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_reservation SET expires_at = now() - interval '1 minute'")
    assert run(expire_due()) == len(orders)


def undo_all(sku: Sku) -> None:
    """Undo every batch, as the button of its page does."""
    for batch in StockBatch.objects.filter(sku=sku):
        stocking.start_undo(batch)
        stocking.undo_import(batch.id)


def withdraw_all(sku: Sku) -> None:
    """Withdraw each content, as the list of a batch does."""
    withdrawing.withdraw_codes(sku.id, StockCode.objects.filter(sku=sku).values_list("id", flat=True))


@pytest.mark.parametrize("take_away", [undo_all, withdraw_all])
def test_who_has_bought_it_reads_it_though_its_merchant_takes_it_away(
    sku: Sku, alipay: Channel, take_away: Callable[[Sku], None]
) -> None:
    put_content(sku, f"{LINK}1")
    paid, unpaid = (cast.buy(sku, alipay, contact=f"{name}@example.com") for name in ("cy", "ed"))
    cast.pay(paid)
    take_away(sku)
    assert not UnsoldCode.objects.filter(sku_id=sku.id).exists()
    with pytest.raises(Refusal):
        cast.buy(sku, alipay, contact="late@example.com")
    assert read_by(paid) == [f"{LINK}1"]
    assert cast.pay(unpaid).outcome == "settled", "what is held for an order stays theirs"
    assert read_by(unpaid) == [f"{LINK}1"]
    assert broken() == []


def test_a_new_one_takes_the_place_of_those_before_and_taken_away_leaves_none(sku: Sku, alipay: Channel) -> None:
    for number in (1, 2):
        put_content(sku, f"{LINK}{number}")
        cast.pay(cast.buy(sku, alipay, contact=f"cy{number}@example.com"))
    newest = StockBatch.objects.latest("id")
    stocking.start_undo(newest)
    stocking.undo_import(newest.id)
    with pytest.raises(Refusal):
        cast.buy(sku, alipay)
    assert not UnsoldCode.objects.filter(sku_id=sku.id).exists()
    assert broken() == []


@pytest.mark.parametrize("order", DeliveryOrder)
def test_late_money_brings_the_newest_whatever_order_codes_would_go_in(
    sku: Sku, alipay: Channel, order: DeliveryOrder
) -> None:
    put_content(sku, f"{LINK}1")
    first, late = (cast.buy(sku, alipay, contact=f"{name}@example.com") for name in ("cy", "ed"))
    cast.pay(first)
    let_expire(late)
    put_content(sku, f"{LINK}2")
    if order != DeliveryOrder.OLDEST:
        sku.delivery_order = order
        stocking.save_product(sku.product, [Variant(sku, [])])
    assert cast.pay(late).outcome == "late_settled"
    new = cast.buy(sku, alipay, contact="new@example.com")
    cast.pay(new)
    assert [read_by(bought) for bought in (first, late, new)] == [[f"{LINK}1"], [f"{LINK}2"], [f"{LINK}2"]]
    assert broken() == []


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_an_earlier_one_that_is_put_on_offer_again_is_sold_again(
    sku: Sku, alipay: Channel, *, is_withdrawn: bool
) -> None:
    first = put_content(sku, f"{LINK}1")
    put_content(sku, f"{LINK}2")
    if is_withdrawn:
        undo_all(sku)
    assert put_content(sku, f"{LINK}1").id == first.id
    bought = cast.buy(sku, alipay)
    cast.pay(bought)
    assert read_by(bought) == [f"{LINK}1"]
    assert put_content(sku, f"{LINK}1").id == first.id
    assert [code.code_id for code in UnsoldCode.objects.filter(sku_id=sku.id)] == [first.id]
    assert broken() == []


def test_whoever_knows_it_does_not_make_it_go_by_importing_it(ada: Merchant, sku: Sku, alipay: Channel) -> None:
    """Eve bought it and sells herself: a code that was withdrawn makes way for the same code when it comes back."""
    put_content(sku, f"{LINK}1")
    bought = cast.buy(sku, alipay)
    cast.pay(bought)
    (old_way,) = cast.stock_up(sku, [f"{LINK}2"])
    other = cast.buy(sku, alipay, contact="ed@example.com")
    cast.pay(other)
    undo_all(sku)
    eves = cast.ware(cast.adas_shop(slug="eves"), slug="eves").sku
    batch = stocking.import_text(f"{sku.id}:{LINK}1", eves.id)
    assert (batch.state, batch.n_added) == (BatchState.DONE, 1)
    known = stocking.import_text(f"{sku.id}:{LINK}2", eves.id)
    assert (known.n_added, known.n_known) == (0, 1)
    assert (read_by(bought), read_by(other)) == ([f"{LINK}1"], [f"{LINK}2"])
    assert StockCode.objects.get(id=old_way).sku_id == sku.id


@pytest.mark.django_db(transaction=True)
def test_two_who_pay_late_in_the_same_moment_both_get_it(sku: Sku, alipay: Channel) -> None:
    put_content(sku, f"{LINK}1")
    late = cast.buy(sku, alipay)
    let_expire(late)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT 1 FROM stock_unsold FOR UPDATE")
        assert cast.pay(late).outcome == "late_settled"
    assert late.order.state == OrderState.DELIVERED
    assert DeliveredCode.objects.count() == 1
    assert not Reservation.objects.exists()
