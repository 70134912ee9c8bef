"""The desk in Debian's Chromium: no page has a finding or scrolls sideways, and a paste becomes a preview."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.cast import Ware, adas_shop, buy, channel, pay, ware
from xinka.accounts.models import User
from xinka.flows import stocking
from xinka.kernel import ids
from xinka.orders.models import Order
from xinka.stock.models import StockBatch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_PAGES = (
    *("", "products", "products/new", "products/{product}", "stock", "stock/{sku}", "stock/{sku}/import"),
    *("imports/{waiting}", "imports/{done}", "imports/{done}/codes", "orders", "orders/{order}"),
)
#: Where pictures of the pages go, when somebody wants to look at them.
_SHOTS = os.environ.get("TEST_SHOTS", "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        # Playwright keeps a loop running in this thread, which Django takes for asynchronous code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        yield chromium
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        chromium.close()


@pytest.fixture
def stocked(transactional_db: None) -> Ware:
    """A shop at work: sales, stock, an import done and one that waits."""
    made = ware(adas_shop(), 4, sku={"choosable": True}, tiers={10: 4655})
    pay_by = channel()
    for n in range(2):
        pay(buy(made.sku, pay_by, contact=f"lin{n}@example.com"))
    buy(made.sku, pay_by)
    ware(made.product.merchant, slug="mist", product={"title": "迷雾大陆 通行证", "state": "draft"})
    stocking.import_text(
        "code,label,expires_on\nXH30-0261-1217-0001,靓号 8888,2030-01-31\nXH30-0261-1217-0002,,", made.sku.id
    )
    text = "XH30-0261-1217-0001\nNEW1-0261-1217-4408\nNEW1-0261-1217-4408\nbad\x07\nNEW2-0261-1217-4797\n"
    stocking.receive(made.sku.id, [text.encode()], name="xh300-1121.txt", by_id=None)
    return made


def pages_of(made: Ware) -> dict[str, str]:
    """Return the paths of the desk's pages by their pattern."""
    waiting, done = StockBatch.objects.exclude(source="cast")[:2]
    order = Order.objects.earliest("placed_at")
    values = {
        "product": made.product.id,
        "sku": made.sku.id,
        "waiting": waiting.id,
        "done": done.id,
        "order": ids.show("ord", order.id),
    }
    return {page: f"/desk/{made.product.merchant.slug}/{page.format(**values)}" for page in _PAGES}


def signed_in(
    browser: Browser, live_server: LiveServer, width: int, theme: str, *, java_script_enabled: bool = True
) -> BrowserContext:
    """Return a browser window in which Ada is signed in."""
    client = Client()
    client.force_login(User.objects.get(email="ada@ada-cards.example"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="zh-CN", java_script_enabled=java_script_enabled
    )
    cookies = {settings.SESSION_COOKIE_NAME: session, "xk_theme": theme}
    context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
    return context


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "light"), (390, "dark"), (1280, "dark")])
def test_no_page_has_a_finding_or_scrolls_sideways(
    browser: Browser, live_server: LiveServer, stocked: Ware, width: int, theme: str
) -> None:
    context = signed_in(browser, live_server, width, theme)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    findings, too_wide = {}, []
    for pattern, path in pages_of(stocked).items():
        page.goto(live_server.url + path)
        if _SHOTS:
            name = pattern.replace("/", "_").replace("{", "").replace("}", "") or "start"
            page.screenshot(path=str(Path(_SHOTS) / f"{name}-{width}-{theme}.png"), full_page=True)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            too_wide.append(pattern)
        found = Axe().run(page)
        serious = [v for v in found.response["violations"] if v["impact"] in {"serious", "critical", "moderate"}]
        findings |= {(pattern, v["id"]): [node["html"] for node in v["nodes"]][:3] for v in serious}
    assert (findings, too_wide, complaints) == ({}, [], [])
    context.close()


def test_the_chart_says_which_days_it_shows_and_its_number_is_legible_over_a_bar(
    browser: Browser, live_server: LiveServer, stocked: Ware
) -> None:
    context = signed_in(browser, live_server, 1280, "light")
    page = context.new_page()
    page.goto(live_server.url + pages_of(stocked)[""])
    shade = "node => getComputedStyle(node).backgroundColor"
    shown, other = page.locator("[href='?days=14']"), page.locator("[href='?days=30']")
    assert shown.evaluate(shade) != other.evaluate(shade)
    halo = page.locator(".chart .v").evaluate(
        "node => [getComputedStyle(node).stroke, getComputedStyle(node).paintOrder]"
    )
    assert halo == ["rgb(255, 255, 255)", "stroke"]
    context.close()


def test_on_a_phone_stock_is_brought_in_without_scrolling_sideways(
    browser: Browser, live_server: LiveServer, stocked: Ware
) -> None:
    context = signed_in(browser, live_server, 360, "light")
    context.add_cookies([{"name": "xk_lang", "value": "en", "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + pages_of(stocked)["stock"])
    button, frame = (page.locator(which).first.bounding_box() for which in ("main td .btn", "main .p.flush"))
    assert button is not None
    assert frame is not None
    assert button["x"] + button["width"] <= frame["x"] + frame["width"]
    context.close()


def test_a_form_asks_only_for_what_belongs_to_the_kind_even_without_scripts(
    browser: Browser, live_server: LiveServer, stocked: Ware
) -> None:
    context = signed_in(browser, live_server, 390, "light", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/desk/{stocked.product.merchant.slug}/promotions/coupons/new")
    seen = {name: page.locator(f"[name={name}]").is_visible() for name in ("amount", "percent", "most_off", "code")}
    assert seen == {"amount": True, "percent": False, "most_off": False, "code": True}
    page.select_option("[name=takes]", "percent")
    seen = {name: page.locator(f"[name={name}]").is_visible() for name in ("amount", "percent", "most_off", "code")}
    assert seen == {"amount": False, "percent": True, "most_off": True, "code": True}
    context.close()


@pytest.mark.parametrize("path", ["orders", "products", "stock/{sku}", "imports/{waiting}", "imports/{done}/codes"])
def test_no_list_is_wider_than_a_phone(browser: Browser, live_server: LiveServer, stocked: Ware, path: str) -> None:
    context = signed_in(browser, live_server, 360, "light")
    page = context.new_page()
    page.goto(live_server.url + pages_of(stocked)[path])
    assert page.locator(".scroll").count()
    too_wide = "nodes => nodes.filter((node) => node.scrollWidth > node.clientWidth).length"
    assert page.locator(".scroll").evaluate_all(too_wide) == 0
    context.close()


def test_pasted_codes_become_a_preview_and_a_variant_is_added_in_place(
    browser: Browser, live_server: LiveServer, stocked: Ware
) -> None:
    context = signed_in(browser, live_server, 1280, "light")
    page = context.new_page()
    paths = pages_of(stocked)
    page.goto(live_server.url + paths["stock/{sku}/import"])
    page.fill("#pasted", "PASTED-CODE-0001\nPASTED-CODE-0002")
    assert page.inner_text("#lines") == "2"
    page.click("main .btn.pri")
    page.wait_for_selector("text=PAST •••• 0002")
    page.goto(live_server.url + paths["products/{product}"])
    page.click("[data-add-variant]")
    assert page.locator(".variant").count() == 2
    page.click("text=预览")
    page.wait_for_selector("#preview p")
    context.close()
