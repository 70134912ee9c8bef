"""The cast's own shop works: whoever imports it may rely on it."""

from __future__ import annotations

import pytest

from tests import cast
from xinka.delivery.models import DeliveredCode
from xinka.orders.errors import OutOfStock
from xinka.orders.states import OrderState
from xinka.stock.models import Reservation, UnsoldCode

pytestmark = pytest.mark.django_db


def test_cy_buys_two_of_adas_codes_and_has_them() -> None:
    ware = cast.ware(cast.adas_shop(), 3)
    bought = cast.buy(ware.sku, cast.channel(), quantity=2)
    assert bought.amount == 9800
    assert Reservation.objects.get(order_id=bought.order_id).sku_id == ware.sku.id
    cast.pay(bought)
    assert bought.order.state == OrderState.DELIVERED
    assert DeliveredCode.objects.filter(order_id=bought.order_id).count() == 2
    assert UnsoldCode.objects.filter(sku_id=ware.sku.id).count() == 1


def test_an_empty_shelf_refuses() -> None:
    ware = cast.ware(cast.adas_shop(), 0)
    with pytest.raises(OutOfStock):
        cast.buy(ware.sku, cast.channel())
