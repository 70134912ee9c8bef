"""Ada stocks what she sells: files of every encoding, a long one with its bar, the way back, and days that end."""

from __future__ import annotations

import codecs
import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tools.tour import open_cashier, order, sign_in

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser


def make_product(page: Page, shop: Shop) -> tuple[str, str]:
    """Make a product and put it on the shelf; return where codes are imported for it and where buyers find it."""
    sign_in(page, shop.url, "Ada")
    page.goto(f"{shop.url}/desk/xinghe/products/new")
    page.fill("[name=title]", f"试货 {secrets.token_hex(4)}")
    page.select_option("[name=category]", label="游戏点卡")
    page.fill("[name='v-0-price']", "3.00")
    page.click("main form button.pri")
    page.wait_for_url(re.compile("/products/[0-9]+$"))
    page.click("button:has-text('上架')")
    place = str(page.locator("main a[href^='/p/']").first.get_attribute("href"))
    page.goto(f"{shop.url}/desk/xinghe/stock?product={page.url.rsplit('/', 1)[-1]}")
    return str(page.locator("main a[href$='/import']").first.get_attribute("href")), place


def send(page: Page, shop: Shop, where: str, name: str, content: bytes) -> None:
    """Choose a file, send it, and wait for its preview."""
    page.goto(shop.url + where)
    page.set_input_files("[name=file]", {"name": name, "mimeType": "text/plain", "buffer": content})
    page.click("main form button.pri")
    page.wait_for_url("**/imports/*")


def confirm(page: Page) -> None:
    """Let what the preview shows be imported, and wait for the report."""
    page.click("main form[action$='/confirm'] button")
    expect(page.locator("#report")).to_have_text("结果", timeout=60_000)


def bought(buyer: Page, shop: Shop, place: str) -> str:
    """Buy one piece and return the code."""
    order_page = order(buyer, shop.url, place, "alipay-sandbox")
    open_cashier(buyer)
    buyer.click("form[action$='/pay'] button")
    buyer.goto(order_page)
    buyer.click("article.code form button")
    return buyer.locator("[data-code]").inner_text()


def test_what_spreadsheets_and_editors_write_comes_in_as_it_was_meant(page: Page, visit: Visit, shop: Shop) -> None:
    where, place = make_product(page, shop)
    tag = secrets.token_hex(3).upper()
    csv = f'卡密,备注,有效期\r\n"C,{tag},1",带 ""引号"",2031/1/31\r\nC-{tag}-2,,\r\n'
    for name, content, shown, n in (
        ("a.txt", f"一号-{tag}-U8\r\n\r\n二号-{tag}-U8".encode(), "UTF-8", 2),
        ("b.txt", codecs.BOM_UTF8 + f"BOM-{tag}-1\n".encode(), "UTF-8 (BOM)", 1),
        ("c.txt", f"卡密-{tag}-GBK".encode("gbk"), "GBK / GB18030", 1),
        ("d.txt", f"𠮷-{tag}-18030".encode("gb18030"), "GBK / GB18030", 1),
        ("e.txt", f"U16-{tag}-1\n".encode("utf-16"), "UTF-16", 1),
        ("f.csv", csv.encode("gbk"), "GBK / GB18030", 2),
        ("g.csv", f"N-{tag}-1;第一\nN-{tag}-2;第二\n".encode(), "UTF-8", 2),
    ):
        send(page, shop, where, name, content)
        expect(page.locator("main .drop")).to_contain_text(shown)
        expect(page.locator("main")).to_contain_text(f"可导入 {n}")
        confirm(page)
        expect(page.locator("dl.kpi dd").first).to_have_text(str(n))
    assert bought(visit(), shop, place) == f"一号-{tag}-U8"


def test_a_file_that_holds_nothing_says_so_and_leaves_nothing(page: Page, shop: Shop) -> None:
    where, _place = make_product(page, shop)
    for name, content, size, says in (
        ("empty.txt", b"", "0 KB", "这个文件是空的"),
        ("blank.txt", b"\r\n  \n", "1 KB", "没有卡密"),
        ("book.xlsx", b"PK\x03\x04" + bytes(2000), "2 KB", "工作簿"),
    ):
        page.goto(shop.url + where)
        page.set_input_files("[name=file]", {"name": name, "mimeType": "text/plain", "buffer": content})
        expect(page.locator("main .drop")).to_contain_text(f"{name} {size}")
        page.click("main form button.pri")
        expect(page.locator("main [role=alert]")).to_contain_text(says)
    page.goto(shop.url + where.removesuffix("/import"))
    expect(page.locator("main")).to_contain_text("还没有卡密")


def test_a_long_file_shows_how_far_it_is_and_what_was_sold_of_it_outlives_its_undoing(
    page: Page, visit: Visit, shop: Shop
) -> None:
    where, place = make_product(page, shop)
    tag = secrets.token_hex(4).upper()
    lines = [f"LONG-{tag}-{number:07d}" for number in range(100_000)]
    send(page, shop, where, "long.txt", "\n".join(lines).encode())
    page.click("main form[action$='/confirm'] button")
    expect(page.locator("#progress svg.bar[aria-label$='%']")).to_be_visible()
    expect(page.locator("#progress [role=status]")).to_contain_text("行")
    expect(page.locator("#report")).to_have_text("结果", timeout=120_000)
    expect(page.locator("dl.kpi dd").first).to_have_text("100,000")
    buyer = visit(viewport={"width": 390, "height": 844})
    assert bought(buyer, shop, place) == lines[0]

    page.on("dialog", lambda dialog: dialog.accept())
    page.click("form[action$='/undo'] button")
    expect(page.locator("#progress")).to_contain_text("没卖出的卡密都已撤下", timeout=120_000)
    expect(page.locator("dl.kpi dd").last).to_have_text("99,999")
    buyer.reload()
    buyer.click("article.code form button")
    expect(buyer.locator("[data-code]")).to_have_text(lines[0])
    page.goto(f"{page.url}/codes?state=sold")
    expect(page.locator("main tbody tr")).to_have_count(1)
    buyer.goto(shop.url + place)
    expect(buyer.locator("main")).to_contain_text("售罄", timeout=30_000)
    send(page, shop, where, "again.txt", "\n".join(lines[:3]).encode())
    expect(page.locator("main")).to_contain_text("库里已有 1")
    expect(page.locator("main")).to_contain_text("可导入 2")


def test_a_code_whose_day_has_come_is_neither_counted_nor_sold(page: Page, visit: Visit, shop: Shop) -> None:
    where, place = make_product(page, shop)
    tag = secrets.token_hex(4).upper()
    days = f"code,label,expires_on\nGONE-{tag},,2020-01-31\nSOON-{tag},,2031-01-31\nKEPT-{tag},,\n"
    send(page, shop, where, "days.csv", days.encode())
    expect(page.locator("main")).to_contain_text("已经过期")
    expect(page.locator("main")).to_contain_text("可导入 2")
    confirm(page)
    with shop.database() as database:
        database.execute(
            "UPDATE stock_unsold SET expires_on = (now() AT TIME ZONE 'Asia/Shanghai')::date"
            " WHERE expires_on IS NOT NULL AND sku_id = %s",
            [int(where.split("/")[-2])],
        )
    assert bought(visit(), shop, place) == f"KEPT-{tag}"
    other = visit()
    other.goto(shop.url + place)
    expect(other.locator("main")).to_contain_text("售罄", timeout=30_000)
