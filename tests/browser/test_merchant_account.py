"""A merchant's account as its owner lives with it: ways in, the second step, devices, and the mails about them."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.signing_in import app_code

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
PASSWORD = "seven grey tortoises swim"
PHONE = {"width": 390, "height": 844}


def sign_up(page: Page, shop: Shop) -> str:
    """Open an account and return its address; the page is signed in."""
    address = f"{secrets.token_hex(6)}@mail.example"
    page.goto(f"{shop.url}/account/signup/")
    page.fill("[name=email]", address)
    page.fill("[name=password1]", PASSWORD)
    page.click("main form button.pri")
    page.wait_for_selector("[name=code]")
    give_code(page, mailed_code(shop, address))
    page.wait_for_url("**/orders")
    return address


def mailed_code(shop: Shop, address: str, *, after: int = 0) -> str:
    """Wait for a mail with a code and return the code."""
    found = re.search(r"验证码：(\S+)", shop.next_letter_to(address, after=after))
    assert found
    return found[1]


def give_code(page: Page, code: str) -> None:
    """Type a code, mailed or of the app, and send it."""
    page.fill("main [name=code]", code)
    page.locator("main form:has([name=code]) button[type=submit]").first.click()


def sign_in(page: Page, shop: Shop, address: str) -> None:
    """Sign in by password, as far as that leads."""
    page.goto(f"{shop.url}/account/login/")
    page.fill("[name=login]", address)
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button[type=submit]").first.click()
    page.wait_for_url(re.compile("^(?!.*/login/).*$"))


def confirm_it_is_me(page: Page) -> None:
    """Type the password once more where that is asked for."""
    if "/reauthenticate/" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.locator("form:has([name=password]) button[type=submit]").first.click()
        page.wait_for_url(re.compile("^(?!.*/reauthenticate/).*$"))


def test_a_mailed_code_signs_in_on_a_new_device_which_is_told_of_and_signed_out_from_the_old_one(
    page: Page, visit: Visit, shop: Shop
) -> None:
    address = sign_up(page, shop)
    other = visit(viewport=PHONE, user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
    other.goto(f"{shop.url}/account/login/")
    other.click("main a[href*='/login/code']")
    other.fill("main [name=email]", address)
    other.locator("main form button[type=submit]").first.click()
    other.wait_for_selector("[name=code]")
    give_code(other, "AAAA-BBBB")
    expect(other.locator("main")).to_contain_text("验证码不对")
    give_code(other, mailed_code(shop, address, after=1).lower().replace("-", " "))
    other.wait_for_url("**/orders")
    alert = shop.next_letter_to(address, after=2)
    assert "在一台没见过的设备上登录了" in alert
    assert "iPhone" in alert

    page.goto(f"{shop.url}/account/sessions/")
    row = page.locator("li", has_text="iPhone")
    row.get_by_role("button").click()
    page.wait_for_url("**/reauthenticate/**")
    confirm_it_is_me(page)
    expect(row).to_have_count(0)
    other.goto(f"{shop.url}/account/")
    other.wait_for_url("**/account/login/**")


def set_up_app(page: Page, shop: Shop) -> tuple[str, list[str]]:
    """Set up an authenticator app and return its seed, and the recovery codes that come with it."""
    page.goto(f"{shop.url}/account/two-factor/totp/activate/")
    confirm_it_is_me(page)
    secret = page.locator(".acc-key").inner_text().split()[-1]
    give_code(page, "000000")
    expect(page.locator("main")).to_contain_text("没有成功")
    assert page.locator(".acc-key").inner_text().split()[-1] == secret, "the app need not be set up anew"
    give_code(page, app_code(secret))
    page.wait_for_url("**/recovery-codes/")
    return secret, page.locator(".acc-codes li").all_inner_texts()


def test_recovery_codes_are_shown_once_with_a_file_to_keep(page: Page, shop: Shop) -> None:
    sign_up(page, shop)
    _secret, codes = set_up_app(page, shop)
    expect(page.locator(".toast")).to_contain_text("已添加验证器应用")
    expect(page.locator(".note.w")).to_contain_text("恢复码只显示这一次")
    assert len(set(codes)) == 10
    with page.expect_download() as kept:
        page.click("main a[download]")
    assert kept.value.path().read_text().split() == codes
    page.reload()
    expect(page.locator("main")).to_contain_text("以后不再显示")
    expect(page.locator(".acc-codes")).to_have_count(0)


def test_the_second_step_is_used_and_kept_up_by_recovery_codes(page: Page, visit: Visit, shop: Shop) -> None:
    address = sign_up(page, shop)
    secret, codes = set_up_app(page, shop)
    other = visit(viewport=PHONE)
    sign_in(other, shop, address)
    assert "/two-factor/authenticate/" in other.url
    other.goto(f"{shop.url}/account/")
    assert "/two-factor/authenticate/" in other.url, "the second step is not to be walked around"
    give_code(other, app_code(secret, 1))
    other.wait_for_url("**/orders")

    third = visit(viewport=PHONE)
    for taken in (True, False):
        third.context.clear_cookies()
        sign_in(third, shop, address)
        give_code(third, codes[0])
        third.wait_for_url("**/orders") if taken else expect(third.locator("main")).to_contain_text("没有成功")

    page.goto(f"{shop.url}/account/two-factor/recovery-codes/generate/")
    confirm_it_is_me(page)
    page.locator("main form button[type=submit]").click()
    page.wait_for_selector(".acc-codes")
    fresh = page.locator(".acc-codes li").all_inner_texts()
    assert (len(fresh), set(fresh) & set(codes)) == (10, set())
    give_code(third, codes[1])
    expect(third.locator("main")).to_contain_text("没有成功")
    give_code(third, fresh[0])
    third.wait_for_url("**/orders")
