"""What holds on every page: nothing serious for axe to find, nothing that scrolls sideways, little to load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.telephones import leaves_a_narrow_phone
from tools import tour
from tools.tour import WINDOWS

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
#: What a first visit may load, compressed.
FIRST_LOAD = 60_000
#: Every window is seen by day and by night, and every language in both windows.
SEEN_IN = {
    ("zh-hans", "phone"): "dark",
    ("zh-hans", "desktop"): "light",
    ("en", "phone"): "light",
    ("en", "desktop"): "dark",
}
Walk = Callable[[Page, str], Iterator[str]]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(
    "walk", [tour.guest_pages, tour.buyer_pages, tour.merchant_pages, tour.staff_pages], ids=lambda walk: walk.__name__
)
def test_axe_finds_nothing_serious(visit: Visit, shop: Shop, walk: Walk, language: str) -> None:
    # Axe itself is a script that the policy would refuse, and colours that are still changing are no fault.
    page = visit(bypass_csp=True, reduced_motion="reduce")
    page.context.add_cookies([{"name": "xk_lang", "value": language, "url": shop.url}])
    found: list[tuple[str, ...]] = []
    for name in walk(page, shop.url):
        for window, (width, height) in WINDOWS.items():
            page.set_viewport_size({"width": width, "height": height})
            theme = SEEN_IN[language, window]
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found += [(name, window, theme, *fault) for fault in _faults(page)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((name, window, "scrolls sideways"))
        found += leaves_a_narrow_phone(page, name)
        page.set_viewport_size({"width": 1280, "height": 900})
    assert found == []


def _faults(page: Page) -> list[tuple[str, str]]:
    options = {"resultTypes": ["violations"]}
    violations = Axe().run(page, options=options).response["violations"]
    return [
        (one["id"], node["html"][:120]) for one in violations for node in one["nodes"] if _is_serious(one["impact"])
    ]


def _is_serious(impact: str) -> bool:
    return impact in {"serious", "critical"}


@pytest.mark.parametrize("path", ["/", "/p/star-voyage-300"])
def test_a_first_visit_loads_little(visit: Visit, shop: Shop, path: str) -> None:
    page = visit()
    loaded: list[int] = []
    watch = page.context.new_cdp_session(page)
    watch.send("Network.enable")
    watch.on("Network.loadingFinished", lambda event: loaded.append(int(event["encodedDataLength"])))
    page.goto(shop.url + path, wait_until="networkidle")
    assert len(loaded) >= 4, "the page, its style, its scripts"
    assert sum(loaded) <= FIRST_LOAD


@pytest.mark.parametrize("path", ["/p/star-voyage-300?quantity=5", "/search?q=会员", "/orders/find"])
def test_language_and_colours_change_and_the_page_stays(page: Page, shop: Shop, path: str) -> None:
    page.goto(shop.url + path)
    before = page.url
    page.click("button[value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url == before
    page.click("button[value=dark]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url == before


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_the_shop_says_that_it_lives(page: Page, shop: Shop, path: str) -> None:
    answer = page.request.get(shop.url + path)
    assert answer.status == 200


def test_metrics_are_there_for_this_machine_only(page: Page, visit: Visit, shop: Shop) -> None:
    assert page.request.get(f"{shop.url}/metrics").status == 404
    answer = visit(extra_http_headers={}).request.get(f"{shop.url}/metrics")
    assert answer.status == 200
    assert "# TYPE" in answer.text()
