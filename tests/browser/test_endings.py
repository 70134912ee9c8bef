"""Every way a payment can end at the gateway, and what the buyer then reads."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tools.tour import open_cashier, order
from xinka.flows.expire import expire_due
from xinka.kernel import ids
from xinka.platform.database.drive import drive

if TYPE_CHECKING:
    from conftest import Shop

pytestmark = pytest.mark.browser
PRODUCT = "/p/star-voyage-300"


def end(page: Page, ending: str) -> None:
    """Press one of the cashier's buttons."""
    page.click(f"button[formaction$='/{ending}'], form[action$='/{ending}'] button")
    page.wait_for_load_state()


@pytest.mark.parametrize("channel", ["alipay-sandbox", "wechat-sandbox"])
@pytest.mark.parametrize(
    ("ending", "headline", "also", "letters"),
    [
        ("pay-twice", "卡密已到", "重复付款", ["已发货", "已退给你 ¥49.00"]),
        ("pay-more", "卡密已到", "多付", ["已发货", "已退给你 ¥4.90"]),
        ("pay-less", "收到 ¥44.10，少 ¥4.90", "", ["还差 ¥4.90"]),
        ("duplicate", "卡密已到", "", ["已发货"]),
        ("reorder", "卡密已到", "", ["已发货"]),
    ],
)
def test_money_is_never_lost(
    page: Page, shop: Shop, channel: str, ending: str, *, headline: str, also: str, letters: list[str]
) -> None:
    contact = f"{secrets.token_hex(6)}@mail.example"
    place = order(page, shop.url, PRODUCT, channel, contact=contact)
    open_cashier(page)
    end(page, ending)
    _read(page, place, headline, also)
    expect(page.locator("article.code")).to_have_count(1 if "已到" in headline else 0)
    shop.next_letter_to(contact, after=len(letters) - 1)
    got = [str(letter["Subject"]) for letter in shop.letters_to(contact)]
    assert len(got) == len(letters)
    assert all(any(part in subject for subject in got) for part in letters), got
    if ending == "pay-less":
        with shop.database() as database:
            drive(database, _expire_now(place))


def test_the_rest_of_a_short_payment_brings_the_goods(page: Page, shop: Shop) -> None:
    contact = f"{secrets.token_hex(6)}@mail.example"
    place = order(page, shop.url, PRODUCT, "wechat-sandbox", contact=contact)
    open_cashier(page)
    end(page, "pay-less")
    _read(page, place, "少 ¥4.90", "")
    page.click("main a.btn.pri:has-text('¥4.90')")
    page.click("button[name=channel][value='wechat-sandbox']")
    page.wait_for_url("**/pay?channel=*")
    open_cashier(page)
    expect(page.locator("#amount")).to_contain_text("4.90")
    end(page, "pay")
    _read(page, place, "卡密已到", "")
    expect(page.locator("article.code")).to_have_count(1)
    shop.next_letter_to(contact, after=1)


@pytest.mark.parametrize("ending", ["fail", "expire"])
def test_a_payment_that_came_to_nothing_is_started_anew(page: Page, shop: Shop, ending: str) -> None:
    place = order(page, shop.url, PRODUCT, "wechat-sandbox", contact=f"{secrets.token_hex(6)}@mail.example")
    open_cashier(page)
    dead = page.url
    end(page, ending)
    page.goto(f"{place}/pay")
    page.click("text=重新发起付款")
    page.wait_for_load_state()
    open_cashier(page)
    assert page.url != dead
    end(page, "pay")
    _read(page, place, "卡密已到", "")


@pytest.mark.parametrize("ending", ["fail", "forge", "expire"])
def test_no_money_no_goods(page: Page, shop: Shop, ending: str) -> None:
    place = order(page, shop.url, PRODUCT, "alipay-sandbox", contact=f"{secrets.token_hex(6)}@mail.example")
    open_cashier(page)
    end(page, ending)
    page.goto(f"{place}/pay")
    expect(page.locator("[data-clock]")).to_be_visible()
    page.goto(place)
    expect(page.locator("article.code")).to_have_count(0)
    expect(page.locator("h1")).to_have_text(re.compile("还没看到"))


@pytest.mark.parametrize("channel", ["alipay-sandbox", "wechat-sandbox"])
def test_a_page_whose_time_runs_out_stops_asking_for_money(page: Page, shop: Shop, channel: str) -> None:
    place = order(page, shop.url, PRODUCT, channel, contact=f"{secrets.token_hex(6)}@mail.example")
    order_id = ids.parse("ord", place.rpartition("/")[2])
    with shop.database() as database:
        database.execute("UPDATE orders_order SET expires_at = now() + interval '3 s' WHERE id = %s", [order_id])
    page.reload()
    expect(page.locator("a[href*='/sandbox/']").first).to_be_attached()
    expect(page.locator("h1")).to_have_text(re.compile("过期"), timeout=20_000)
    expect(page.locator("a[href*='/sandbox/'], form[action$='/pay']")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("再买一次")


def test_money_that_comes_after_the_end_still_delivers(page: Page, shop: Shop) -> None:
    place = order(page, shop.url, PRODUCT, "alipay-sandbox", contact=f"{secrets.token_hex(6)}@mail.example")
    waiting = page.context.new_page()
    waiting.goto(f"{place}/pay")
    open_cashier(page)
    with shop.database() as database:
        database.execute(
            "UPDATE sandbox_sandboxtrade SET expires_at = now() - interval '2 min' WHERE token = %s", [_token(page)]
        )
        drive(database, _expire_now(place))
    # The page that waits hears of it and turns by itself.
    expect(waiting.locator("h1")).to_have_text(re.compile("过期"), timeout=20_000)
    page.reload()
    end(page, "pay-late")
    _read(page, place, "卡密已到", "")


def _read(page: Page, place: str, headline: str, also: str) -> None:
    """Look at the order until it says so: a channel with a weak signature is asked first, which takes a moment."""
    page.goto(place)
    expect(page.locator("h1")).to_contain_text(headline, timeout=30_000)
    if also:
        page.reload()
        expect(page.locator("main")).to_contain_text(also)


def _token(page: Page) -> str:
    return page.url.partition("/sandbox/pay/")[2].partition("/")[0].partition("?")[0]


def _expire_now(place: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a flow of this test
    """Let an order's quarter of an hour be over."""
    from xinka.kernel.flow import Query

    order_id = ids.parse("ord", place.rpartition("/")[2])
    yield Query("UPDATE orders_order SET expires_at = now() - interval '1 min' WHERE id = $1", (order_id,))
    yield Query("UPDATE stock_reservation SET expires_at = now() - interval '1 min' WHERE order_id = $1", (order_id,))
    return (yield from expire_due())
