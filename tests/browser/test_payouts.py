"""Ada's money from her balance to her bank, in a real browser: her proof, the wait, Dee's yes, the file."""

from __future__ import annotations

import csv
import io
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tools.tour import sign_in
from xinka.accounts.demo_people import PASSWORD
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.drive import drive

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser

#: Card numbers of nobody's: the last digits tell the runs of this test apart.
CARD = "622202" + f"{secrets.randbelow(10**13):013d}"


def give_ada(shop: Shop, amount: int) -> None:
    """Have so much available, as orders that were released and matured bring it."""
    with shop.database() as connection, connection.transaction():
        merchant = _one(connection, "SELECT id FROM merchants_merchant WHERE slug = 'xinghe'")
        legs = (Leg(Account.BANK_TRUST, amount), Leg(Account.SELLER_AVAILABLE, -amount, merchant))
        drive(connection, post([Journal(JournalKind.MATURE, f"test/{secrets.token_hex(8)}", "CNY", legs)]))


def _one(connection: psycopg.Connection[tuple[int]], statement: str) -> int:
    row = connection.execute(statement).fetchone()  # type: ignore[call-overload]  # a fixed statement
    assert row is not None
    return int(row[0])


def two_days_pass(shop: Shop) -> None:
    """Make every account three days older."""
    with shop.database() as connection:
        connection.execute(
            "UPDATE payouts_payoutaccount SET added_at = added_at - interval '3 days',"
            " usable_from = usable_from - interval '3 days'"
        )


def prove(page: Page, then: str = "/desk/xinghe/") -> None:
    """Say once more who one is; what was asked for goes on ``then``."""
    page.wait_for_url("**/account/reauthenticate/**")
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button[type=submit]").first.click()
    page.wait_for_url(re.compile(rf"^[^?]*{then}"))


def add_account(page: Page, shop: Shop) -> None:
    """Add Ada's card; she proves who she is, and gets a mail."""
    page.goto(f"{shop.url}/desk/xinghe/payouts/accounts/new")
    prove(page)
    n_letters = len(shop.letters_to("ada@demo.xinka.example"))
    page.fill("[name=holder]", "林小满")
    page.fill("[name=bank]", "招商银行")
    page.fill("[name=number]", CARD)
    page.click("main form button.pri")
    expect(page.locator("main")).to_contain_text("等待中")
    assert CARD not in page.content()
    assert "新增了收款账户" in shop.next_letter_to("ada@demo.xinka.example", after=n_letters)


def pay_out(page: Page, shop: Shop, file: Path) -> dict[str, str]:
    """Have Dee approve, make the file, take it and enter that it was paid; return its line about Ada's card."""
    sign_in(page, shop.url, "Dee")
    page.goto(f"{shop.url}/office/payouts")
    page.locator("tr", has_text=CARD[-4:]).locator("a").first.click()
    page.click("button:has-text('批准')")
    prove(page, "/office/payouts/")
    expect(page.locator("main")).to_contain_text("待打款")
    page.goto(f"{shop.url}/office/payouts")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('生成文件')")
    page.wait_for_url("**/payouts/files/*")
    with page.expect_download() as waiting:
        page.click("button:has-text('下载')")
    waiting.value.save_as(file)
    page.locator("tr", has_text=CARD[-4:]).locator("button[value=paid]").click()
    expect(page.locator("tr", has_text=CARD[-4:])).to_contain_text("已打款")
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    return next(row for row in rows if row["account"] == CARD)


def test_money_goes_from_the_balance_to_the_bank(page: Page, visit: Visit, shop: Shop, tmp_path: Path) -> None:
    give_ada(shop, 30_000)
    sign_in(page, shop.url, "Ada")
    add_account(page, shop)
    two_days_pass(shop)
    page.goto(f"{shop.url}/desk/xinghe/payouts/new")
    page.check(f"label:has-text('{CARD[-4:]}') input")
    page.fill("[name=amount]", "123.45")
    page.click("main form button.pri")
    expect(page.locator("main")).to_contain_text("等待审核")
    line = pay_out(visit(accept_downloads=True), shop, tmp_path / "file.csv")
    assert (line["name"], line["amount"]) == ("林小满", "123.45")
    page.goto(f"{shop.url}/desk/xinghe/payouts")
    expect(page.locator("tr", has_text=CARD[-4:])).to_contain_text("已打款")


def test_bo_and_a_buyer_do_not_get_near_it(page: Page, shop: Shop) -> None:
    for name, status in (("Bo", 403), ("Cy", 404)):
        sign_in(page, shop.url, name)
        for room in ("balance", "statement", "payouts", "payouts/new", "payouts/accounts"):
            assert page.request.get(f"{shop.url}/desk/xinghe/{room}").status == status, room
        assert page.request.get(f"{shop.url}/office/payouts").status == 404
