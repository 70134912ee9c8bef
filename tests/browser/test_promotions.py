"""Paying less: Ada makes a coupon, buyers use it with and without scripts; a sale counts down and ends by itself."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tools.tour import open_cashier, sign_in

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
PRODUCT = "/p/star-voyage-300"
DESK = "/desk/xinghe/promotions"


def moment(minutes: int) -> str:
    """Return a moment as the browser's field takes it."""
    return f"{datetime.now(ZoneInfo('Asia/Shanghai')) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def make_coupon(page: Page, shop: Shop, **fields: str) -> str:
    """Let Ada make a coupon of ¥3 for everything she sells; return its code."""
    code = f"XK{secrets.token_hex(4).upper()}"
    sign_in(page, shop.url, "Ada")
    page.goto(f"{shop.url}{DESK}/coupons/new")
    values = {"name": "浏览器", "amount": "3", "code": code.lower(), "starts_at": moment(-60), **fields}
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    page.click("main form button.pri")
    page.wait_for_url(re.compile("/coupons/[0-9]+$"))
    expect(page.locator("main")).to_contain_text(code)
    return code


def total(page: Page) -> float:
    """Return the total the page shows beside its button."""
    return float(page.locator("#buy [data-total]").inner_text().replace(",", ""))


def start(page: Page, shop: Shop) -> float:
    """Open the product and the field for codes; return the plain price."""
    page.goto(shop.url + PRODUCT)
    page.click("[data-code-box] summary")
    return total(page)


def test_a_code_is_used_changed_and_left_out_without_leaving_the_page(page: Page, visit: Visit, shop: Shop) -> None:
    code = make_coupon(page, shop)
    buyer = visit(viewport={"width": 390, "height": 844})
    plain = start(buyer, shop)
    contact = str(10**9 + secrets.randbelow(9 * 10**9))
    buyer.fill("#contact", contact)
    buyer.fill("#coupon", "NOTACODE1")
    buyer.click("[data-use-code]")
    expect(buyer.locator("#coupon-m")).to_contain_text("没有这个码")
    assert total(buyer) == plain
    buyer.fill("#coupon", code.lower())
    buyer.click("[data-use-code]")
    expect(buyer.locator("#coupon-m")).to_contain_text("已经减了")
    assert total(buyer) == pytest.approx(plain - 3)
    assert buyer.input_value("#contact") == contact, "nothing typed is lost"
    buyer.click("[data-step='1']")
    assert total(buyer) == pytest.approx(2 * plain - 3)
    buyer.click("[data-step='-1']")
    assert code not in buyer.url

    buyer.locator("button.btn[form=buy]:visible, #buy button.pri:visible").first.click()
    buyer.wait_for_url("**/pay")
    expect(buyer.locator("main")).to_contain_text(f"{plain - 3:.2f}")
    open_cashier(buyer)
    buyer.click("form[action$='/pay'] button")
    page.reload()
    expect(page.locator("main .kpi")).to_contain_text("1")


def test_a_code_that_was_typed_but_not_tried_is_tried_before_ordering(page: Page, visit: Visit, shop: Shop) -> None:
    code = make_coupon(page, shop)
    buyer = visit()
    plain = start(buyer, shop)
    buyer.fill("#contact", str(10**9 + secrets.randbelow(9 * 10**9)))
    buyer.fill("#coupon", code)
    buyer.locator("#buy button.pri:visible").click()
    expect(buyer.locator("#coupon-m")).to_contain_text("已经减了")
    assert total(buyer) == pytest.approx(plain - 3)
    buyer.locator("#buy button.pri:visible").click()
    buyer.wait_for_url("**/pay")


def test_without_scripts_a_code_is_two_pages_and_ends_at_the_same_price(page: Page, visit: Visit, shop: Shop) -> None:
    code = make_coupon(page, shop)
    buyer = visit(java_script_enabled=False)
    plain = start(buyer, shop)
    buyer.fill("#coupon", code)
    buyer.click("[data-use-code]")
    assert (total(buyer), buyer.input_value("#coupon")) == (pytest.approx(plain - 3), code)
    assert code not in buyer.url
    buyer.fill("#contact", str(10**9 + secrets.randbelow(9 * 10**9)))
    buyer.locator("#buy button.pri:visible").click()
    buyer.wait_for_url("**/pay")
    expect(buyer.locator("main")).to_contain_text(f"{plain - 3:.2f}")

    other = visit(java_script_enabled=False)
    start(other, shop)
    other.fill("#coupon", "NOTACODE1")
    other.click("[data-use-code]")
    expect(other.locator("h1")).to_contain_text("没有这个码")
    other.click("main a.pri")
    assert total(other) == plain


def test_a_sale_counts_down_without_moving_the_page_and_ends_by_itself(page: Page, visit: Visit, shop: Shop) -> None:
    slug = "/p/spreadsheet-templates"
    with shop.database() as database:
        sku = database.execute(
            "SELECT k.id, k.price, p.merchant_id FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id"
            " WHERE p.slug = 'spreadsheet-templates' LIMIT 1"
        ).fetchone()
        assert sku is not None
        database.execute(
            "INSERT INTO promotions_flashsale (sku_id, merchant_id, price, units, starts_at, ends_at, created_at)"
            " VALUES (%s, %s, %s, 5, now() - interval '1 second', now() + interval '12 seconds', now())",
            [sku[0], sku[2], sku[1] - 100],
        )
    buyer = visit()
    buyer.goto(f"{shop.url}{slug}?quantity=1&fresh={secrets.token_hex(4)}")
    assert total(buyer) == pytest.approx((sku[1] - 100) / 100)
    clock = buyer.locator("[data-flash-clock]")
    expect(clock).to_have_text(re.compile(r"00:00:\d\d"))
    shifts = buyer.evaluate(
        "() => new Promise((done) => { let sum = 0; new PerformanceObserver((list) => { for (const one of"
        " list.getEntries()) sum += one.value; }).observe({type: 'layout-shift', buffered: true});"
        " setTimeout(() => done(sum), 3000); })"
    )
    assert shifts < 0.02
    expect(buyer.locator("[data-flash]")).to_have_count(0, timeout=45_000)
    assert total(buyer) == pytest.approx(sku[1] / 100)


@pytest.mark.parametrize("device", [{"viewport": {"width": 390, "height": 844}}, {}])
def test_pages_of_promotions_have_nothing_for_axe(
    page: Page, visit: Visit, shop: Shop, device: dict[str, object]
) -> None:
    make_coupon(page, shop)
    coupon = page.url
    kind = {"bypass_csp": True, "reduced_motion": "reduce", **device}  # axe is a script the policy would refuse
    worker, guest = visit(**kind), visit(**kind)
    sign_in(worker, shop.url, "Ada")
    start(guest, shop)
    findings = {"product": Axe().run(guest).response["violations"]}
    guest.goto(f"{shop.url}/gift-cards")
    findings["gift cards"] = Axe().run(guest).response["violations"]
    for address in (f"{shop.url}{DESK}", coupon, f"{shop.url}{DESK}/coupons/new", f"{shop.url}{DESK}/sales/new"):
        worker.goto(address)
        findings[address] = Axe().run(worker).response["violations"]
    sign_in(worker, shop.url, "Dee")
    for path in ("", "/coupons/new", "/cards/new", "/levels/new"):
        worker.goto(f"{shop.url}/office/promotions{path}")
        findings[f"office {path}"] = Axe().run(worker).response["violations"]
    sign_in(worker, shop.url, "Cy")
    worker.goto(f"{shop.url}/recommend")
    findings["recommend"] = Axe().run(worker).response["violations"]
    assert {name: [one["id"] for one in found] for name, found in findings.items() if found} == {}
