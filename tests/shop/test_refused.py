"""Where checkout's "no" leads: a sentence of ours, facts read anew, and one button."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from tests.promotions import offers
from xinka.catalog.models import Product
from xinka.payments.models import Channel
from xinka.shop.deals import passes

pytestmark = pytest.mark.django_db


def main_of(client: Client, query: dict[str, object]) -> str:
    """Return what the page itself says; its footer repeats its address."""
    page = client.get("/checkout/refused", query).content.decode()
    return page[page.index("<main") : page.index("</main>")]


CODES = [
    "product_gone", "out_of_stock", "only_some_left", "chosen_gone", "bad_quantity", "price_changed",
    "too_many_unpaid", "no_such_channel", "request_key_reused", "bad_input", "overloaded", "made_up", "",
]  # fmt: skip


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_refusal_has_a_page_with_exactly_one_button(ware: cast.Ware, code: str, language: str) -> None:
    query = {"code": code, "sku": ware.sku.id, "quantity": 99}
    response = Client(headers={"accept-language": language}).get("/checkout/refused", query)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count('class="btn pri"') == 1
    assert "{" not in page.split("<h1", 1)[1].split("</h1>", 1)[0]
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("sku", ["", "0", "999999999", "x", "-1", "9" * 30])
@pytest.mark.parametrize("code", CODES)
def test_no_made_up_address_breaks_the_page(db: None, stranger: Client, code: str, sku: str) -> None:
    assert stranger.get("/checkout/refused", {"code": code, "sku": sku, "quantity": sku}).status_code == 200


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "An order password needs 6 characters or more"), ("zh-CN", "订单密码要 6 个字符以上")],
)
def test_a_password_that_is_too_short_is_explained(ware: cast.Ware, language: str, words: str) -> None:
    browser = Client(headers={"accept-language": language})
    assert words in main_of(browser, {"code": "bad_input", "field": "password", "sku": ware.sku.id})


@pytest.mark.parametrize(("state", "way"), [("paused", "/c/games"), ("draft", "/"), ("archived", "/")])
def test_from_a_product_taken_off_the_shelf_the_way_leads_to_its_neighbours(
    ware: cast.Ware, stranger: Client, state: str, way: str
) -> None:
    Product.objects.update(state=state)
    page = main_of(stranger, {"code": "product_gone", "sku": ware.sku.id})
    assert f'class="btn pri" href="{way}"' in page
    assert "Star Voyage" not in page


def test_from_what_has_just_sold_out_a_second_way_leads_to_where_one_is_told_when_it_is_back(
    alipay: Channel, stranger: Client
) -> None:
    ware = cast.ware(cast.adas_shop(), 0)
    page = main_of(stranger, {"code": "out_of_stock", "sku": ware.sku.id, "quantity": 2})
    assert f'href="/p/star-300?sku={ware.sku.id}&amp;quantity=2#buy">Tell me when it is back</a>' in page
    asked = stranger.get(f"/p/star-300?sku={ware.sku.id}&quantity=2").content.decode()
    assert 'action="/back-in-stock"' in asked
    for other in ("product_gone", "price_changed"):
        assert "Tell me" not in main_of(stranger, {"code": other, "sku": ware.sku.id, "quantity": 2})


def test_part_left_offers_to_buy_what_is_left(ware: cast.Ware, stranger: Client) -> None:
    query = {"code": "only_some_left", "sku": ware.sku.id, "quantity": 99, "available": 1_000_000}
    page = main_of(stranger, query)
    assert "Only 12 left" in page
    assert "Buy 12 instead" in page
    assert "1000000" not in page


def test_a_new_price_is_the_shops_own_and_not_the_addresss(ware: cast.Ware, stranger: Client) -> None:
    query = {"code": "price_changed", "sku": ware.sku.id, "quantity": 2, "price": "0.01 CNY", "amount": 1}
    page = main_of(stranger, query)
    assert "¥98.00" in page
    assert "0.01" not in page


@pytest.mark.parametrize(
    ("shown", "quantity", "words"),
    [
        (4900, 3, "The total for 3 is ¥147.00."),
        (4900, 6, "The total for 6 is ¥285.00."),
        (2 * 4900, 1, "The total for 1 is ¥49.00."),
        (4700, 1, "The price has just changed: the total is now ¥49.00."),
        (0, 3, "The price has just changed: the total is now ¥147.00."),
    ],
)
def test_a_total_of_another_quantity_is_not_called_a_new_price(
    ware: cast.Ware, stranger: Client, shown: int, quantity: int, words: str
) -> None:
    page = main_of(stranger, {"code": "price_changed", "sku": ware.sku.id, "quantity": quantity, "shown": shown})
    assert words in page
    assert f"quantity={quantity}#buy" in page


def test_a_code_that_nobody_pressed_use_for_is_named(ware: cast.Ware, stranger: Client) -> None:
    offers.coupon()
    stranger.cookies["xk_code"] = passes().code("SPRING")
    query = {"code": "price_changed", "sku": ware.sku.id, "quantity": 2, "shown": 9800}
    assert "With your code or gift card the total is ¥93.00" in main_of(stranger, query)


def test_a_bad_contact_is_named(ware: cast.Ware, stranger: Client) -> None:
    query = {"code": "bad_input", "field": "contact", "why_en": "<script>", "sku": ware.sku.id}
    page = main_of(stranger, query)
    assert "QQ number (5 to 12 digits)" in page
    assert "<script>" not in page
