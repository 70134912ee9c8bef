"""A code that somebody complains about is found by the whole of it, and only by whose it is."""

from __future__ import annotations

import logging
import re

import pytest
from django.utils import timezone

from tests.cast import adas_shop, buy, channel, money_for, settle, ware
from tests.desk.browsing import browser
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.merchants.models import Merchant
from xinka.platform.database.django_drive import run
from xinka.stock.models import AsideCode, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db

CODES = ["Card-0001-aaaa", "Card-0002-bbbb", "卡号3，密码 cccc"]


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


def ask(merchant: Merchant, code: str, email: str = "ada@ada-cards.example") -> str:
    answer = browser(email).post(f"/desk/{merchant.slug}/stock/trace", {"code": code})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_code_on_the_shelf_is_found_by_the_whole_of_it(shop: Merchant) -> None:
    made = ware(shop, CODES)
    for code in CODES:
        page = ask(shop, f" {code}\n")
        assert "Available" in page
        assert f"/desk/{shop.slug}/stock/{made.sku.id}" in page
        assert code not in page, "of a code only its ends are shown"
        assert re.search(r'/stock" aria-current="page"', page), "the way through the desk says where one is"
    for around in ("\u200b{}", "\ufeff{}\u2060", "\u3000 {}\u200d\n"):
        assert "Available" in ask(shop, around.format(CODES[0])), "chats put signs without width round what is copied"
    for typed in ("Card-0001", "card-0001-aaaa", "", "%", "\0", "x" * 5000):
        page = ask(shop, typed)
        assert "None of your codes reads so" in page
        assert "Available" not in page


def test_a_sold_code_leads_to_its_order_and_says_whether_it_was_opened(shop: Merchant) -> None:
    bought = buy(ware(shop, CODES[:1]).sku, channel())
    assert "Held" in ask(shop, CODES[0])
    settle(money_for(bought))
    run(relay_batch())
    page = ask(shop, CODES[0], "bo@ada-cards.example")
    shown = ids.show("ord", bought.order_id)
    assert f'href="/desk/{shop.slug}/orders/{shown}"' in page
    assert "not yet" in page


def test_what_is_withdrawn_or_set_aside_for_a_flash_sale_says_so(shop: Merchant) -> None:
    made = ware(shop, CODES[:2])
    first, second = StockCode.objects.order_by("id")
    UnsoldCode.objects.all().delete()
    StockCode.objects.filter(id=first.id).update(withdrawn_at=timezone.now())
    AsideCode.objects.create(code_id=second.id, sku_id=made.sku.id, sale_id=1, sold_from=timezone.now())
    assert "Withdrawn" in ask(shop, CODES[0])
    assert "Held" in ask(shop, CODES[1])


def test_another_merchants_code_is_not_found_and_no_code_reaches_the_log(
    shop: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    other = adas_shop(slug="eves-cards")
    ware(other, CODES[:1], slug="eves-ware")
    with caplog.at_level(logging.DEBUG):
        assert "None of your codes reads so" in ask(shop, CODES[0])
        assert "Available" in ask(other, CODES[0], "ada@eves-cards.example")
    assert CODES[0] not in caplog.text
    assert browser("ada@ada-cards.example").get(f"/desk/{shop.slug}/stock/trace", {"code": CODES[0]}).status_code == 405
