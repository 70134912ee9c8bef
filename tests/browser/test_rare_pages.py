"""Pages that one comes to seldom and never by a link, steps of signing in and pages after a form: axe finds nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.accounts.signing_in import app_code
from tests.browser.telephones import faults_of, leaves_a_narrow_phone
from tests.browser.test_merchant_account import (
    PASSWORD,
    confirm_it_is_me,
    give_code,
    mailed_code,
    sign_in,
)
from tools import tour

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Shop, Visit
    from playwright.sync_api import Page

    Walk = Callable[[Page, Shop], Iterator[str]]

pytestmark = pytest.mark.browser


def steps_of_signing_in(page: Page, shop: Shop) -> Iterator[str]:
    """Stand on what comes between a form and being signed in, and on the second step's own pages."""
    address = f"{secrets.token_hex(6)}@mail.example"
    page.goto(f"{shop.url}/account/signup/")
    page.fill("[name=email]", address)
    page.fill("[name=password1]", PASSWORD)
    page.click("main form button.pri")
    page.wait_for_selector("[name=code]")
    yield "confirm-address"
    give_code(page, mailed_code(shop, address))
    page.wait_for_url("**/orders")
    page.goto(f"{shop.url}/account/two-factor/totp/activate/")
    if "/reauthenticate/" in page.url:
        yield "who-are-you"
    confirm_it_is_me(page)
    secret = page.locator(".acc-key").inner_text().split()[-1]
    give_code(page, "000000")
    yield "app-refused"
    give_code(page, app_code(secret))
    page.wait_for_url("**/recovery-codes/")
    yield "recovery-codes"
    page.reload()
    yield "recovery-codes-shown-once"
    for name in ("recovery-codes/generate", "totp/deactivate"):
        page.goto(f"{shop.url}/account/two-factor/{name}/")
        confirm_it_is_me(page)
        yield name
    page.context.clear_cookies()
    sign_in(page, shop, address)
    assert "/two-factor/authenticate/" in page.url
    yield "second-step"
    page.context.clear_cookies()
    for name, asked in (("mailed-code", "login/code"), ("reset-code", "password/reset")):
        page.goto(f"{shop.url}/account/{asked}/")
        page.fill("main [name=email]", address)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state()
        yield name


def ends_of_paying(page: Page, shop: Shop) -> Iterator[str]:
    """Stand where gateways send people back to, and where a closed shop sends them."""
    page.goto(f"{shop.url}/closed")
    yield "closed"
    page.goto(f"{shop.url}/pay/return/alipay-sandbox")
    yield "back-from-the-gateway"


def many_products(page: Page, shop: Shop) -> Iterator[str]:
    """Stand on the change of many products, and on the prices it would set."""
    tour.sign_in(page, shop.url, "Ada")
    page.goto(f"{shop.url}/desk/xinghe/products/many?all=1&in=")
    yield "many"
    page.locator("form:has([name=how]) [name=value]").fill("5")
    page.locator("form:has([name=how]) button[type=submit]").first.click()
    page.wait_for_selector("[name=seen]", state="attached")
    yield "new-prices"


@pytest.mark.parametrize("walk", [steps_of_signing_in, ends_of_paying, many_products], ids=lambda walk: walk.__name__)
def test_axe_finds_nothing_serious(visit: Visit, shop: Shop, walk: Walk) -> None:
    # Axe itself is a script that the policy would refuse, and colours that are still changing are no fault.
    page = visit(bypass_csp=True, reduced_motion="reduce")
    found: list[tuple[str, ...]] = []
    for name in walk(page, shop):
        found += faults_of(page, name)
        found += leaves_a_narrow_phone(page, name)
        page.set_viewport_size({"width": 1280, "height": 900})
    assert found == []
