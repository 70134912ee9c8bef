"""The gallery in Debian's Chromium: scripts do their work under the strict policy, and axe finds nothing serious."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings

pytestmark = pytest.mark.browser


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(site: Client, settings: Settings) -> Iterator[str]:
    settings.WHITENOISE_USE_FINDERS = True
    settings.WHITENOISE_AUTOREFRESH = True
    with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The gallery; the test fails if the browser had anything to complain of."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    opened, complaints = context.new_page(), []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{address}/look/gallery")
    yield opened
    assert complaints == []
    context.close()


def test_the_theme_changes_in_place_and_is_remembered(page: Page) -> None:
    page.evaluate("window.same = 1")
    page.click("button[value=dark]")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate("window.same") == 1
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    page.click("button[value=auto]")
    page.reload()
    assert page.get_attribute("html", "data-theme") is None


def test_the_language_changes_and_the_page_stays(page: Page) -> None:
    before = page.url
    page.click("text=English")
    assert page.get_attribute("html", "lang") == "en"
    assert page.url == before


def test_the_total_follows_the_quantity_and_its_tier(page: Page) -> None:
    for _ in range(5):
        page.click("[data-step='1']")
    assert page.input_value("#qty") == "6"
    assert page.inner_text("[data-total]") == "285.00"
    page.fill("#qty", "999")
    page.press("#qty", "Tab")
    assert page.input_value("#qty") == "50"
    assert page.inner_text("[data-total]") == "2,300.00"
    assert page.is_disabled("[data-step='1']")


def test_a_code_is_copied_without_asking_for_permission(page: Page) -> None:
    page.evaluate("document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.click("[data-copy='#code-1-2']")
    page.wait_for_selector(".toast[data-goes]")
    assert page.evaluate("window.copied") == "7QMK-9D2R-WX4P-H6TN"


def test_the_clock_runs_and_an_expired_one_says_so(page: Page) -> None:
    first, second, third = page.query_selector_all("[data-countdown]")
    before = first.query_selector("[data-clock]")
    assert before is not None
    text = before.inner_text()
    page.wait_for_function("text => document.querySelector('[data-clock]').textContent < text", arg=text)
    assert second.query_selector(".qr.low") is not None
    assert third.query_selector(".qr.gone") is not None
    assert third.query_selector(".again:not([hidden])") is not None


def test_stock_is_swapped_as_text(page: Page, address: str) -> None:
    body = '{"stock": {"1": 3, "2": 0, "3": -1, "4": 99}}'
    page.route("**/stock?sku=*", lambda route: route.fulfill(body=body, content_type="application/json"))
    page.evaluate("""() => document.querySelectorAll(".live").forEach((node, place) => Object.assign(node.dataset, {
        stockSku: place + 1, low: 10, haveText: "have {n}", fewText: "few {n}", outText: "out", anyText: "any"}))""")
    page.evaluate("xk.poll()")
    page.wait_for_function("document.querySelector('.live').textContent === 'few 3'")
    assert [(node.inner_text(), node.get_attribute("class")) for node in page.query_selector_all(".live")[:4]] == [
        ("few 3", "live low wait"),
        ("out", "live out q"),
        ("any", "live"),
        ("have 99", "live"),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, address: str, theme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="zh-CN", bypass_csp=True)
    context.add_cookies([{"name": "xk_theme", "value": theme, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/look/gallery")
    found = [(one["id"], [node["html"] for node in one["nodes"]]) for one in Axe().run(page).response["violations"]]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".tl .meta time").evaluate("time => time.getClientRects().length") == 1, "a moment is not torn"
    context.close()
