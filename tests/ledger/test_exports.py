"""What leaves the house is the books, whole: another program finds them balanced, and a spreadsheet opens them."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from django.utils.translation import override

from tests import cast
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of
from xinka.ledger.exports import tables
from xinka.ledger.exports.beancount import write_beancount
from xinka.ledger.exports.tables import journals_table, statement_table, write_csv, write_xlsx
from xinka.ledger.models import Entry
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import Subject
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def today() -> date:
    return day_of(timezone.now())


@pytest.fixture
def trade() -> cast.Bought:
    """Sales, money that came short, too much and twice, a release with commission, a payout, a fee, some yen."""
    ware, alipay = cast.ware(cast.adas_shop(), 8), cast.channel()
    bought = cast.buy(ware.sku, alipay)
    cast.pay(bought)
    cast.settle(cast.money_for(bought))
    cast.settle(cast.money_for(cast.buy(ware.sku, alipay), amount=100))
    cast.settle(cast.money_for(cast.buy(ware.sku, alipay), amount=9900))
    out = (Leg(Account.ESCROW, 4900), Leg(Account.SELLER_AVAILABLE, -4655, 1), Leg(Account.COMMISSION, -245))
    asked = (Leg(Account.SELLER_AVAILABLE, 4000, 1), Leg(Account.SELLER_IN_TRANSIT, -4000, 1))
    fee = (Leg(Account.PSP_FEE, 29), Leg(Account.CLEARING, -29))
    yen = (Leg(Account.CLEARING, 1200), Leg(Account.SUSPENSE, -1200))
    run(
        post(
            [
                Journal(JournalKind.RELEASE, "r", "CNY", out, bought.order_id, note='=1+1 "said" \\ she\n', by_id=5),
                Journal(JournalKind.PAYOUT_ASKED, "p", "CNY", asked),
                Journal(JournalKind.PSP_FEE, "f", "CNY", fee, channel_id=alipay.id),
                Journal(JournalKind.PAYMENT, "y", "JPY", yen, channel_id=99),
            ]
        )
    )
    return bought


def bean_check(text: str, place: Path) -> subprocess.CompletedProcess[str]:
    file = place / "books.beancount"
    file.write_text(text, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("bean-check")), "--no-cache", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_beancount_finds_the_whole_books_in_order(trade: cast.Bought, tmp_path: Path) -> None:
    text = "".join(write_beancount(today(), today()))
    found = bean_check(text, tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert text.count("\n  journal: ") == Entry.objects.values("journal_id").distinct().count()
    assert text.count(" balance ") == 9
    assert "  Liabilities:Seller-Available:N1  -46.55 CNY" in text


def test_beancount_finds_a_later_period_in_order_by_its_opening_balances(trade: cast.Bought, tmp_path: Path) -> None:
    text = "".join(write_beancount(today() + timedelta(1), today() + timedelta(2)))
    assert "Opening balance" in text
    assert "journal:" not in text
    assert bean_check(text, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("  Income:Commission  -2.45 CNY", "  Income:Commission  -2.44 CNY"), (" 1200 JPY", " 1201 JPY")],
)
def test_beancount_would_tell_of_a_cent(trade: cast.Bought, tmp_path: Path, old: str, new: str) -> None:
    text = "".join(write_beancount(today(), today()))
    assert old in text
    assert bean_check(text.replace(old, new, 1), tmp_path).returncode == 1


def test_beancount_would_tell_of_a_journal_left_out(trade: cast.Bought, tmp_path: Path) -> None:
    whole = "".join(write_beancount(today(), today()))
    start = whole.index(f'{today()} * "payout_asked"')
    text = whole[:start] + whole[whole.index("\n\n", start) + 2 :]
    found = bean_check(text, tmp_path)
    assert found.returncode == 1
    assert "Balance failed" in found.stderr


def read_csv(table: tables.Table) -> list[dict[str, str]]:
    text = "".join(write_csv(table))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_csv_has_every_entry_and_sums_to_zero(trade: cast.Bought) -> None:
    with override("en"):
        rows = read_csv(journals_table(today(), today()))
    assert len(rows) == Entry.objects.count()
    assert sum(round(float(row["Debit"]) * 100) - round(float(row["Credit"]) * 100) for row in rows) == 0
    (row,) = [row for row in rows if row["Account name"] == "Commission"]
    assert (row["What"], row["Credit"], row["Key"], row["Entered by"]) == ("Released to the merchant", "2.45", "r", "5")
    assert row["Note"].startswith("'=1+1")


def test_no_text_of_the_csv_is_a_formula_and_amounts_below_zero_stay_numbers() -> None:
    texts = ["＝1+1", "\n=1+1", "\u3000=1+1"]
    rows = read_csv(tables.Table("t", ["Text", "Amount"], [[text, Decimal("-1.50")] for text in texts]))
    assert [(row["Text"], row["Amount"]) for row in rows] == [(f"'{text}", "-1.50") for text in texts]


def test_a_statement_begins_with_the_opening_balance_and_counts_on(trade: cast.Bought) -> None:
    with override("en"):
        rows = read_csv(statement_table(Subject(Account.SELLER_AVAILABLE, "CNY", 1), today(), today()))
        later = read_csv(statement_table(Subject(Account.SELLER_AVAILABLE, "CNY", 1), today() + timedelta(1), today()))
    assert [(row["Amount"], row["Balance"]) for row in rows] == [("", "0.00"), ("46.55", "46.55"), ("-40.00", "6.55")]
    assert [row["Balance"] for row in later] == ["6.55"]


def sheets(content: bytes) -> list[list[list[str]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/"))
        roots = [ET.fromstring(book.read(name)) for name in names]  # noqa: S314 - our own file
        assert not any("<f>" in book.read(name).decode() for name in names)
    return [[["".join(cell.itertext()) for cell in row] for row in root.iter(f"{MAIN}row")] for root in roots]


def test_the_workbook_has_the_same_rows_and_no_formula(trade: cast.Bought) -> None:
    target = io.BytesIO()
    with override("en"):
        assert write_xlsx(journals_table(today(), today()), target) == Entry.objects.count()
    (sheet,) = sheets(target.getvalue())
    assert len(sheet) == Entry.objects.count() + 1
    assert sheet[0][:4] == ["Date", "Time", "Journal", "What"]
    assert any("-46.55" not in row and "46.55" in row for row in sheet)
    assert any(cell.startswith("=1+1") for row in sheet for cell in row)


def test_what_does_not_fit_on_a_sheet_goes_to_the_next(trade: cast.Bought, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SHEET_ROWS", 10)
    target = io.BytesIO()
    n_rows = write_xlsx(journals_table(today(), today()), target)
    found = sheets(target.getvalue())
    assert len(found) == -(-n_rows // 10)
    assert sum(len(sheet) - 1 for sheet in found) == n_rows
    assert all(sheet[0] == found[0][0] for sheet in found)


def test_a_workbook_of_nothing_has_its_headings() -> None:
    target = io.BytesIO()
    assert write_xlsx(journals_table(today(), today()), target) == 0
    assert len(sheets(target.getvalue())[0]) == 1
