"""Whoever moves money of an order or of a merchant first locks that very row: two at once are one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.flows import payouts
from tests.flows.disputing import trade
from xinka.flows.payouts import asking, review
from xinka.flows.refunds import by_staff
from xinka.flows.refunds.by_seller import give_back_by_seller
from xinka.flows.refunds.by_staff import Wanted
from xinka.flows.refunds.sending import execute_refund
from xinka.flows.refunds.wishes import wish_for_order
from xinka.kernel.ids import new_uuid
from xinka.payments.models import Refund
from xinka.payouts.payees import Payee

pytestmark = pytest.mark.django_db


def locked_first(act: Callable[[], object]) -> tuple[str, str]:
    """Do something, and return the table and the number of the row that was locked before any was written."""
    with CaptureQueriesContext(connection) as seen:
        act()
    for query in seen.captured_queries:
        statement = query["sql"]
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            return "nothing", statement
        if statement.endswith("FOR NO KEY UPDATE"):
            (table,), (number,) = (
                re.findall(r'FROM "(\w+)"', statement),
                re.findall(r"\"id\" = '?([\w-]+)'?", statement),
            )
            return table, number.replace("-", "")
    return "nothing", ""


def order(order_id: UUID) -> tuple[str, str]:
    return "orders_order", order_id.hex


def test_a_seller_or_staff_who_gives_back_locks_the_order() -> None:
    deal, other = trade(), cast.person("dee@example.com", staff=True)
    ada = payouts.ada_of(deal.order.merchant)
    assert locked_first(lambda: give_back_by_seller(deal.order, 100, key="k", by=ada)) == order(deal.order.id)
    asked = Wanted(deal.order.id, 100, "The maker withdrew it.", new_uuid())
    assert locked_first(lambda: by_staff.ask(asked, by=other)) == order(deal.order.id)


def test_a_wish_and_the_sending_of_a_refund_lock_the_same_order() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 3).sku, cast.channel())
    cast.settle(cast.money_for(bought, amount=5000))
    cy, refund = cast.person(cast.CY), Refund.objects.get()
    assert locked_first(lambda: wish_for_order(bought.order_id, to_balance=True, by=cy)) == order(bought.order_id)
    Refund.objects.update(goes_to="wallet")  # no gateway is asked
    assert locked_first(lambda: execute_refund(refund.id)) == order(bought.order_id)


def test_withdrawing_and_holding_lock_the_merchant() -> None:
    shop = cast.adas_shop()
    cast.adas_shop(slug="other")
    payouts.enter(shop, 90_000)
    to, ada, dee = payouts.account(shop), payouts.ada_of(shop), payouts.finance()
    merchant = ("merchants_merchant", str(shop.id))
    assert locked_first(lambda: asking.ask(payouts.wish(to, 20_000), by=ada)) == merchant
    assert locked_first(lambda: review.hold(Payee.of_merchant(shop.id), by=dee, reason="stop")) == merchant


def test_the_look_out_sees_what_is_written_without_a_lock() -> None:
    shop = cast.adas_shop()
    assert locked_first(lambda: type(shop).objects.filter(id=shop.id).update(name="x"))[0] == "nothing"
