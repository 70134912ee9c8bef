"""What buyers read of a closure: beforehand on every page, then in place of the goods, never instead of an order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.orders.access import order_path
from xinka.platform.maintenance.state import HEADER, Maintenance, of_header

pytestmark = pytest.mark.django_db


def told(*, begins_in: float = -1, until_in: float | None = 2, zh: str = "", en: str = "") -> dict[str, str]:
    """Return the header with which the till tells of a closure, in hours from now."""
    now = timezone.now()
    until = None if until_in is None else now + timedelta(hours=until_in)
    return {HEADER: Maintenance(now + timedelta(hours=begins_in), until, zh, en).as_header()}


def browser(language: str = "en") -> Client:
    client = Client()
    client.cookies["xk_lang"] = language
    return client


def test_what_the_till_passes_on_is_ascii_and_read_as_it_was() -> None:
    now = timezone.now()
    for closure in (
        Maintenance(now, None, "", ""),
        Maintenance(now, now + timedelta(hours=1), "升级“库”。", "Up\ngrade"),
    ):
        header = closure.as_header()
        assert header.isascii()
        assert "\n" not in header
        assert of_header(header) == closure
    assert of_header("") is None


@pytest.mark.parametrize(
    ("language", "title", "house", "safe"),
    [
        ("en", "Closed for maintenance", "take no new orders for a while", "What you have ordered is safe"),
        ("zh-hans", "维护中", "暂时不接新订单", "已下的订单不受影响"),
    ],
)
def test_the_page_says_until_when_and_that_orders_are_safe(language: str, title: str, house: str, safe: str) -> None:
    answer = browser(language).get("/closed", headers=told())
    page = answer.content.decode()
    assert answer.status_code == 503
    assert 7_100 < int(answer["Retry-After"]) <= 7_200
    assert answer["Cache-Control"] == "no-store"
    until = timezone.localtime(timezone.now() + timedelta(hours=2)).strftime("%Y-%m-%d %H:")
    for words in (title, house, safe, until, "/orders/find"):
        assert words in page
    assert 'type="search"' not in page, "there is nothing to search for"
    assert "style=" not in page


def test_the_operators_words_stand_in_place_of_the_houses_in_their_own_language() -> None:
    headers = told(zh="数据库升级。", en="A <b>larger</b> database.", until_in=None)
    page = browser().get("/closed", headers=headers).content.decode()
    assert "A &lt;b&gt;larger&lt;/b&gt; database." in page
    assert "Look again in a few minutes." in page
    assert "数据库升级。" in browser("zh-hans").get("/closed", headers=headers).content.decode()


def test_a_time_that_has_passed_is_not_promised_any_more() -> None:
    page = browser().get("/closed", headers=told(begins_in=-3, until_in=-1)).content.decode()
    assert "It takes longer than expected" in page
    assert "Expected back at" not in page


@pytest.mark.parametrize("headers", [{}, told(begins_in=1)])
def test_while_the_shop_is_open_there_is_no_such_page(headers: dict[str, str]) -> None:
    answer = browser().get("/closed", headers=headers)
    assert (answer.status_code, answer["Location"]) == (303, "/")


def test_beforehand_every_page_has_a_banner_the_kept_ones_too(ware: cast.Ware, stranger: Client) -> None:
    for path in ("/", "/p/star-300", "/orders/find", "/account/login/"):
        assert "closed for maintenance" not in stranger.get(path).content.decode()
        answer = stranger.get(path, headers=told(begins_in=1, en="Nightly work."))
        page = answer.content.decode()
        assert "on the shop is closed for maintenance" in page, path
        assert "Nightly work." in page
        assert "Expected back at" in page
    assert "X-Xinka-Cache" in stranger.get("/p/star-300", headers=told(begins_in=1))


def test_whoever_has_an_order_sees_it_pays_it_and_gets_its_goods(
    delivered: cast.Bought, ware: cast.Ware, cy: Client
) -> None:
    unpaid = cast.buy(ware.sku, delivered.channel, contact=cast.CY)
    for bought, ending, words in ((delivered, "", "Delivered"), (unpaid, "/pay", "Alipay")):
        cy.cookies["xk_order"] = bought.cookie
        answer = cy.get(order_path(bought.order_id) + ending, headers=told())
        assert answer.status_code == 200
        page = answer.content.decode()
        assert words in page
        assert "The shop is closed for maintenance." in page
        assert "Only new orders wait" in page


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing was ordered"), ("zh-hans", "没有下单，也没有扣款")])
def test_a_refused_order_is_explained_and_after_it_the_way_on_is_the_product(
    ware: cast.Ware, language: str, words: str
) -> None:
    path = f"/checkout/refused?code=shop_closed&sku={ware.sku.id}&quantity=1"
    page = browser(language).get(path, headers=told()).content.decode()
    assert words in page
    assert "/orders/find" in page
    again = browser().get(path).content.decode()
    assert "The shop is open again." in again
    assert f"/p/star-300?sku={ware.sku.id}" in again
