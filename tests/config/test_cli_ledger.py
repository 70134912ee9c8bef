"""``xinka ledger`` prints the trial balance and writes the books into files."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import timezone

from tests import cast
from xinka.config.cli import main
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paid() -> None:
    """One payment of 49.00."""
    legs = (Leg(Account.CLEARING, 4900), Leg(Account.ESCROW, -4900))
    run(post([Journal(JournalKind.PAYMENT, "in", "CNY", legs)]))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ledger", *arguments], env={**os.environ})


def period() -> list[str]:
    today = day_of(timezone.now()).isoformat()
    return ["--from", today, "--to", today]


def test_the_trial_balance_says_whether_customers_are_covered(paid: None) -> None:
    result = call("balance", "--language", "en")
    assert result.exit_code == 0, result.output
    assert "-49.00 CNY   2 Held for orders" in result.output
    assert "owed to customers / 欠客户 49.00, held / 已备 49.00" in result.output
    legs = (Leg(Account.PSP_FEE, 1), Leg(Account.CLEARING, -1))
    run(post([Journal(JournalKind.PSP_FEE, "fee", "CNY", legs)]))
    assert call("balance").exit_code == 1
    assert call("balance", "--as-of", "2026-01-01").output == ""


@pytest.mark.parametrize(
    ("form", "inside"), [("csv", "49.00,0.00,CNY"), ("beancount", "Liabilities:Escrow  -49.00 CNY")]
)
def test_text_goes_to_the_terminal_or_into_a_file(paid: None, tmp_path: Path, form: str, inside: str) -> None:
    shown = call("export", "--format", form, *period())
    assert shown.exit_code == 0, shown.output
    file = tmp_path / "books"
    assert call("export", "--format", form, *period(), "--output", str(file)).exit_code == 0
    assert inside in shown.output
    assert inside in file.read_text(encoding="utf-8")


def test_a_workbook_goes_into_a_file_only(paid: None, tmp_path: Path) -> None:
    file = tmp_path / "books.xlsx"
    assert call("export", "--format", "xlsx", *period()).exit_code == 2
    assert call("export", "--format", "xlsx", *period(), "--output", str(file)).exit_code == 0
    assert zipfile.is_zipfile(file)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    assert call("export", "--format", "csv", "--from", "2026-02-01", "--to", "2026-01-01").exit_code == 2


def test_a_bill_file_is_compared(tmp_path: Path) -> None:
    channel = cast.channel()
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, channel)
    cast.settle(cast.money_for(bought, trade_no="T1"))
    today = day_of(timezone.now()).isoformat()
    file = tmp_path / "bill.csv"
    file.write_text("kind,trade_no,amount,fee\npayment,T1,49.00,0.30\n", encoding="utf-8")
    result = call("reconcile", channel.slug, today, str(file))
    assert (result.exit_code, result.output) == (0, "1 payments / 收款, 0 refunds / 退款, 0 differences / 差异\n")
    file.write_text("kind,trade_no,amount\npayment,T1,48.00\n", encoding="utf-8")
    assert call("reconcile", channel.slug, today, str(file)).exit_code == 1


@pytest.mark.parametrize(
    ("channel", "content", "words"),
    [
        ("nobody", b"kind,trade_no,amount\n", "there is no channel nobody"),
        ("alipay-md5", b"kind,amount\n", "Line 1 of the bill"),
        ("alipay-md5", b"kind,trade_no,amount\npayment,\xff,1\n", "not UTF-8"),
    ],
)
def test_a_bill_file_that_cannot_be_compared_is_refused_in_both_languages(
    tmp_path: Path, channel: str, content: bytes, words: str
) -> None:
    cast.channel()
    file = tmp_path / "bill.csv"
    file.write_bytes(content)
    result = call("reconcile", channel, "2026-03-02", str(file))
    assert result.exit_code == 1
    assert words in result.output
    assert " / " in result.output


def test_what_a_gateway_paid_into_the_bank_is_entered_once(tmp_path: Path) -> None:
    channel = cast.channel()
    cast.settle(cast.money_for(cast.buy(cast.ware(cast.adas_shop(), 1).sku, channel)))
    file = tmp_path / "came.csv"
    file.write_text("\ufeffNumber,Amount,Arrived\nS1,40.00,\nS2,9.00,8.90\n", encoding="utf-8")
    result = call("settlement", channel.slug, str(file))
    assert (result.exit_code, result.output) == (0, "2 entered / 已入账, 0 known before / 此前已入账\n")
    result = call("settlement", channel.slug, str(file))
    assert (result.exit_code, result.output) == (0, "0 entered / 已入账, 2 known before / 此前已入账\n")
    shown = call("balance", "--language", "en")
    assert "48.90 CNY   5 " in shown.output
    assert "0.10 CNY   4 " in shown.output
    assert shown.exit_code == 0


@pytest.mark.parametrize(
    ("channel", "content", "words"),
    [
        ("nobody", b"number,amount\n", "there is no channel nobody"),
        ("alipay-md5", b"number\n", "Line 1 cannot be read"),
        ("alipay-md5", b"number,amount\nS1,40.00\nS2,1e3\n", "Line 3 cannot be read"),
        ("alipay-md5", b"number,amount\n,40.00\n", "Line 2 cannot be read"),
        ("alipay-md5", b"number,amount\nS1,0\n", "Line 2 cannot be read"),
        ("alipay-md5", b"number,amount\n\xff,40.00\n", "not UTF-8"),
        ("alipay-md5", b"number,amount\nS1,40.00\nS2,9.01\n", "owes 49.00 CNY by the books, yet 49.01 CNY"),
        ("alipay-md5", b"number,amount\nS1,40.00\nS1,9.00\n", "belongs to a journal with other content"),
    ],
)
def test_a_settlement_file_that_cannot_be_entered_enters_nothing(
    tmp_path: Path, channel: str, content: bytes, words: str
) -> None:
    cast.settle(cast.money_for(cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())))
    file = tmp_path / "came.csv"
    file.write_bytes(content)
    result = call("settlement", channel, str(file))
    assert result.exit_code == 1
    assert words in result.output
    assert " / " in result.output
    assert "  5 " not in call("balance").output


def test_the_operators_own_money_covers_what_was_advanced(paid: None) -> None:
    legs = (Leg(Account.PSP_FEE, 29), Leg(Account.CLEARING, -29))
    run(post([Journal(JournalKind.PSP_FEE, "fee", "CNY", legs)]))
    assert call("balance").exit_code == 1
    assert call("put-in", "B7", "0.29").output == "entered / 已入账\n"
    assert call("put-in", "B7", "0.29").output == "known before / 此前已入账\n"
    assert call("balance").exit_code == 0
    assert "other content" in call("put-in", "B7", "0.30").output


@pytest.mark.parametrize("amount", ["0", "-- -1", "1.001", "much"])
def test_what_is_no_amount_is_not_put_in(amount: str) -> None:
    assert call("put-in", "B7", *amount.split()).exit_code != 0
    assert "  5 " not in call("balance").output


def test_a_file_that_cannot_be_written_and_a_currency_that_is_none_are_told_plainly(tmp_path: Path) -> None:
    result = call("export", "--format", "csv", *period(), "--output", str(tmp_path / "nowhere" / "books.csv"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.output
    assert isinstance(result.exception, SystemExit)
    result = call("put-in", "--currency", "XXX", "77", "5")
    assert result.exit_code == 2
    assert "'CNY'" in result.output
