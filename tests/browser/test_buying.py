"""A person buys: from the shelf to the open code, on one device, on two, and without scripts."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.telephones import PHONE, WECHAT, faults_of
from tools.tour import open_cashier, order
from xinka.kernel import ids

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
CODE = re.compile(r"XH\w{4}-\w{4}-\w{4}")


def qq_number() -> str:
    """A QQ number nobody has ordered with yet."""
    return str(10**9 + secrets.randbelow(9 * 10**9))


def pay_at_cashier(page: Page, ending: str = "pay") -> None:
    """Open the cashier and let the payment end in one way."""
    open_cashier(page)
    page.click(f"[formaction$='/{ending}'], form[action$='/{ending}'] button >> nth=0")
    page.wait_for_load_state()


#: Everything in which a page could leave something behind, as text.
_KEPT = """async () => JSON.stringify([
  {...localStorage}, {...sessionStorage}, await caches.keys(), await indexedDB.databases(),
  (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope), history.state,
])"""


def test_a_guest_pays_on_the_phone_and_the_code_comes_to_the_desk_by_itself(
    page: Page, visit: Visit, shop: Shop
) -> None:
    contact = qq_number()
    page.goto(shop.url)
    page.click("text=星海远征 点卡 300 点")
    page.click("[data-step='1']")
    expect(page.locator("#buy [data-total]")).to_have_text("98.00")
    page.fill("#contact", contact)
    page.click("#buy button.pri")
    expect(page.locator(".qr img")).to_be_visible()
    clock = page.locator("[data-clock]").inner_text()
    assert re.fullmatch(r"1[45]:\d\d", clock)

    phone = visit(viewport={"width": 390, "height": 844})
    phone.goto(str(page.locator("a[href*='/sandbox/']").get_attribute("href")))
    phone.click("form[action$='/pay'] button")

    expect(page.locator("article.code")).to_have_count(2)
    assert CODE.search(page.content()) is None, "codes are sealed until their buyer opens them"
    page.click("text=全部拆封")
    expect(page.locator("[data-code]")).to_have_count(2)
    codes = page.locator("[data-code]").all_inner_texts()
    assert all(CODE.fullmatch(code) for code in codes)
    assert len(set(codes)) == 2

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-copy='#code-1-1']")
    expect(page.locator(".toast")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == codes[0]
    page.click("[data-copy='#goods [data-code]']")
    page.wait_for_function("text => navigator.clipboard.readText().then(got => got.includes(text))", arg=codes[1])
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    with page.expect_download() as download:
        page.click("text=下载 .txt")
    assert all(code in download.value.path().read_text(encoding="utf-8-sig") for code in codes)

    kept = page.evaluate(_KEPT)
    assert not any(secret in kept for secret in codes), "no code stays in the browser"
    assert kept.endswith(",[],[],[],null]"), "no cache, no database, no worker, nothing in the history"

    letter = shop.next_letter_to(f"{contact}@qq.com")
    assert all(code in letter for code in codes)


def test_an_order_is_found_again_by_its_password_and_by_a_mailed_link(page: Page, visit: Visit, shop: Shop) -> None:
    contact = qq_number()
    place = order(page, shop.url, "/p/star-voyage-300", "alipay-sandbox", contact=contact)
    pay_at_cashier(page)
    page.goto(place)
    password = page.locator("#pw").inner_text()
    shop.next_letter_to(f"{contact}@qq.com")

    elsewhere = visit()
    answer = elsewhere.goto(place)
    assert answer
    assert answer.status == 404
    elsewhere.goto(f"{shop.url}/orders/find")
    elsewhere.fill("[name=contact]", contact)
    elsewhere.fill("[name=password]", "wrong-one")
    elsewhere.click("form:has([name=password]) button.pri")
    expect(elsewhere.locator("main")).to_contain_text("这两项打不开任何订单")
    elsewhere.fill("[name=password]", password)
    elsewhere.click("form:has([name=password]) button.pri")
    elsewhere.wait_for_url(place)
    expect(elsewhere.locator("article.code")).to_have_count(1)

    third = visit()
    third.goto(f"{shop.url}/orders/find")
    third.fill("[name=contact]", contact)
    third.click("[formaction='/orders/find/mail'], form[action='/orders/find/mail'] button")
    link = re.search(r"http://\S+/order/\S+key=\S+", shop.next_letter_to(f"{contact}@qq.com", after=1))
    assert link
    third.goto(link[0])
    assert third.url == place, "the secret of the link does not stay in the address"
    expect(third.locator("article.code")).to_have_count(1)


def test_reload_back_and_a_second_tab_are_still_one_order_and_one_charge(page: Page, shop: Shop) -> None:
    contact = qq_number()
    place = order(page, shop.url, "/p/star-voyage-300", "wechat-sandbox", contact=contact)
    page.reload()
    second = page.context.new_page()
    second.goto(f"{place}/pay")
    hrefs = {one.locator("a[href*='/sandbox/']").first.get_attribute("href") for one in (page, second)}
    assert len(hrefs) == 1
    page.go_back()
    expect(page.locator("#contact")).to_have_value(contact)
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")
    assert page.url == f"{place}/pay"
    pay_at_cashier(second)
    expect(page.locator("article.code")).to_have_count(1)
    with shop.database() as database:
        order_id = ids.parse("ord", place.rpartition("/")[2])
        found = database.execute("SELECT state FROM payments_payment WHERE order_id = %s", [order_id]).fetchall()
    assert found == [("paid",)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_same_order_sent_from_two_tabs_is_one_order_and_one_charge(
    visit: Visit, shop: Shop, *, scripts: bool
) -> None:
    first, contact = visit(java_script_enabled=scripts), qq_number()
    tabs = [first, first.context.new_page()]
    for tab in tabs:
        tab.goto(f"{shop.url}/p/star-voyage-300")
        tab.fill("#contact", contact)
        tab.check("[name=channel][value='wechat-sandbox']")
    for tab in tabs:
        tab.click("#buy button.pri:visible")
        tab.wait_for_url("**/pay")
    assert tabs[0].url == tabs[1].url
    pay_at_cashier(tabs[0])
    expect(tabs[0].locator("article.code")).to_have_count(1)
    tabs[1].goto(tabs[1].url)
    expect(tabs[1].locator("article.code")).to_have_count(1)
    # Who goes back after paying is nowhere asked for the money again.
    for _ in range(2):
        tabs[0].go_back()
        expect(tabs[0].locator("form[action$='/pay'] button, a.btn[href*='/sandbox/']")).to_have_count(0)


def test_a_double_tap_is_one_order(visit: Visit, shop: Shop) -> None:
    phone = visit(viewport=PHONE, has_touch=True)
    sent: list[str] = []
    phone.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    phone.goto(f"{shop.url}/p/star-voyage-300")
    phone.fill("#contact", qq_number())
    phone.locator(".buybar button").dblclick(no_wait_after=True)
    phone.wait_for_url("**/pay")
    assert sent == [f"{shop.url}/checkout"]


def test_with_letters_twice_as_large_on_the_narrowest_phone_nothing_leaves_its_page(visit: Visit, shop: Shop) -> None:
    for locale in ("zh-CN", "en"):
        page = visit(locale=locale, viewport={"width": 320, "height": 640})
        place = order(page, shop.url, "/p/star-voyage-300", "alipay-sandbox", contact=qq_number())
        path_of_order = urlsplit(place).path
        for path in ("/", "/p/star-voyage-300", "/orders/find", path_of_order, f"{path_of_order}/pay"):
            page.goto(f"{shop.url}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") == 320
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate("document.documentElement.scrollWidth") == 320, (locale, path)


def test_without_scripts_the_goods_are_still_bought_and_read(visit: Visit, shop: Shop) -> None:
    page = visit(java_script_enabled=False)
    page.goto(f"{shop.url}/p/star-voyage-300?quantity=2")
    page.fill("#contact", qq_number())
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")
    place = page.url.removesuffix("/pay")
    pay_at_cashier(page)
    page.goto(place)
    page.click("text=全部拆封")
    expect(page.locator("[data-code]")).to_have_count(2)


def test_a_nice_number_is_chosen_and_costs_its_premium(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/p/nice-number-card")
    page.click("#buy details:has(#password) summary")
    page.fill("#password", "green tea leaf")
    page.fill("#choose [type=search]", "888")
    page.click("#choose button")
    page.wait_for_url("**code=888*")
    assert page.input_value("#password") == "green tea leaf", "what was typed beside the search stays"
    label = page.locator("label:has([data-premium])").filter(has_text="888").first
    number = re.search(r"\d{6}", label.inner_text())
    assert number
    label.click()
    expect(page.locator("#buy [data-total]")).to_have_text("108.00")
    page.fill("#contact", qq_number())
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")
    pay_at_cashier(page)
    page.goto(f"{shop.url}/p/nice-number-card?code={number[0]}")
    expect(page.locator(f"label:has([data-premium]):has-text('{number[0]}')")).to_have_count(0)


@pytest.mark.parametrize("look", ["button", "Enter"])
def test_without_scripts_a_number_is_looked_for_and_what_was_typed_stays(visit: Visit, shop: Shop, look: str) -> None:
    page, contact = visit(java_script_enabled=False), qq_number()
    page.goto(f"{shop.url}/p/nice-number-card")
    page.fill("#contact", contact)
    page.fill("#choose [type=search]", "66")
    if look == "Enter":
        page.press("#choose [type=search]", "Enter")
    else:
        page.click("#choose [type=search] + button")
    expect(page.locator("#contact")).to_have_value(contact)
    number = page.locator("label:has([data-premium])").first
    expect(number).to_contain_text("66")
    number.click()
    page.click("#choose [type=search] + button")
    expect(page.locator("#contact")).to_have_value(contact)
    expect(page.locator("#buy [data-total]")).to_have_text("108.00")
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")
    expect(page.locator("main")).to_contain_text("108.00")


def test_who_opens_a_seal_by_keyboard_stands_at_the_code(page: Page, shop: Shop) -> None:
    place = order(page, shop.url, "/p/star-voyage-300?quantity=3", "alipay-sandbox")
    pay_at_cashier(page)
    page.goto(place)
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    line = {"offline": False, "latency": 1500, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    slow.send("Network.emulateNetworkConditions", line)
    button = page.locator("article.code form button").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-busy", "true")
    expect(page.locator("#code-2-1")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[data-copy='#code-2-1']")).to_be_focused()
    page.get_by_text("全部拆封").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#goods h2#cs")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[data-copy='#goods [data-code]']")).to_be_focused()


@pytest.mark.parametrize("contact", ["1234", "someone@", "a b@c.example"])
def test_a_contact_that_cannot_be_is_refused_before_anything_is_sent(page: Page, shop: Shop, contact: str) -> None:
    page.goto(f"{shop.url}/p/star-voyage-300")
    page.fill("#contact", contact)
    page.press("#contact", "Tab")
    expect(page.locator("#contact-e")).to_be_visible()
    page.click("#buy button.pri")
    assert page.url == f"{shop.url}/p/star-voyage-300"


def test_another_variant_or_language_does_not_lose_the_contact_and_an_order_sent_forgets_it(
    page: Page, shop: Shop
) -> None:
    contact = qq_number()
    page.goto(f"{shop.url}/p/cloud-realm-pass")
    page.fill("#contact", contact)
    page.click("a.chip:has-text('季卡')")
    expect(page.locator("a.chip[aria-current]")).to_contain_text("季卡")
    expect(page.locator("#contact")).to_have_value(contact)
    page.click("button[name=language]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#contact")).to_have_value(contact)
    other = page.context.new_page()
    other.goto(f"{shop.url}/p/star-voyage-300")
    expect(other.locator("#contact")).to_have_value("")
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")
    page.goto(f"{shop.url}/p/cloud-realm-pass")
    expect(page.locator("#contact")).to_have_value("")


def test_who_is_refused_at_the_till_need_not_type_the_contact_again(page: Page, shop: Shop) -> None:
    contact = qq_number()
    page.goto(f"{shop.url}/p/star-voyage-300")
    page.fill("#contact", contact)
    page.evaluate("document.querySelector('#buy').addEventListener('submit', (e) => { e.target.expected.value = 1; })")
    page.click("#buy button.pri")
    page.wait_for_url("**/checkout/refused?*")
    page.click("main a.btn.pri")
    expect(page.locator("#contact")).to_have_value(contact)


def test_an_order_password_that_is_too_short_is_told_where_it_is_also_in_a_closed_fold(page: Page, shop: Shop) -> None:
    product = f"{shop.url}/p/star-voyage-300"
    page.goto(product)
    page.fill("#contact", qq_number())
    fold = page.locator("details:has(#password)")
    fold.locator("summary").click()
    expect(page.locator("#password-h")).to_contain_text("至少 6 个字符")
    page.fill("#password", " 12345 ")  # blanks around it do not count
    fold.locator("summary").click()
    expect(page.locator("#password")).to_be_hidden()
    page.click("#buy button.pri")
    expect(page.locator("#password-e")).to_contain_text("要 6 个字符以上")
    expect(page.locator("#password")).to_be_focused()
    assert page.url == product
    page.fill("#password", "123456")
    expect(page.locator("#password-e")).to_be_hidden()
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")


def test_what_was_typed_too_short_by_hand_is_not_refused_in_silence(page: Page, shop: Shop) -> None:
    product = f"{shop.url}/p/star-voyage-300"
    page.goto(product)
    page.fill("#contact", qq_number())
    page.click("details:has(#password) summary")
    page.locator("#password").press_sequentially("123")  # only what hands type, a browser measures itself
    page.click("details:has(#password) summary")
    page.click("#buy button.pri")
    expect(page.locator("#password-e")).to_contain_text("要 6 个字符以上")
    expect(page.locator("#password")).to_be_focused()
    assert page.url == product


@pytest.mark.parametrize("contact", ["123 456 789", "１２３４５６７８"])
def test_a_qq_number_in_groups_or_full_width_is_understood(page: Page, shop: Shop, contact: str) -> None:
    order(page, shop.url, "/p/star-voyage-300", "alipay-sandbox", contact=contact)
    expect(page.locator("main")).to_contain_text("12***@qq.com")


def test_nobody_is_sent_to_pay_for_a_quantity_they_did_not_choose(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/p/star-voyage-300")
    page.fill("#contact", qq_number())
    page.fill("#qty", "99999")
    page.click("#buy button.pri")
    expect(page.locator("#qty")).to_have_value("50")
    expect(page.locator("#qty")).to_be_focused()
    expect(page.locator("#qtyh")).to_have_class(re.compile("err"))
    assert page.url == f"{shop.url}/p/star-voyage-300"
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")


def test_a_mistyped_coupon_is_shown_also_when_it_is_far_from_the_button(visit: Visit, shop: Shop) -> None:
    phone = visit(viewport={"width": 390, "height": 500})
    phone.goto(f"{shop.url}/p/star-voyage-300")
    phone.fill("#contact", qq_number())
    phone.click("text=用优惠码或礼品卡")
    phone.fill("#coupon", "WRNOG10")
    phone.evaluate("scrollTo(0, 0)")
    phone.click("button[form=buy]:visible")
    expect(phone.locator("#coupon-m")).to_contain_text("没有这个码")
    expect(phone.locator("#coupon")).to_be_focused()
    expect(phone.locator("#coupon")).to_be_in_viewport()


def test_the_money_does_not_speak_of_whole_seals_when_one_was_opened(page: Page, shop: Shop) -> None:
    place = order(page, shop.url, "/p/star-voyage-300", "alipay-sandbox")
    pay_at_cashier(page)
    page.goto(place)
    while not page.locator("#money").count():  # the hold is made a moment after the delivery
        page.wait_for_timeout(200)
        page.reload()
    expect(page.get_by_text("你还没有打开卡密")).to_be_visible()
    page.click("article.code form button")
    expect(page.locator("[data-code]")).to_have_count(1)
    expect(page.get_by_text("你还没有打开卡密")).to_be_hidden()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lin@qq.con", "lin@qq.com"), ("lin@gmial.com", "lin@gmail.com"), ("lin@163.cm", "lin@163.com")],
)
def test_a_slip_in_a_common_mail_host_is_asked_about_once(page: Page, shop: Shop, typed: str, meant: str) -> None:
    page.goto(f"{shop.url}/p/star-voyage-300")
    page.fill("#contact", typed)
    page.click("#buy button.pri")
    expect(page.locator("[data-meant]")).to_contain_text(meant)
    expect(page.locator("#contact")).to_be_focused()
    assert page.url == f"{shop.url}/p/star-voyage-300"
    page.click("[data-meant] button")
    expect(page.locator("#contact")).to_have_value(meant)
    expect(page.locator("[data-meant]")).to_be_hidden()
    page.fill("#contact", typed)
    page.press("#contact", "Tab")
    page.wait_for_timeout(1600)
    page.click("#buy button.pri")
    page.wait_for_url("**/pay")


@pytest.mark.parametrize("contact", ["lin@qq.com", "lin@mail.com", "lin@example.com", "12345678", "lin@vip.qq.com"])
def test_other_mail_hosts_are_left_alone(page: Page, shop: Shop, contact: str) -> None:
    page.goto(f"{shop.url}/p/star-voyage-300")
    page.fill("#contact", contact)
    page.press("#contact", "Tab")
    expect(page.locator("[data-meant]")).to_be_hidden()
    expect(page.locator("#contact-e")).to_be_hidden()


def test_in_wechat_another_apps_payment_goes_on_in_the_browser(visit: Visit, shop: Shop) -> None:
    # Axe itself is a script that the policy would refuse.
    inside = visit(viewport=PHONE, user_agent=WECHAT, bypass_csp=True, reduced_motion="reduce")
    order(inside, shop.url, "/p/star-voyage-300", "alipay-sandbox")
    assert faults_of(inside, "pay") == []
    inside.click("text=到浏览器里付款")
    inside.wait_for_url("**/elsewhere?key=*")
    assert faults_of(inside, "elsewhere") == []
    link = inside.input_value("#link")
    outside = visit(viewport=PHONE)
    outside.goto(link)
    assert "key=" not in outside.url, "the secret of the link does not stay in the address"
    pay_at_cashier(outside)
    inside.click("text=回到订单")
    expect(inside.locator("article.code")).to_have_count(1)
    expect(inside.get_by_text("到浏览器里下载")).to_be_visible()
    expect(inside.get_by_text("下载 .txt")).to_have_count(0)
