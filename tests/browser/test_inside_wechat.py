"""In WeChat's browser the page itself pays: no code to scan, three ways it can end, and the goods follow."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.telephones import PHONE, WECHAT, faults_of
from tools.tour import order
from xinka.kernel import ids

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
CHANNEL = "wechatpay-sandbox"


@pytest.fixture
def phone(visit: Visit) -> Page:
    """Cy's telephone, in WeChat."""
    return visit(viewport=PHONE, user_agent=WECHAT)


def order_here(page: Page, shop: Shop) -> str:
    """Order a card by WeChat Pay; return the order's address."""
    contact = f"{secrets.token_hex(6)}@mail.example"
    return order(page, shop.url, "/p/star-voyage-300", CHANNEL, contact=contact)


def open_window(page: Page) -> None:
    """Press the button; WeChat says who pays, and its window opens by itself."""
    page.click("form[action$='/pay/inside'] button.pri")
    page.wait_for_url("**/pay/inside/pay_*")
    expect(page.locator("dialog[open]")).to_contain_text("49.00")


def test_the_page_pays_and_the_goods_come_without_leaving_wechat(phone: Page, shop: Shop) -> None:
    place = order_here(phone, shop)
    expect(phone.locator(".qr img")).to_have_count(0)
    open_window(phone)
    phone.click("dialog button.pri")
    phone.wait_for_url(place)
    expect(phone.locator("article.code")).to_have_count(1)
    with shop.database() as database:
        order_id = ids.parse("ord", place.rpartition("/")[2])
        query = "SELECT to_jsonb(p)::text FROM payments_payment p WHERE order_id = %s AND state = 'paid'"
        ((row,),) = database.execute(query, [order_id]).fetchall()
        openids = "SELECT facts ->> 'openid' FROM sandbox_sandboxtrade WHERE type = 'JSAPI' ORDER BY id DESC LIMIT 1"
        ((openid,),) = database.execute(openids).fetchall()
    assert openid not in row


def test_who_closes_the_window_reads_that_nothing_was_charged_and_can_pay_after_all(phone: Page, shop: Shop) -> None:
    place = order_here(phone, shop)
    open_window(phone)
    phone.click("dialog button >> nth=1")
    expect(phone.locator("[data-inside=cancel]")).to_be_visible()
    expect(phone.locator("[data-inside=ok]").first).to_be_hidden()
    phone.click("[data-again]")
    phone.click("dialog button >> nth=2")
    expect(phone.locator("[data-inside=fail]")).to_be_visible()
    phone.reload()
    expect(phone.locator("dialog[open]")).to_be_visible()
    phone.keyboard.press("Escape")
    expect(phone.locator("[data-inside=cancel]")).to_be_visible()
    phone.click("[data-again]")
    phone.click("dialog button.pri")
    phone.wait_for_url(place)
    expect(phone.locator("article.code")).to_have_count(1)


def test_axe_finds_nothing_serious_on_the_page_that_pays(visit: Visit, shop: Shop) -> None:
    # Axe itself is a script that the policy would refuse, and colours that are still changing are no fault.
    page = visit(viewport=PHONE, user_agent=WECHAT, bypass_csp=True, reduced_motion="reduce")
    order_here(page, shop)
    found = faults_of(page, "pay")
    open_window(page)
    found += faults_of(page, "window")
    page.click("dialog button >> nth=1")
    expect(page.locator("[data-inside=cancel]")).to_be_visible()
    found += faults_of(page, "cancelled")
    page.goto(f"{shop.url}/sandbox/wechat/browser")
    assert found + faults_of(page, "pretend") == []


def test_other_browsers_get_what_works_in_them(visit: Visit, phone: Page, shop: Shop) -> None:
    desktop = visit()
    place = order_here(desktop, shop)
    expect(desktop.locator(".qr img")).to_be_visible()
    browser = visit(viewport=PHONE, user_agent=WECHAT.partition(" MicroMessenger")[0])
    order_here(browser, shop)
    assert "/checkmweb?" in str(browser.locator("a.btn.pri").first.get_attribute("href"))
    answer = phone.goto(f"{place}/pay")
    assert answer
    assert answer.status == 404, "somebody else's order"


def test_where_wechats_function_is_missing_the_page_says_so(phone: Page, shop: Shop) -> None:
    order_here(phone, shop)
    phone.route("**/bridge*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    phone.click("form[action$='/pay/inside'] button.pri")
    expect(phone.locator("[data-inside=absent]")).to_be_visible(timeout=15_000)
    expect(phone.locator("a:has-text('换一种付款方式')")).to_be_visible()
