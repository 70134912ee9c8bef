"""A flash sale has its own stock: set aside when it is announced, sold by it alone, and given back when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from tests.promotions import offers
from xinka.flows.checkout import Placed, place
from xinka.flows.expire import cancel
from xinka.flows.promotions.clock import tell_sales
from xinka.flows.promotions.sales import NotSoManyInStock, Withdrawn, end_sale, plan_sale, withdraw_stock_of
from xinka.orders.errors import OnlySomeLeft, OutOfStock
from xinka.payments.models import Channel
from xinka.platform.database.django_drive import run
from xinka.promotions.errors import FlashGone, FlashNotOn
from xinka.promotions.models import FlashSale
from xinka.stock.batch_codes import codes_of_batch
from xinka.stock.holdings import holdings_of
from xinka.stock.models import AsideCode, StockBatch, StockCode, UnsoldCode
from xinka.stock.queries import live_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def ware() -> cast.Ware:
    return cast.ware(cast.adas_shop(), 10)


@pytest.fixture
def pay_by() -> Channel:
    return cast.channel()


def planned(ware: cast.Ware, units: int, *, begins_in: int = -1, **more: Any) -> FlashSale:
    """Plan a sale for two hours, as Ada's page does."""
    now = timezone.now()
    times = {"starts_at": now + timedelta(hours=begins_in), "ends_at": now + timedelta(hours=begins_in + 2)}
    values = {"sku": ware.sku, "merchant_id": ware.product.merchant_id, "price": 3900, "units": units, **times, **more}
    return plan_sale(FlashSale(**values))


def buy(ware: cast.Ware, pay_by: Channel, quantity: int, sale: FlashSale | None = None, who: str = "cy") -> object:
    wish = offers.wish(sale_id=sale.id) if sale else None
    expected = quantity * (3900 if sale else 4900)
    asked = cast.ask(ware.sku, pay_by, quantity=quantity, contact=f"{who}@example.com", wish=wish, expected=expected)
    return run(place([asked]))[0]


def counts() -> tuple[int, int]:
    """Return how many codes are in the ordinary queue and how many are set aside."""
    return UnsoldCode.objects.count(), AsideCode.objects.count()


@pytest.mark.parametrize("begins_in", [-1, 5])
def test_what_is_set_aside_is_not_had_at_the_plain_price(ware: cast.Ware, pay_by: Channel, begins_in: int) -> None:
    planned(ware, 4, begins_in=begins_in)
    assert counts() == (6, 4)
    assert isinstance(buy(ware, pay_by, 7), OnlySomeLeft)
    assert isinstance(buy(ware, pay_by, 6), Placed)
    assert isinstance(buy(ware, pay_by, 1, who="bea"), OutOfStock)
    assert (counts(), broken()) == ((0, 4), [])


def test_it_is_there_for_the_sale_though_the_rest_is_sold_out(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    assert isinstance(buy(ware, pay_by, 6), Placed)
    assert isinstance(buy(ware, pay_by, 3, sale, "bea"), Placed)
    assert isinstance(buy(ware, pay_by, 2, sale, "dan"), FlashGone)
    assert isinstance(buy(ware, pay_by, 1, sale, "dan"), Placed)
    assert (counts(), FlashSale.objects.get().n_taken, broken()) == ((0, 0), 4, [])


def test_a_sale_that_has_not_begun_sells_nothing_and_keeps_its_stock(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4, begins_in=5)
    assert isinstance(buy(ware, pay_by, 1, sale), FlashNotOn)
    assert on_sale(ware) == 6
    assert counts() == (6, 4)


def on_sale(ware: cast.Ware) -> int | None:
    """Return what the product's page shows as stock."""
    return live_counts([ware.sku.id])[ware.sku.id]


def test_a_running_sale_shows_its_stock_too(ware: cast.Ware) -> None:
    planned(ware, 4)
    assert on_sale(ware) == 10


def test_a_refused_order_leaves_it_set_aside(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    asked = cast.ask(ware.sku, pay_by, contact="a@example.com", wish=offers.wish(sale_id=sale.id), expected=1)
    assert type(run(place([asked]))[0]).__name__ == "PriceChanged"
    assert (counts(), broken()) == ((6, 4), [])


def test_what_a_cancelled_order_had_is_set_aside_again(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    assert isinstance(buy(ware, pay_by, 6), Placed)
    placed = buy(ware, pay_by, 4, sale, "bea")
    assert isinstance(placed, Placed)
    assert counts() == (0, 0)
    assert run(cancel(placed.order_id))
    assert (counts(), FlashSale.objects.get().n_taken, broken()) == ((0, 4), 0, [])


def test_late_money_has_a_unit_of_its_sale_though_the_ordinary_queue_is_empty(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    bought = cast.buy(ware.sku, pay_by, quantity=2, wish=offers.wish(sale_id=sale.id), expected=2 * 3900)
    assert run(cancel(bought.order_id))
    assert isinstance(buy(ware, pay_by, 6, who="bea"), Placed)
    assert counts() == (0, 4)
    assert cast.pay(bought).outcome == "late_settled"
    assert (counts(), FlashSale.objects.get().n_taken, broken()) == ((0, 2), 2, [])


@pytest.mark.parametrize("how", ["stopped", "over"])
def test_what_is_left_comes_back_when_it_is_over(ware: cast.Ware, pay_by: Channel, how: str) -> None:
    sale = planned(ware, 4)
    assert isinstance(buy(ware, pay_by, 1, sale), Placed)
    if how == "stopped":
        assert end_sale(sale)
    else:
        over = timezone.now() - timedelta(minutes=10)
        FlashSale.objects.update(starts_at=over - timedelta(hours=2), ends_at=over)
        tell_sales()
    assert counts() == (9, 0)
    assert isinstance(buy(ware, pay_by, 9, who="bea"), Placed)
    assert broken() == []


def test_an_order_of_a_sale_that_is_over_gives_its_code_to_everybody(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    placed = buy(ware, pay_by, 2, sale)
    assert isinstance(placed, Placed)
    end_sale(sale)
    run(cancel(placed.order_id))
    assert (counts(), broken()) == ((10, 0), [])


def test_a_change_sets_more_aside_or_less(ware: cast.Ware) -> None:
    sale = planned(ware, 4)
    for units, expected in ((7, (3, 7)), (2, (8, 2))):
        sale.units = units
        plan_sale(sale)
        assert counts() == expected
    assert broken() == []


def test_no_more_is_announced_than_can_be_set_aside(ware: cast.Ware) -> None:
    with pytest.raises(NotSoManyInStock) as refused:
        planned(ware, 11)
    assert refused.value.params["most"] == 10
    assert (counts(), FlashSale.objects.count()) == ((10, 0), 0)


def test_codes_that_end_before_the_sale_are_not_set_aside(ware: cast.Ware) -> None:
    UnsoldCode.objects.filter(code_id__in=list(UnsoldCode.objects.values_list("code_id", flat=True))[:7]).update(
        expires_on=timezone.now().date() + timedelta(days=1)
    )
    with pytest.raises(NotSoManyInStock) as refused:
        planned(ware, 4, begins_in=72)
    assert refused.value.params["most"] == 3
    planned(ware, 3, begins_in=72)
    assert set(AsideCode.objects.values_list("expires_on", flat=True)) == {None}


def test_two_sales_of_one_product_each_have_their_own(ware: cast.Ware, pay_by: Channel) -> None:
    first, second = planned(ware, 3), planned(ware, 4)
    assert isinstance(buy(ware, pay_by, 3, first), Placed)
    assert isinstance(buy(ware, pay_by, 1, first, "bea"), FlashGone)
    assert isinstance(buy(ware, pay_by, 4, second, "dan"), Placed)
    assert (counts(), broken()) == ((3, 0), [])


def test_content_for_every_buyer_is_not_set_aside(pay_by: Channel) -> None:
    ware = cast.ware(cast.adas_shop(), ["https://files.example/a"], sku={"mode": "reusable", "max_quantity": 1})
    sale = planned(ware, 5)
    assert counts() == (1, 0)
    assert isinstance(buy(ware, pay_by, 1, sale), Placed)
    assert broken() == []


def test_the_merchant_sees_them_as_held(ware: cast.Ware) -> None:
    planned(ware, 4)
    holding = holdings_of([ware.sku.id])[ware.sku.id]
    assert (holding.available, holding.held) == (6, 4)
    batch = StockBatch.objects.get()
    first, last = min(list(codes())), max(list(codes()))
    StockBatch.objects.update(first_code_id=first, last_code_id=last)
    batch.refresh_from_db()
    states = [row.state for row in codes_of_batch(batch, delivery_order="oldest")]
    assert sorted(states) == ["available"] * 6 + ["held"] * 4


def codes() -> list[int]:
    return [*UnsoldCode.objects.values_list("code_id", flat=True), *AsideCode.objects.values_list("code_id", flat=True)]


def withdrawn() -> int:
    """Return how many codes are withdrawn; nobody can read them any more."""
    gone = StockCode.objects.exclude(withdrawn_at=None)
    assert {bytes(code.envelope) for code in gone} <= {b""}
    return gone.count()


def test_what_is_set_aside_can_be_withdrawn_for_good_and_ends_the_sale(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    placed = buy(ware, pay_by, 1, sale)
    assert isinstance(placed, Placed)
    assert withdraw_stock_of(sale) == Withdrawn(3, is_over=True)
    assert (counts(), withdrawn(), StockBatch.objects.get().n_undone) == ((6, 0), 3, 3)
    assert isinstance(buy(ware, pay_by, 1, sale, "bea"), FlashNotOn)
    assert isinstance(buy(ware, pay_by, 6, who="dan"), Placed)
    assert broken() == []
    run(cancel(placed.order_id))
    assert (counts(), withdrawn(), broken()) == ((1, 0), 3, []), "what a buyer had reserved was never withdrawn"


@pytest.mark.parametrize("begins_in", [-1, 5])
def test_withdrawing_twice_or_after_the_sale_withdraws_nothing_more(ware: cast.Ware, begins_in: int) -> None:
    sale, other = planned(ware, 4, begins_in=begins_in), planned(ware, 2)
    assert [withdraw_stock_of(sale).n_codes, withdraw_stock_of(sale).n_codes] == [4, 0]
    assert counts() == (4, 2), "the other sale keeps its own"
    end_sale(other)
    assert withdraw_stock_of(other).n_codes == 0
    assert (counts(), withdrawn(), broken()) == ((6, 0), 4, [])


@pytest.mark.parametrize("begins_in", [-1, 5])
def test_a_part_can_be_withdrawn_and_the_sale_goes_on_with_the_rest(
    ware: cast.Ware, pay_by: Channel, begins_in: int
) -> None:
    sale = planned(ware, 4, begins_in=begins_in)
    next_to_be_sold = set(AsideCode.objects.order_by("code_id").values_list("code_id", flat=True)[:2])
    assert withdraw_stock_of(sale, 2) == Withdrawn(2, is_over=False)
    sale.refresh_from_db()
    assert (counts(), withdrawn(), StockBatch.objects.get().n_undone, sale.units) == ((6, 2), 2, 2, 2)
    assert set(StockCode.objects.exclude(withdrawn_at=None).values_list("id", flat=True)) == next_to_be_sold
    tell_sales()
    assert (counts(), sale.stopped_at, broken()) == ((6, 2), None, []), "nothing is set aside in their place"
    if begins_in < 0:
        assert isinstance(buy(ware, pay_by, 3, sale), FlashGone)
        assert isinstance(buy(ware, pay_by, 2, sale), Placed)
        assert (counts(), broken()) == ((6, 0), [])


def test_what_an_order_gives_back_after_a_part_was_withdrawn_is_sold_again(ware: cast.Ware, pay_by: Channel) -> None:
    sale = planned(ware, 4)
    placed = buy(ware, pay_by, 1, sale)
    assert isinstance(placed, Placed)
    assert withdraw_stock_of(sale, 2) == Withdrawn(2, is_over=False)
    sale.refresh_from_db()
    assert (sale.units, sale.n_taken, counts()) == (2, 1, (6, 1))
    run(cancel(placed.order_id))
    assert (counts(), withdrawn(), broken()) == ((6, 2), 2, [])
    assert isinstance(buy(ware, pay_by, 2, sale, "bea"), Placed)


@pytest.mark.parametrize("most", [3, 4, 1_000])
def test_as_many_as_are_left_or_more_are_all_and_end_the_sale(ware: cast.Ware, pay_by: Channel, most: int) -> None:
    sale = planned(ware, 4)
    assert isinstance(buy(ware, pay_by, 1, sale), Placed)
    assert withdraw_stock_of(sale, most) == Withdrawn(3, is_over=True)
    sale.refresh_from_db()
    assert (counts(), withdrawn(), sale.units, sale.stopped_at is not None) == ((6, 0), 3, 4, True)
    assert broken() == []


def test_part_after_part_withdraws_each_code_once_until_the_sale_is_over(ware: cast.Ware) -> None:
    sale = planned(ware, 4)
    assert [withdraw_stock_of(sale, 2), withdraw_stock_of(sale, 1), withdraw_stock_of(sale, 1)] == [
        Withdrawn(2, is_over=False),
        Withdrawn(1, is_over=False),
        Withdrawn(1, is_over=True),
    ]
    assert (counts(), withdrawn(), broken()) == ((6, 0), 4, [])


def test_a_sale_may_grow_again_after_a_part_was_withdrawn(ware: cast.Ware) -> None:
    sale = planned(ware, 4)
    withdraw_stock_of(sale, 3)
    sale.refresh_from_db()
    sale.units = 7
    plan_sale(sale)
    assert (counts(), withdrawn(), broken()) == ((0, 7), 3, [])
