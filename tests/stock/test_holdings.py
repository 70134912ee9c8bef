"""The list of a batch's codes says of each where it is, and asks the queue no oftener for fifty than for one."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import cast
from tests.plans import walks_over
from xinka.stock.batch_codes import CodeState, codes_of_batch
from xinka.stock.models import AsideCode, StockBatch, UnsoldCode
from xinka.stock.withdrawing import withdraw_codes

pytestmark = pytest.mark.django_db


def shelved(order: str, n: int = 8) -> tuple[cast.Ware, StockBatch]:
    """Return a variant that is sold in an order, with so many codes and the batch they came in."""
    ware = cast.ware(cast.adas_shop(), n, sku={"delivery_order": order})
    batch = StockBatch.objects.get(sku=ware.sku)
    for row in UnsoldCode.objects.filter(sku_id=ware.sku.id):
        place = {"oldest": row.code_id, "newest": -row.code_id, "random": row.code_id * 7919 % 10_007}[order]
        UnsoldCode.objects.filter(code_id=row.code_id).update(place=place)
    return ware, batch


@pytest.mark.parametrize("order", ["oldest", "newest", "random"])
def test_each_code_is_where_it_is_in_whatever_order_they_are_sold(order: str) -> None:
    ware, batch = shelved(order)
    first = batch.first_code_id or 0
    withdraw_codes(ware.sku.id, [first])
    cast.pay(cast.buy(ware.sku, cast.channel()))
    cast.buy(ware.sku, cast.channel("other"))
    rows = codes_of_batch(batch, delivery_order=order)
    assert [row.id for row in rows] == list(range(first, first + 8))
    states = [row.state for row in rows]
    assert states[0] == "withdrawn"
    assert sorted(states) == ["available"] * 5 + ["held", "sold", "withdrawn"]
    assert [row.id for row in codes_of_batch(batch, delivery_order=order, after=first + 2, limit=2)] == [
        first + 3, first + 4,
    ]  # fmt: skip


def test_places_by_chance_are_looked_through_once_for_all_codes_of_a_page() -> None:
    _ware, batch = shelved("random")
    assert walks_over("stock_unsold", lambda: codes_of_batch(batch, delivery_order="random")) == 1


@pytest.mark.parametrize("order", ["oldest", "newest", "random"])
@pytest.mark.parametrize("state", list(CodeState))
def test_the_codes_of_one_state_are_those_that_are_in_it(order: str, state: CodeState) -> None:
    ware, batch = shelved(order, 12)
    first = batch.first_code_id or 0
    withdraw_codes(ware.sku.id, [first, first + 11])
    for name in ("one", "two"):
        cast.pay(cast.buy(ware.sku, cast.channel(name)))
    cast.buy(ware.sku, cast.channel("other"), quantity=3)
    everything = codes_of_batch(batch, delivery_order=order)
    assert len(everything) == 12
    wanted = [row for row in everything if row.state is state]
    assert len(wanted) == {"available": 5, "held": 3, "sold": 2, "withdrawn": 2}[state]
    assert codes_of_batch(batch, delivery_order=order, state=state) == wanted
    assert codes_of_batch(batch, delivery_order=order, state=state, after=wanted[0].id, limit=1) == wanted[1:2]


def test_held_codes_include_those_that_wait_for_a_flash_sale() -> None:
    ware, batch = shelved("oldest")
    row = UnsoldCode.objects.filter(sku_id=ware.sku.id).order_by("code_id")[0]
    AsideCode.objects.create(code_id=row.code_id, sku_id=ware.sku.id, sale_id=1, sold_from=timezone.now())
    UnsoldCode.objects.filter(code_id=row.code_id).delete()
    held = codes_of_batch(batch, delivery_order="oldest", state=CodeState.HELD)
    assert [(one.id, one.state) for one in held] == [(row.code_id, CodeState.HELD)]
