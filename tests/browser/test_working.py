"""Those who work in the shop: Ada brings a product to the shelf, her clerk may do less, Dee looks at the system."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tools.tour import open_cashier, order, sign_in
from xinka.accounts.demo_people import PASSWORD

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


def test_a_file_that_was_chosen_before_the_session_ended_is_sent_after_a_new_sign_in(page: Page, shop: Shop) -> None:
    sign_in(page, shop.url, "Fei")
    page.goto(f"{shop.url}/office/reconciling")
    channel = page.locator("form:has([name=file]) [name=channel] option").first.get_attribute("value")
    page.set_input_files("[name=file]", {"name": "bill.csv", "mimeType": "text/csv", "buffer": b"kind,trade_no\n"})
    form = "form:has([name=file])"
    page.context.clear_cookies(name=re.compile("session"))
    page.click(f"{form} button[type=submit]")
    note = page.locator(f"{form} [data-signed-out]")
    expect(note).to_contain_text("内容都还在")
    assert page.evaluate("document.querySelector('[name=file]').files[0].name") == "bill.csv"

    with page.context.expect_page() as opened:
        note.locator("a").click()
    sign_in_here(opened.value, shop, "fei")
    page.click(f"{form} button[type=submit]")
    # It got there as it was: the file that was chosen is read, and lacks a column.
    expect(page.locator("main")).to_contain_text("amount 列")
    assert page.locator(f"{form} [name=channel]").input_value() == channel


def test_what_was_typed_for_long_stays_when_somebody_else_has_signed_in(page: Page, shop: Shop) -> None:
    sign_in(page, shop.url, "Dee")
    page.goto(f"{shop.url}/office/staff")
    page.evaluate("performance.now = () => 3600000")
    page.fill("[name=email]", "nobody@example.com")
    other = page.context.new_page()
    sign_in(other, shop.url, "Sia")
    page.click("form:has([name=email]) button[type=submit]")
    expect(page.locator("[data-signed-out]")).to_be_visible()
    assert page.input_value("[name=email]") == "nobody@example.com"
    sign_in(other, shop.url, "Dee")
    page.click("form:has([name=email]) button[type=submit]")
    expect(page.locator("main")).to_contain_text("没有人")


def sign_in_here(page: Page, shop: Shop, who: str) -> None:
    """Sign in on the page to which a link led, as somebody of the demo."""
    page.fill("[name=login]", f"{who}@demo.xinka.example")
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button[type=submit]").first.click()
    page.wait_for_url(re.compile("^(?!.*/login/).*$"))


def test_what_was_wrong_with_a_password_is_not_said_of_the_next_one(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/account/signup/")
    page.fill("[name=email]", f"{secrets.token_hex(6)}@mail.example")
    page.fill("[name=password1]", "password123")
    page.click("main form button.pri")
    password = page.locator("[name=password1]")
    expect(page.locator("main")).to_contain_text("泄露名单")
    expect(password).to_have_attribute("aria-invalid", "true")
    password.fill("seven grey tortoises swim")
    expect(page.locator("main")).not_to_contain_text("泄露名单")
    expect(page.locator("main")).not_to_contain_text("太容易被猜到")
    expect(password).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-meter]")).to_be_visible()
    described = password.get_attribute("aria-describedby") or ""
    assert [name for name in described.split() if not page.locator(f"[id='{name}']").count()] == []
