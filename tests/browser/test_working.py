"""Those who work in the shop: Ada brings a product to the shelf, her clerk may do less, Dee looks at the system."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tools.tour import open_cashier, order, sign_in

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser


def test_ada_makes_a_product_stocks_it_and_a_stranger_buys_it(page: Page, visit: Visit, shop: Shop) -> None:
    name = f"雨燕号 船票 {secrets.token_hex(3)}"
    codes = [f"YYH-{secrets.token_hex(4).upper()}" for _ in range(3)]
    sign_in(page, shop.url, "Ada")
    page.goto(f"{shop.url}/desk/xinghe/products/new")
    page.fill("[name=title]", name)
    page.select_option("[name=category]", label="游戏点卡")
    page.fill("[name=face]", "船票")
    page.fill("[name$='-price']:visible >> nth=0", "12.50")
    page.click("main form button.pri")
    page.wait_for_url(re.compile("/products/[0-9]+$"))
    page.click("button:has-text('上架')")
    expect(page.locator("main")).to_contain_text("在售")

    page.goto(f"{shop.url}/desk/xinghe/stock")
    page.click(f"a:has-text('导入 {name}')")
    page.fill("#pasted", "\n".join([*codes, codes[0]]))
    page.click("main form button.pri")
    expect(page.locator("main")).to_contain_text("重复")
    assert all(code not in page.content() for code in codes), "the preview masks what it shows"
    page.click("main form button.pri")
    expect(page.locator("main")).to_contain_text("已导入", timeout=30_000)

    buyer = visit()
    buyer.goto(f"{shop.url}/search?q={name}")
    expect(buyer.locator("main")).to_contain_text("剩 3 件")
    buyer.click(f"main a:has-text('{name}')")
    buyer.wait_for_url("**/p/*")
    place = order(buyer, shop.url, buyer.url.removeprefix(shop.url), "alipay-sandbox")
    open_cashier(buyer)
    buyer.click("form[action$='/pay'] button")
    buyer.goto(place)
    buyer.click("article.code form button")
    expect(buyer.locator("[data-code]")).to_have_text(codes[0])

    page.goto(f"{shop.url}/desk/xinghe/orders")
    expect(page.locator("main")).to_contain_text(name)


def test_a_clerk_may_not_take_orders_away_and_a_buyer_has_no_desk(page: Page, visit: Visit, shop: Shop) -> None:
    sign_in(page, shop.url, "Bo")
    assert page.request.get(f"{shop.url}/desk/xinghe/orders").status == 200
    assert page.request.get(f"{shop.url}/desk/xinghe/orders.csv").status in {403, 404}
    assert page.request.get(f"{shop.url}/desk/hetang/orders").status == 404
    eve = visit()
    sign_in(eve, shop.url, "Cy")
    assert eve.request.get(f"{shop.url}/desk/xinghe/orders").status == 404
    assert eve.request.get(f"{shop.url}/office/system").status == 404


def test_dee_sees_that_the_shop_is_well(page: Page, shop: Shop) -> None:
    sign_in(page, shop.url, "Dee")
    page.goto(f"{shop.url}/office/system")
    page.click("button:has-text('核对')")
    expect(page.locator("main")).to_contain_text("正常")
