"""The merchant's list of orders: found by whole address and by day, exported as found, and of no use to a guesser."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests import cast
from tests.desk.browsing import browser
from xinka.desk import order_filter
from xinka.kernel import ids
from xinka.merchants.models import Merchant
from xinka.orders.models import Order

pytestmark = pytest.mark.django_db
ORDERS = "/desk/ada-cards/orders"


def found(client: Client, **asked: str) -> set[str]:
    """Return the numbers of the orders that the list shows and, as they must be the same, that the file holds."""
    page = client.get(ORDERS, asked)
    listed = {row["shown_id"] for row in page.context["rows"]}
    lines = b"".join(client.get(f"{ORDERS}.csv", asked).streaming_content).decode()  # type: ignore[arg-type]  # a synchronous stream
    assert {line.split('"')[1] for line in lines.splitlines()[1:]} == listed
    return listed


def bought(made: cast.Ware, contact: str) -> str:
    """Let somebody order and return the order's number."""
    return ids.show("ord", cast.buy(made.sku, cast.channel(contact.partition("@")[0]), contact=contact).order_id)


def test_a_buyer_who_writes_in_is_found_by_the_whole_address_or_qq_number_however_it_is_typed(
    shop: Merchant, ada: Client
) -> None:
    made = cast.ware(shop, 3, product={"title": "星海 12345678 点"})
    other = cast.ware(shop, 1, slug="plain", product={"title": "plain"})
    cy, qq, titled = bought(other, "cy@example.com"), bought(made, "12345678@qq.com"), bought(made, "al@example.com")
    assert found(ada, q=" CY@Example.com ") == {cy}
    assert found(ada, q="12345678@qq.com") == {qq}
    assert found(ada, q="１２３ 456 78") == {qq}
    assert found(ada, q="12345678") == {qq, titled}, "a number may be part of a title as well"
    assert found(ada, q="y@example.com") == found(ada, q="12345@qq.com") == set(), "part of an address finds nothing"
    eves = cast.adas_shop(slug="eves-cards")
    bought(cast.ware(eves, 1, slug="eves"), "of-eve@example.com")
    assert found(ada, q="of-eve@example.com") == set()


def test_going_through_all_numbers_that_a_masked_address_may_be_ends_soon(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_filter, "ADDRESSES", (3, 3600))
    number = bought(cast.ware(shop, 1), "12345678@qq.com")
    for n in range(3):
        assert ada.get(ORDERS, {"q": f"1234567{n}"}).context["rows"] == []
    for client in (ada, browser("bo@ada-cards.example")):
        page = client.get(ORDERS, {"q": "12345678@qq.com"}, headers={"accept-language": "en"})
        assert page.context["rows"] == []
        assert "looked for many addresses. Look for the next in 60 minutes" in page.content.decode()
        assert number in client.get(ORDERS, {"q": number}).content.decode(), "by its number it is found all the same"


def test_orders_of_some_days_are_those_of_the_days_of_the_books(shop: Merchant, ada: Client) -> None:
    made, zone = cast.ware(shop, 4), ZoneInfo("Asia/Shanghai")
    days = [datetime(2026, 8, day, hour, minute, tzinfo=zone) for day, hour, minute in ((1, 23, 59), (2, 0, 0))]
    days += [datetime(2026, 8, 3, 23, 59, 59, tzinfo=zone), datetime(2026, 8, 4, tzinfo=zone)]
    numbers = [bought(made, f"c{n}@example.com") for n in range(4)]
    for number, day in zip(numbers, days, strict=True):
        Order.objects.filter(id=ids.parse("ord", number)).update(placed_at=day, expires_at=day + timedelta(minutes=15))
    assert found(ada, first="2026-08-02", last="2026-08-03") == set(numbers[1:3])
    assert found(ada, first="2026-08-03") == set(numbers[2:])
    assert found(ada, last="2026-08-01") == {numbers[0]}
    assert found(ada, first="2026-08-02", last="2026-08-02", state="expired") == set()
    assert found(ada, first="0001-01-01", last="9999-12-31") == set(numbers)


def test_days_that_are_none_or_stand_the_wrong_way_round_are_told(shop: Merchant, ada: Client) -> None:
    bought(cast.ware(shop, 1), "cy@example.com")
    in_english = {"accept-language": "en"}
    page = ada.get(ORDERS, {"first": "2026-08-02", "last": "2026-08-01"}, headers=in_english).content.decode()
    assert "The last day is before the first" in page
    page = ada.get(ORDERS, {"first": "yesterday"}, headers=in_english)
    assert page.status_code == 200
    assert page.context["form"].errors["first"]
    assert len(page.context["rows"]) == 1
