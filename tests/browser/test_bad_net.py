"""A buyer on a cheap telephone with a bad net: dead lines, answers that never come, cookies and clocks that are off."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.telephones import PHONE
from tools.tour import open_cashier, order
from xinka.flows.expire import expire_due
from xinka.kernel import ids
from xinka.platform.database.drive import drive

if TYPE_CHECKING:
    from conftest import Home, Shop

pytestmark = pytest.mark.browser
PRODUCT = "/p/star-voyage-300"
#: A channel whose notice settles by itself, so that the goods are there when the cashier says that they are paid.
CHANNEL = "wechat-sandbox"


@pytest.fixture
def phone(browser: Browser, home: Home) -> Iterator[Callable[..., BrowserContext]]:
    """Open telephones; what fails on the way to the shop is what these tests are about, so nobody complains of it."""
    opened: list[BrowserContext] = []

    def open_one(**wishes: Any) -> BrowserContext:
        asked = {"locale": "zh-CN", "viewport": PHONE, "extra_http_headers": home, **wishes}
        context = browser.new_context(**asked)
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


def pay_in_another_tab(place: str, phone: BrowserContext) -> None:
    """Pay an order, and wait until its goods are there."""
    tab = phone.new_page()
    tab.goto(f"{place}/pay")
    open_cashier(tab)
    tab.click("form[action$='/pay'] button")
    expect(tab.locator("article.code")).to_have_count(1, timeout=40_000)
    tab.close()


def fail_first(page: Page, address: str, act: Callable[[Route], None]) -> list[str]:
    """Do something else with the first request to an address; returns the list of all that are made."""
    asked: list[str] = []

    def handle(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            act(route)
        else:
            route.continue_()

    page.route(address, handle)
    return asked


def test_goods_that_did_not_come_through_are_asked_for_until_they_do(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    telephone = phone()
    page = telephone.new_page()
    place = order(page, shop.url, PRODUCT, CHANNEL)
    asked = fail_first(page, "**/goods", lambda route: route.abort("internetdisconnected"))
    page.goto(place)
    pay_in_another_tab(place, telephone)
    expect(page.locator("article.code")).to_have_count(1, timeout=30_000)
    assert len(asked) == 2


def test_a_line_that_is_dead_is_given_up_when_the_buyer_comes_back_from_paying(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    telephone = phone()
    page = telephone.new_page()
    place = order(page, shop.url, PRODUCT, CHANNEL)
    page.goto("about:blank")
    asked = fail_first(page, "**/status*", lambda _route: None)  # asked, and never answered
    page.goto(place)
    pay_in_another_tab(place, telephone)
    assert len(asked) == 1
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("article.code")).to_have_count(1, timeout=10_000)


@pytest.mark.parametrize("where", ["", "/pay"])
def test_a_page_whose_cookie_was_cleared_says_so_instead_of_waiting(
    phone: Callable[..., BrowserContext], shop: Shop, where: str
) -> None:
    telephone = phone()
    page = telephone.new_page()
    place = order(page, shop.url, PRODUCT, CHANNEL)
    kept = telephone.cookies()
    page.goto(place + where)
    lost = page.locator("[data-lost]")
    expect(lost).to_be_hidden()
    telephone.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(lost).to_be_visible()
    expect(lost.locator("a")).to_have_attribute("href", "/orders/find")
    telephone.add_cookies([dict(one) for one in kept])  # type: ignore[misc]  # as playwright gave them
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(lost).to_be_hidden()


def test_a_countdown_that_ends_in_a_tunnel_leaves_the_page_where_it_is(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    telephone = phone()
    page = telephone.new_page()
    place = order(page, shop.url, PRODUCT, CHANNEL)
    with shop.database() as database:
        order_id = ids.parse("ord", place.rpartition("/")[2])
        database.execute("UPDATE orders_order SET expires_at = now() + interval '4 s' WHERE id = %s", [order_id])
    page.reload()
    left: list[str] = []
    page.on("framenavigated", lambda frame: left.append(frame.url))
    telephone.set_offline(True)
    expect(page.locator("[data-clock]")).to_have_text("00:00", timeout=10_000)
    page.wait_for_timeout(4000)
    assert left == []
    telephone.set_offline(False)
    expect(page.locator("h1")).to_have_text(re.compile("过期"))
    assert page.url == f"{place}/pay"


def test_an_order_whose_sending_was_stopped_can_be_sent_again_and_is_one_order(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    contact = f"{secrets.token_hex(6)}@mail.example"
    page = phone().new_page()
    page.goto(shop.url + PRODUCT)
    page.fill("#contact", contact)
    asked = fail_first(page, "**/checkout", lambda route: route.abort("aborted"))
    button = page.locator(".buybar button")
    button.click(no_wait_after=True)
    expect(button).to_have_attribute("aria-busy", "true")
    button.click(no_wait_after=True)
    assert len(asked) == 1, "pressing twice is one order"
    expect(button).not_to_have_attribute("aria-busy", "true", timeout=15_000)
    assert page.input_value("#contact") == contact
    button.click(no_wait_after=True)
    page.wait_for_url("**/pay")
    assert len(asked) == 2


@pytest.mark.parametrize("hours", [-5, 7])
def test_a_telephone_whose_clock_is_off_counts_a_sale_down_as_the_shop_does(
    phone: Callable[..., BrowserContext], shop: Shop, hours: int
) -> None:
    with shop.database() as database:
        database.execute(
            "INSERT INTO promotions_flashsale (sku_id, merchant_id, price, units, starts_at, ends_at, created_at)"
            " SELECT k.id, p.merchant_id, k.price - 100, 5, now() - interval '1 s', now() + interval '80 s', now()"
            " FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id WHERE p.slug = 'quiet-yoga'"
            " ORDER BY k.id LIMIT 1"
        )
    try:
        telephone = phone()
        telephone.add_init_script(
            f"{{ const right = Date.now.bind(Date); Date.now = () => right() + {hours} * 3600000; }}"
        )
        page = telephone.new_page()
        page.goto(f"{shop.url}/p/quiet-yoga?quantity=1&fresh={secrets.token_hex(4)}")
        expect(page.locator("[data-flash-clock]")).to_have_text(re.compile(r"00:0[01]:\d\d"))
        assert page.locator("[data-flash-clock]").inner_text() != "00:00:00"
    finally:
        with shop.database() as database:
            database.execute("UPDATE promotions_flashsale SET ends_at = now() WHERE ends_at > now() AND units = 5")


def test_without_scripts_going_back_and_ordering_again_is_the_same_order(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    page = phone(java_script_enabled=False).new_page()
    contact = f"{secrets.token_hex(6)}@mail.example"
    numbers = []
    for _ in range(2):
        page.goto(shop.url + PRODUCT)
        page.fill("#contact", contact)
        page.click(".buybar button")
        numbers.append(page.locator("aside .mono").first.inner_text())
    assert numbers[0].startswith("ord_")
    assert numbers[0] == numbers[1]


def test_money_that_comes_after_the_end_is_shown_on_the_page_that_says_so(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    telephone = phone()
    page = telephone.new_page()
    place = order(page, shop.url, PRODUCT, CHANNEL)
    order_id = ids.parse("ord", place.rpartition("/")[2])
    cashier = telephone.new_page()
    cashier.goto(f"{place}/pay")
    open_cashier(cashier)
    with shop.database() as database:
        token = cashier.url.partition("/sandbox/pay/")[2].partition("/")[0].partition("?")[0]
        database.execute(
            "UPDATE sandbox_sandboxtrade SET expires_at = now() - interval '2 min' WHERE token = %s", [token]
        )
        database.execute("UPDATE orders_order SET expires_at = now() WHERE id = %s", [order_id])
        drive(database, expire_due(only=order_id))
    page.goto(place)
    expect(page.locator("h1")).to_have_text(re.compile("过期"))
    cashier.reload()
    cashier.click("button[formaction$='/pay-late'], form[action$='/pay-late'] button")
    expect(page.locator("article.code")).to_have_count(1, timeout=30_000)


@pytest.mark.parametrize(
    ("zone", "says"), [("Europe/Berlin", True), ("Asia/Shanghai", False), ("Asia/Singapore", False)]
)
def test_a_telephone_in_another_zone_reads_in_which_one_a_time_is(
    phone: Callable[..., BrowserContext], shop: Shop, zone: str, *, says: bool
) -> None:
    page = phone(timezone_id=zone).new_page()
    place = order(page, shop.url, PRODUCT, "alipay-sandbox")
    page.goto(f"{place}/pay")
    before = page.locator(".payp p:has(time)")
    expect(before).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d" + (r" \(UTC\+8\)" if says else r"(?! \(UTC)")))
    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_quantity_goes_along_to_another_language_and_another_variant(
    phone: Callable[..., BrowserContext], shop: Shop
) -> None:
    page = phone().new_page()
    page.goto(f"{shop.url}/p/cloud-realm-pass")
    page.click("[data-step='1']")
    page.click("[data-step='1']")
    page.click("a.chip:has-text('季卡')")
    expect(page.locator("a.chip[aria-current]")).to_contain_text("季卡")
    expect(page.locator("#qty")).to_have_value("3")
    page.click("[data-step='-1']")
    page.click("button[name=language]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#qty")).to_have_value("2")
    expect(page.locator("a.chip[aria-current]")).to_contain_text("3 months")
