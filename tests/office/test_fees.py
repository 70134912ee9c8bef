"""The office sees what gateways take of a day's payments: agreed, billed, and what is left of each order."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.flows.reconciling.bills import reconcile_day
from xinka.flows.settle import VerifiedMoney
from xinka.kernel import ids
from xinka.ledger.days import day_of, start_of
from xinka.payments.models import Channel, Receipt
from xinka.payments.providers.protocol import BillKind, BillRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    """Takes 0.6 % and ten fen."""
    return cast.channel(fee_bps=60, fee_fixed=10)


@pytest.fixture
def paid(channel: Channel) -> cast.Bought:
    """An order of 49 yuan, paid; the other order of the day is not."""
    ware = cast.ware(cast.adas_shop(), 4)
    bought = cast.buy(ware.sku, channel)
    cast.buy(ware.sku, channel)
    cast.settle(cast.money_for(bought, trade_no="A"))
    return bought


def cells(client: Client, query: str = "") -> list[str]:
    """Return the figures of the page's tables."""
    page = client.get(f"/office/fees{query}").content.decode()
    found = [re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)]
    return [" ".join(cell.split()) for cell in found]


def test_a_paid_order_shows_its_fee_and_what_is_left(office: Client, paid: cast.Bought) -> None:
    number = ids.show("ord", paid.order_id)
    table = cells(office)
    assert table[:6] == ["Alipay", "1", "¥49.00", "¥0.39", "no bill yet", "¥48.61"]
    assert table[6].startswith(number)
    assert table[7:] == ["Alipay", "¥49.00", "¥0.39", "¥48.61"]


def test_the_bill_of_the_day_stands_beside_what_was_agreed(office: Client, paid: cast.Bought, channel: Channel) -> None:
    line = BillRow(BillKind.PAYMENT, "A", "", "", 4900, 98, "CNY", None)
    reconcile_day(channel, day_of(timezone.now()), [line])
    assert cells(office)[3:5] == ["¥0.39", "¥0.98"]
    queue = office.get("/office/reconciling").content.decode()
    assert "Fee is not what was agreed" in queue
    assert "¥0.98" in queue


@pytest.mark.parametrize(
    "query", ["?day=2000-01-01", f"?day={day_of(timezone.now()) - timedelta(days=1)}"], ids=["long ago", "yesterday"]
)
def test_a_day_without_payments_says_so(office: Client, paid: cast.Bought, query: str) -> None:
    assert cells(office, query) == []
    assert "Nothing was paid on this day" in office.get(f"/office/fees{query}").content.decode()


def test_a_day_of_stripe_is_one_of_its_own_calendar_as_its_bill_is(office: Client, channel: Channel) -> None:
    """Its days end at eight in the morning here: what came before that is on the bill of the day before."""
    Channel.objects.filter(id=channel.id).update(provider="stripe")
    today = day_of(timezone.now())
    for number, hour in ((1, 7), (2, 9)):
        cast.settle(VerifiedMoney(channel.id, None, f"T{number}", number * 100))
        Receipt.objects.filter(trade_no=f"T{number}").update(received_at=start_of(today) + timedelta(hours=hour))
    assert cells(office, f"?day={today - timedelta(days=1)}")[:3] == ["Alipay", "1", "¥1.00"]
    assert cells(office, f"?day={today}")[:3] == ["Alipay", "1", "¥2.00"]


@pytest.mark.parametrize("query", ["?day=", "?day=x", "?day=2026-13-40"])
def test_a_day_that_is_none_is_today(office: Client, paid: cast.Bought, query: str) -> None:
    assert cells(office, query)[:2] == ["Alipay", "1"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_all_reach_is_a_day_without_payments(office: Client, paid: cast.Bought, day: str) -> None:
    answer = office.get(f"/office/fees?day={day}")
    assert answer.status_code == 200
    assert "Nothing was paid on this day" in answer.content.decode()


def test_eve_and_ada_find_no_such_page(client: Client, paid: cast.Bought) -> None:
    assert client.get("/office/fees").status_code in {302, 404}
    client.force_login(cast.person("eve@example.com"))
    assert client.get("/office/fees").status_code == 404


def test_what_came_short_twice_or_late_counts_as_it_came_like_the_bill(office: Client, channel: Channel) -> None:
    ware = cast.ware(cast.adas_shop(), 4)
    short, twice = cast.buy(ware.sku, channel), cast.buy(ware.sku, channel, contact="bea@example.com")
    cast.settle(cast.money_for(short, amount=1000, trade_no="short"))
    cast.settle(cast.money_for(twice, trade_no="once"))
    cast.settle(cast.money_for(twice, trade_no="twice"))
    # Begun the day before, it came today.
    with time_machine.travel(timezone.now() - timedelta(days=1), tick=False):
        early = cast.buy(ware.sku, channel, contact="cat@example.com")
    cast.settle(cast.money_for(early, trade_no="late"))
    cast.settle(VerifiedMoney(channel.id, None, "whose", 500))
    # 0.6 % of each, rounded half up, and ten fen: 16 + 3 x 39 + 13.
    assert cells(office)[:6] == ["Alipay", "5", "¥162.00", "¥1.46", "no bill yet", "¥160.54"]
    fees = {"short": 16, "once": 39, "twice": 39, "late": 39, "whose": 13}
    reconcile_day(
        channel,
        day_of(timezone.now()),
        [
            BillRow(BillKind.PAYMENT, one.trade_no, "", "", one.amount, fees[one.trade_no], "CNY", None)
            for one in Receipt.objects.all()
        ],
    )
    assert cells(office)[3:5] == ["¥1.46", "¥1.46"]
