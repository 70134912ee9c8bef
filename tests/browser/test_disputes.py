"""One whole dispute in real browsers: a guest on a phone complains, Ada offers, Dee decides, the money goes back."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.platform.files.samples import png
from tools.tour import open_cashier, order, sign_in
from xinka.accounts.demo_people import PASSWORD

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def bought(buyer: Page, shop: Shop, contact: str) -> str:
    """Buy two cards, open the first, and return the order's address."""
    place = order(buyer, shop.url, "/p/star-voyage-300?quantity=2", "alipay-sandbox", contact=contact)
    open_cashier(buyer)
    buyer.click("form[action$='/pay'] button")
    buyer.goto(place)
    buyer.locator("article.code form button").first.click()
    expect(buyer.locator("[data-code]")).to_have_count(1)
    return place


def complain(buyer: Page, place: str, shot: Path) -> str:
    """Open a case about the first card from the order page, with a picture; return the case's address."""
    buyer.goto(place)
    buyer.click("a[href$='/help']")
    buyer.check("[name=pieces][value='1']")
    buyer.select_option("[name=reason]", label="卡密显示已使用")
    buyer.fill("[name=text]", "兑换时提示「该卡已被使用」，账号里没有到账。")
    buyer.set_input_files("[name=files]", str(shot))
    buyer.click("main form button.pri")
    buyer.wait_for_url("**/case/dsp_*")
    return buyer.url


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A picture of the failure."""
    path = tmp_path / "兑换失败.png"
    path.write_bytes(png((300, 200)))
    return path


def test_a_guest_on_a_phone_gets_a_fresh_code_from_stock(visit: Visit, shop: Shop, shot: Path) -> None:
    buyer, ada = visit(**PHONE), visit()
    number = str(10**9 + secrets.randbelow(9 * 10**9))
    place = bought(buyer, shop, number)
    case = complain(buyer, place, shot)
    expect(buyer.locator("main")).to_contain_text("已冻结")
    expect(buyer.locator("main")).to_contain_text("首次拆封")
    with buyer.expect_popup() as opened:
        buyer.click("a.ev")
    assert opened.value.url.startswith(f"{case}/file/evd_")

    sign_in(ada, shop.url, "Ada")
    ada.goto(f"{shop.url}/desk/xinghe/cases")
    ada.locator(f"td a[href*='{case.rpartition('/')[2]}']", has_text="卡密显示已使用").click()
    expect(ada.locator("main")).to_contain_text("兑换时提示")
    ada.click("button[value=replace]")
    expect(ada.locator("main")).to_contain_text("换一张新卡密")

    buyer.goto(case)
    buyer.click(".buybar a")
    buyer.click("#offer ~ .acts button.pri")
    expect(buyer.locator("main")).to_contain_text("已换新")
    buyer.goto(place)
    expect(buyer.locator("article.code")).to_have_count(3)
    expect(buyer.locator("article.code").last).to_contain_text("换第 1 件")
    assert "新卡密" in shop.next_letter_to(f"{number}@qq.com", after=3)


def test_what_they_cannot_settle_is_decided_and_the_money_goes_back(visit: Visit, shop: Shop, shot: Path) -> None:
    buyer, ada, dee = visit(**PHONE), visit(), visit()
    place = bought(buyer, shop, str(10**9 + secrets.randbelow(9 * 10**9)))
    case = complain(buyer, place, shot)
    number = case.rsplit("/", 1)[-1]
    sign_in(ada, shop.url, "Ada")
    ada.goto(f"{shop.url}/desk/xinghe/cases/{number}")
    ada.fill("[name=text]", "我们这边显示没有问题。")
    ada.click("form[action$='/say'] button[type=submit]")
    expect(ada.locator("main")).to_contain_text("等买家选择")
    buyer.goto(case)
    buyer.click("button[value=escalate]")
    expect(buyer.locator("main")).to_contain_text("等信卡裁定")

    sign_in(dee, shop.url, "Dee")
    dee.goto(f"{shop.url}/office/cases/{number}")
    expect(dee.locator("main")).to_contain_text("被投诉")
    dee.check("[name=decision][value=refund]")
    dee.fill("[name=reasons]", "记录显示首次拆封后马上报错，商家没有给出使用凭证，退款给买家。")
    dee.click("main form[action$='/decide'] button.pri")
    dee.wait_for_url("**/account/reauthenticate/**")
    dee.fill("[name=password]", PASSWORD)
    dee.locator("form:has([name=password]) button[type=submit]").first.click()
    dee.click("main form[action$='/decide'] button.pri")
    expect(dee.locator("main")).to_contain_text("已裁定，可申诉")

    ada.goto(f"{shop.url}/desk/xinghe/cases/{number}")
    ada.click("button[value=waive]")
    expect(ada.locator("main")).not_to_contain_text("已裁定，可申诉")
    expect(ada.locator("main")).to_contain_text("退款")
    buyer.goto(place)
    expect(buyer.locator("main")).to_contain_text(re.compile("退款中|已退回"))


def test_long_words_and_long_names_of_files_stay_inside_the_page(visit: Visit, shop: Shop, tmp_path: Path) -> None:
    buyer = visit(**PHONE)
    shot = tmp_path / ("screen-recording_of_the_whole_redeeming_process_" * 3 + ".png")
    shot.write_bytes(png((300, 200)))
    case = complain(buyer, bought(buyer, shop, str(10**9 + secrets.randbelow(9 * 10**9))), shot)
    buyer.fill("[name=text]", "https://redeem.example.com/activate?session=" + "0123456789abcdef" * 12)
    buyer.click("form[action$='/say'] button[type=submit]")
    expect(buyer.locator("ol > li .bub")).to_have_count(3)
    assert buyer.evaluate("document.documentElement.scrollWidth") == 390
    buyer.goto(case)
    buyer.click("main a.back")
    expect(buyer).to_have_url(case.partition("/case/")[0])
