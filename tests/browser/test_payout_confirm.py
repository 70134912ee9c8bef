"""A payee of WeChat in real browsers: a code on the computer, WeChat's window on the telephone, and then it is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.telephones import PHONE, WECHAT, faults_of
from tools.tour import sign_in

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
#: By how many pixels each line of the badge and its time is nearer to one edge of the card than to the other.
_ASIDE = """() => {
  const card = document.querySelector('.payp').getBoundingClientRect(), lines = new Map();
  for (const one of document.querySelector('.payp > .row:has(.badge)').children) {
    const box = one.getBoundingClientRect(), middle = Math.round((box.top + box.bottom) / 2 / 8);
    const line = lines.get(middle) || [Infinity, -Infinity];
    lines.set(middle, [Math.min(line[0], box.left), Math.max(line[1], box.right)]);
  }
  return [...lines.values()].map(([left, right]) => Math.abs((left - card.left) - (card.right - right)));
}"""
#: As if the gateway had been asked in this moment: it is asked once in ten seconds at most.
_ASKED_JUST_NOW = "UPDATE payouts_payout SET due_at = now() + interval '2 minutes' WHERE key LIKE '%:demo-3'"
_DEMOS = "SELECT state FROM payouts_payout WHERE key LIKE '%:demo-3'"


def link_on_the_desk(page: Page, shop: Shop) -> str:
    """Where Ada's desk leads to for the payout that waits for her; the worker hands it to the gateway by itself."""
    sign_in(page, shop.url, "Ada")
    page.goto(f"{shop.url}/desk/xinghe/payouts")
    button = page.locator("a.btn[href*='/confirm/']")
    for _ in range(40):
        if button.count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    expect(page.locator("main")).to_contain_text("¥20.08 请在微信里确认收款")
    return f"{shop.url}{button.get_attribute('href')}"


def where_wechat_permits_nothing(visit: Visit, link: str) -> None:
    """The page says so; and under another number there is no page, whoever asks."""
    phone = visit(viewport=PHONE, user_agent=WECHAT)
    phone.route("**/js-config", lambda route: route.fulfill(json={"allowed": [], "errMsg": "config:invalid signature"}))
    phone.goto(link)
    expect(phone.locator("[data-inside~=denied]").first).to_be_visible()
    expect(phone.locator("dialog[open]")).to_have_count(0)
    answer = phone.goto(link[:-2] + ("00" if not link.endswith("00") else "11"))
    assert answer
    assert answer.status == 404


def confirm_on_the_phone(phone: Page, shop: Shop, link: str) -> None:
    """Close WeChat's window, open it again, confirm; the page asks until it is paid, though it was asked just now."""
    phone.goto(link)
    expect(phone.locator("dialog[open]")).to_be_visible()
    phone.keyboard.press("Escape")
    expect(phone.locator("[data-inside=cancel]")).to_be_visible()
    phone.click("[data-again]")
    with shop.database() as database:
        database.execute(_ASKED_JUST_NOW)
    phone.click("dialog button.pri")
    phone.wait_for_url(f"{link}?asked=1")
    expect(phone.locator("[data-asks]")).to_be_visible()
    expect(phone.locator("main")).to_contain_text("已到账", timeout=60_000)


def test_ada_confirms_on_her_telephone_and_is_paid(visit: Visit, shop: Shop) -> None:
    """One test, because the demo has one payout that waits, and it waits for nobody afterwards."""
    with shop.database() as database:
        ((state,),) = database.execute(_DEMOS).fetchall()
    if state == "paid":
        pytest.skip("an earlier run at this shop has confirmed the demo's payout")
    # Axe itself is a script that the policy would refuse, and colours that are still changing are no fault.
    desktop = visit(bypass_csp=True, reduced_motion="reduce")
    link = link_on_the_desk(desktop, shop)
    where_wechat_permits_nothing(visit, link)
    letters = shop.letters_to("ada@demo.xinka.example")
    assert [letter for letter in letters if "在微信里确认收款 20.08" in str(letter["Subject"])]
    desktop.goto(link)
    expect(desktop.locator(".qr img")).to_be_visible()
    expect(desktop.locator("main")).to_contain_text("20.08")
    found = faults_of(desktop, "code")

    checked = visit(viewport=PHONE, user_agent=WECHAT, bypass_csp=True, reduced_motion="reduce")
    checked.goto(link)
    expect(checked.locator("dialog[open]")).to_contain_text("20.08")
    assert [aside for aside in checked.evaluate(_ASIDE) if aside > 1] == [], "all of the card stands in the middle"
    found += faults_of(checked, "window")
    checked.click("dialog button >> nth=1")
    expect(checked.locator("[data-inside=cancel]")).to_be_visible()
    found += faults_of(checked, "closed")

    confirm_on_the_phone(visit(viewport=PHONE, user_agent=WECHAT), shop, link)
    found += faults_of(phone_with_axe(visit, link), "paid")
    desktop.goto(f"{shop.url}/desk/xinghe/payouts")
    expect(desktop.locator("a[href*='/confirm/']")).to_have_count(0)
    assert found == []


def phone_with_axe(visit: Visit, link: str) -> Page:
    """The page as it is afterwards, in a browser that lets axe run."""
    page = visit(viewport=PHONE, user_agent=WECHAT, bypass_csp=True, reduced_motion="reduce")
    page.goto(link)
    return page
