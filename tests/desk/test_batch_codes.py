"""The codes of a batch by where they are: on the shelf, held for an order, sold, withdrawn."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from xinka.desk import stock
from xinka.merchants.models import Merchant
from xinka.stock.models import StockBatch
from xinka.stock.withdrawing import withdraw_codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(shop: Merchant) -> str:
    """Where the codes of a batch of six are listed: one sold, one held, one withdrawn."""
    ware = cast.ware(shop, 6, slug="by-state")
    channel = cast.channel()
    cast.pay(cast.buy(ware.sku, channel))
    cast.buy(ware.sku, channel)
    batch = StockBatch.objects.get(sku=ware.sku)
    withdraw_codes(ware.sku.id, [batch.last_code_id or 0])
    return f"/desk/{shop.slug}/imports/{batch.id}/codes"


def n_rows(page: str) -> int:
    """Return how many codes a page lists."""
    return page.partition("<tbody>")[2].count("<tr")


@pytest.mark.parametrize(
    ("state", "n"), [("", 6), ("available", 3), ("held", 1), ("sold", 1), ("withdrawn", 1), ("lost' OR 1=1", 6)]
)
def test_codes_are_listed_by_where_they_are(ada: Client, address: str, state: str, n: int) -> None:
    page = ada.get(address, {"state": state}).content.decode()
    assert n_rows(page) == n
    assert page.count('aria-current="page">') >= 1
    assert ("Withdraw the ticked codes</button>" in page) is (state in {"", "available", "lost' OR 1=1"})


def test_a_stretch_goes_on_in_the_same_state(ada: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "_CODES_PER_PAGE", 2)
    first = ada.get(address, {"state": "available"}).content.decode()
    assert n_rows(first) == 2
    following = first.partition('href="?after=')[2].partition('"')[0].replace("&amp;", "&")
    assert following.endswith("&state=available")
    rest = ada.get(f"{address}?after={following}").content.decode()
    assert n_rows(rest) == 1
    to_the_first = rest.partition("To the first")[0].rpartition("<a ")[2]
    assert 'href="?state=available"' in to_the_first


def test_what_is_withdrawn_leaves_the_list_of_the_available_which_stays_open(ada: Client, address: str) -> None:
    page = ada.get(address, {"state": "available"}).content.decode()
    code = page.partition('name="code" value="')[2].partition('"')[0]
    withdraw = page.partition('<form method="post" action="')[2].partition('"')[0]
    assert withdraw.endswith("?state=available")
    answer = ada.post(withdraw, {"code": [code]}, follow=True)
    assert answer.redirect_chain == [(f"{address}?state=available", 302)]
    assert n_rows(answer.content.decode()) == 2


def test_a_state_without_codes_says_so_and_leads_to_all(ada: Client, shop: Merchant) -> None:
    ware = cast.ware(shop, 1, slug="unsold")
    batch = StockBatch.objects.get(sku=ware.sku)
    page = ada.get(f"/desk/{shop.slug}/imports/{batch.id}/codes", {"state": "sold"}).content.decode()
    assert "No codes in this state" in page
    assert '<a href="?">All codes</a>' in page
