"""``xinka ledger`` prints the trial balance and writes the books into files."""

from __future__ import annotations

import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import timezone

from tests import cast
from xinka.config.cli import main
from xinka.flows.reconciling import arrivals
from xinka.flows.settle import VerifiedMoney
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.django_drive import run
from xinka.reconciling.models import Bill

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
    yesterday = (day_of(timezone.now()) - timedelta(days=1)).isoformat()
    file = tmp_path / "bill.csv"
    file.write_text("kind,trade_no,amount,fee\npayment,T1,49.00,0.30\n", encoding="utf-8")
    result = call("reconcile", channel.slug, yesterday, str(file))
    assert (result.exit_code, result.output) == (0, "1 payments / 收款, 0 refunds / 退款, 0 differences / 差异\n")
    file.write_text("kind,trade_no,amount\npayment,T1,48.00\n", encoding="utf-8")
    assert call("reconcile", channel.slug, yesterday, str(file)).exit_code == 1


def test_the_bill_of_a_day_that_goes_on_is_not_compared(tmp_path: Path) -> None:
    """Read and done, it would not be fetched any more, and what comes later that day would be compared with nothing."""
    channel = cast.channel()
    file = tmp_path / "bill.csv"
    file.write_text("kind,trade_no,amount\n", encoding="utf-8")
    result = call("reconcile", channel.slug, day_of(timezone.now()).isoformat(), str(file))
    assert result.exit_code == 1
    assert "is not over before" in result.output
    assert "还没过完" in result.output
    assert not Bill.objects.exists()


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
        ("alipay-md5", b"number\n", "Line 1 of the file: the first line names the columns"),
        ("alipay-md5", b"number,amount\nS1,40.00\nS2,1e3\n", "Line 3 of the file: “1e3” is no amount: write it like"),
        ("alipay-md5", b"number,amount,arrived\nS1,40.00,x\n", "Line 2 of the file: “x” is no amount"),
        ("alipay-md5", b"number,amount\n,40.00\n", "Line 2 of the file: it needs the transfer's number"),
        ("alipay-md5", b"number,amount\nS1,0\n", "Line 2 of the file: its amount is nothing"),
        ("alipay-md5", b"number,amount\nS1,1,234.50\n", "Line 2 of the file: it has more columns than the heading"),
        ("alipay-md5", b"number,amount\nS\x001,40.00\n", "Line 2 of the file: its number holds a null character"),
        ("alipay-md5", b"number,amount\n4.2E+27,40.00\n", "Line 2 of the file: a spreadsheet rounded the number"),
        ("alipay-md5", b'number,amount\nS1,"40.00\n', "Line 2 of the file: this is no whole CSV"),
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
    for command in ("put-in", "take-out"):
        result = call(command, "--currency", "XXX", "77", "5")
        assert result.exit_code == 2
        assert "'CNY'" in result.output


def earned(commission: int) -> None:
    """Have the shop hold 49.00 for an order, all of it at the bank, and earn a commission of it."""
    channel = cast.channel()
    cast.settle(cast.money_for(cast.buy(cast.ware(cast.adas_shop(), 1).sku, channel)))
    arrivals.enter_arrivals(channel, [arrivals.Arrival("S1", 4900, 4900)], by=None)
    legs = (Leg(Account.ESCROW, commission), Leg(Account.COMMISSION, -commission))
    run(post([Journal(JournalKind.CORRECTION, "earned", "CNY", legs)]))


def test_what_was_earned_can_be_taken_out_once_and_never_more() -> None:
    earned(120)
    refused = call("take-out", "B1", "1.21")
    assert refused.exit_code == 1
    assert "At most 1.20 CNY" in refused.output
    assert "最多能取出 1.20 CNY" in refused.output
    assert call("take-out", "B1", "1.00").output == "entered / 已入账\n"
    assert call("take-out", "B1", "1.00").output == "known before / 此前已入账\n"
    assert "other content" in call("take-out", "B1", "0.20").output
    assert "At most 0.20 CNY" in call("take-out", "B2", "0.21").output
    assert call("take-out", "B2", "0.20").exit_code == 0
    assert "At most 0.00 CNY" in call("take-out", "B3", "0.01").output
    shown = call("balance", "--language", "en")
    assert "1.20 CNY   6 " in shown.output
    assert "47.80 CNY   5 " in shown.output
    assert shown.exit_code == 0, "customers' money is all there"


def test_money_that_is_still_at_the_gateway_cannot_be_taken_out_of_the_bank() -> None:
    earned(120)
    channel = cast.channel("other")
    legs = (Leg(Account.CLEARING, 900), Leg(Account.COMMISSION, -900))
    run(post([Journal(JournalKind.CORRECTION, "more", "CNY", legs, channel_id=channel.id)]))
    legs = (Leg(Account.BANK_TRUST, -4870), Leg(Account.CLEARING, 4870))
    run(post([Journal(JournalKind.CORRECTION, "back", "CNY", legs, channel_id=channel.id)]))
    assert "At most 0.30 CNY" in call("take-out", "B1", "10.20").output


def test_suspense_is_cleared_by_what_became_of_it_and_by_no_more_than_there_is() -> None:
    channel = cast.channel()
    cast.settle(VerifiedMoney(channel.id, None, "whose", 1000))
    assert "has 10.00 CNY in suspense" in call("clear-suspense", channel.slug, "W", "10.01", "--as", "returned").output
    assert "has 0.00 CNY in suspense" in call("clear-suspense", channel.slug, "W", "0.01", "--as", "fee").output
    assert call("clear-suspense", channel.slug, "W", "10.00", "--as", "returned").output == "entered / 已入账\n"
    assert call("clear-suspense", channel.slug, "W", "10.00", "--as", "returned").output.startswith("known before")
    assert call("balance").output.count(" CNY ") == 0, "nothing is left of it"


def test_what_was_missing_at_the_bank_was_a_fee_or_has_come() -> None:
    channel = cast.channel()
    cast.settle(cast.money_for(cast.buy(cast.ware(cast.adas_shop(), 1).sku, channel)))
    arrivals.enter_arrivals(channel, [arrivals.Arrival("S1", 4900, 4880)], by=None)
    assert "has 0.00 CNY" in call("clear-suspense", channel.slug, "F", "0.05", "--as", "returned").output
    assert call("clear-suspense", channel.slug, "F", "0.05", "--as", "fee").exit_code == 0
    assert call("clear-suspense", channel.slug, "G", "0.15", "--as", "arrived").exit_code == 0
    shown = call("balance", "--language", "en").output
    assert "48.95 CNY   5 " in shown
    assert "0.05 CNY  18 " in shown
    assert "Suspense" not in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("take-out", "B", "0"), "nothing to enter"),
        (("take-out", "B", "1e3"), "12.34"),
        (("clear-suspense", "nobody", "W", "1.00", "--as", "fee"), "there is no channel nobody"),
        (("clear-suspense", "alipay-md5", "W", "1.00", "--as", "lost"), "returned"),
    ],
)
def test_what_cannot_be_read_is_not_entered(arguments: tuple[str, ...], words: str) -> None:
    cast.channel()
    result = call(*arguments)
    assert result.exit_code != 0
    assert words in result.output


@pytest.mark.parametrize(
    "asked",
    [("balance", "--as-of", "2026-13-01"), ("reconcile", "alipay", "30.11.2026", __file__)],
    ids=lambda asked: asked[0],
)
def test_what_is_no_day_is_refused_in_words_and_says_how_to_write_one(asked: tuple[str, ...]) -> None:
    result = call(*asked)
    assert result.exit_code == 2
    assert "write it like 2026-11-30 / 没有这一天，请写成 2026-11-30 这样" in result.output
    assert "%" not in result.output


@pytest.mark.parametrize("command", ["balance", "export", "reconcile"])
def test_the_help_names_days_in_words(command: str) -> None:
    told = call(command, "--help").output
    assert "YYYY-MM-DD" in told
    assert "%" not in told
    assert "Missing argument 'DAY'" in call("reconcile", "alipay").output
