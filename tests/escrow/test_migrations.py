"""Orders of a shop from before escrow get holds whose time begins now; the others' holds are left alone."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from tests import cast
from tests.flows.holding import end_of, hold_of, is_about, now
from tests.flows.rows import broken
from xinka.escrow.models import Hold
from xinka.flows.relay import relay_batch
from xinka.orders.models import Order
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


def test_earlier_orders_get_their_holds() -> None:
    ware, pay_by = cast.ware(cast.adas_shop(), 3), cast.channel()
    known, earlier, unpaid = (cast.buy(ware.sku, pay_by, contact=f"cy{n}@example.com") for n in range(3))
    for bought in (known, earlier):
        cast.pay(bought)
    run(relay_batch())
    Hold.objects.filter(order_id=earlier.order_id).delete()
    Hold.objects.update(due_at=now() + timedelta(days=5))
    Order.objects.filter(id=earlier.order_id).update(delivered_at=now() - timedelta(days=90))
    with connection.cursor() as cursor:
        cursor.execute(import_module("xinka.escrow.migrations.0003_holds_of_earlier_orders").MAKE)
    assert is_about(end_of(earlier), now() + timedelta(days=1))
    assert hold_of(earlier).amount == earlier.amount
    assert is_about(end_of(known), now() + timedelta(days=5))
    assert not Hold.objects.filter(order_id=unpaid.order_id).exists()
    assert broken() == []
