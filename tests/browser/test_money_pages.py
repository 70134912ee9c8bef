"""What holds on every page of money, seen by whom it is for: nothing serious for axe, nothing sideways on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.telephones import leaves_a_narrow_phone
from tools import money_tour
from tools.tour import WINDOWS, order

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
Walk = Callable[[Page, str], Iterator[str]]
#: How many pages each walk has at least: a walk that finds nothing proves nothing.
WALKS: dict[Walk, int] = {
    money_tour.buyer_money_pages: 5,
    money_tour.cashier_pages: 15,
    money_tour.merchant_money_pages: 15,
    money_tour.staff_money_pages: 30,
}
#: The whole of axe by day; by night only the colours are others.
ASKED: dict[str, dict[str, list[str]]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_pages_of_money_fit_a_phone_and_axe_finds_nothing_serious(visit: Visit, shop: Shop, walk: Walk) -> None:
    width, height = WINDOWS["phone"]
    # Axe itself is a script that the policy would refuse, and colours that are still changing are no fault.
    page = visit(bypass_csp=True, reduced_motion="reduce", viewport={"width": width, "height": height})
    found: list[tuple[str, ...]] = []
    names: list[str] = []
    for name in walk(page, shop.url):
        names.append(name)
        for theme, options in ASKED.items():
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found += [(name, theme, *fault) for fault in _faults(page, options)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((name, "scrolls sideways"))
        found += leaves_a_narrow_phone(page, name)
        page.set_viewport_size({"width": width, "height": height})
    assert found == []
    assert len(names) >= WALKS[walk], names


def _faults(page: Page, options: dict[str, list[str]]) -> list[tuple[str, str]]:
    violations = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    serious = [one for one in violations if one["impact"] in {"serious", "critical"}]
    return [(one["id"], node["html"][:120]) for one in serious for node in one["nodes"]]


def test_other_ways_to_pay_wait_behind_one_line(page: Page, shop: Shop) -> None:
    order(page, shop.url, "/p/star-voyage-300", "alipay-sandbox")
    ways = page.locator("details.ways")
    expect(ways).to_have_count(1)
    expect(ways.locator("button").first).to_be_hidden()
    ways.locator("summary").click()
    expect(ways.locator("button[value=usdt-sandbox]")).to_be_visible()
    assert ways.locator("button").count() >= 4
    ways.locator("button[value=wechatpay-sandbox]").click()
    page.wait_for_url("**/pay?channel=wechatpay-sandbox")
