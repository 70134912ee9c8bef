"""``xinka ledger``: the trial balance as of a day, and the books for other programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from xinka.config.cli.shop import open_shop, refusals_told, room
from xinka.engines.commands import BilingualGroup
from xinka.kernel.money import MINOR_DIGITS


class _Day(click.DateTime):
    """A day as people write it; what is none is refused in words instead of in signs for programs."""

    name = "day"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the day's first moment."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(
                f"there is no day {value!r}: write it like 2026-11-30 / 没有这一天，请写成 2026-11-30 这样", param, ctx
            )


_DAY = _Day()
_WRITTEN = "YYYY-MM-DD"
_CURRENCY = click.option("--currency", type=click.Choice(list(MINOR_DIGITS)), default="CNY", show_default=True)
_LANGUAGES = click.Choice(["zh-hans", "en"])


@click.group(cls=BilingualGroup)
def ledger() -> None:
    """Read the books, and enter what only the operator knows of.

    查看、导出与核对账目，补记只有运营知道的款项。
    """


@ledger.command()
@click.option(
    "--as-of", type=_DAY, metavar=_WRITTEN, help="The end of this day instead of now. / 截至当天结束，而不是现在"
)
@click.option("--language", type=_LANGUAGES, default="zh-hans")
def balance(as_of: datetime | None, language: str) -> None:
    """Print the trial balance; the exit status is 1 if customers' money is not all there.

    打印试算平衡表；客户资金有缺口时退出码为 1。
    """
    with open_shop():
        from django.utils.translation import override  # here, because --help does without Django

        shown = room("xinka.kernel.money").plain_amount
        with override(language):
            report = room("xinka.ledger.queries").trial_balance(as_of.date() if as_of else None)
            names = room("xinka.ledger.words").ACCOUNTS
            for line in report.lines:
                amount = f"{shown(line.debit or -line.credit, line.currency):>18} {line.currency}"
                click.echo(f"{amount}  {int(line.account):>2} {names[line.account]}")
    for cover in report.cover:
        held, owed = shown(cover.held, cover.currency), shown(cover.owed, cover.currency)
        click.echo(f"{cover.currency}: owed to customers / 欠客户 {owed}, held / 已备 {held}")
    sys.exit(any(cover.missing for cover in report.cover))


@ledger.command()
@click.option("--format", "form", type=click.Choice(["beancount", "csv", "xlsx"]), required=True)
@click.option("--from", "first", type=_DAY, metavar=_WRITTEN, required=True, help="The first day. / 第一天")
@click.option(
    "--to", "last", type=_DAY, metavar=_WRITTEN, required=True, help="The last day, included. / 最后一天（含）"
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file instead of the terminal. / 写入文件，而不是终端",
)
@click.option("--language", type=_LANGUAGES, default="zh-hans")
def export(form: str, first: datetime, last: datetime, output: Path | None, language: str) -> None:
    """Write all journals of a period, as text for beancount, as CSV or as XLSX.

    导出一段时间内的全部账目。
    """
    if form == "xlsx" and output is None:
        raise click.UsageError("--format xlsx needs --output / 导出 xlsx 请用 --output 指定文件")
    if first > last:
        raise click.UsageError("--from is after --to / 起始日期晚于截止日期")
    with open_shop():
        from django.utils.translation import override  # here, because --help does without Django

        with override(language):
            try:
                _export(form, first.date(), last.date(), output)
            except OSError as error:
                raise click.ClickException(f"{output}: {error.strerror} / 文件写不了") from None


def _export(form: str, first: date, last: date, output: Path | None) -> None:
    tables = room("xinka.ledger.exports.tables")
    if form == "xlsx" and output is not None:
        with output.open("wb") as file:
            tables.write_xlsx(tables.journals_table(first, last), file)
        return
    if form == "csv":
        pieces: Iterable[str] = tables.write_csv(tables.journals_table(first, last))
    else:
        pieces = room("xinka.ledger.exports.beancount").write_beancount(first, last)
    if output is None:
        sys.stdout.writelines(pieces)
        return
    with output.open("w", encoding="utf-8", newline="") as text:
        text.writelines(pieces)


@ledger.command()
@click.argument("channel")
@click.argument("day", type=_DAY, metavar="DAY")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def reconcile(channel: str, day: datetime, file: Path) -> None:
    """Compare the bill FILE (CSV: kind, trade_no, amount …) of CHANNEL for one DAY (YYYY-MM-DD) with the books.

    用账单文件核对一个通道一天的账；有差异时退出码为 1。
    """
    from django.utils import timezone  # here, because --help does without Django

    with open_shop(), _lines_of(file) as lines, refusals_told():
        bills, found, of_day = room("xinka.flows.reconciling.bills"), _channel(channel), day.date()
        bills.see_that_it_is_over(found, of_day, timezone.now())
        told = room("xinka.reconciling.bill_file").read_bill(lines, found.currency)
        bill = bills.reconcile_day(found, of_day, told)
    click.echo(
        f"{bill.n_payments} payments / 收款, {bill.n_refunds} refunds / 退款, {bill.n_differences} differences / 差异"
    )
    sys.exit(bill.n_differences > 0)


@ledger.command()
@click.argument("channel")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def settlement(channel: str, file: Path) -> None:
    """Enter what the gateway of CHANNEL paid into the bank: FILE is a CSV of number, amount and, if wanted, arrived.

    把通道打到银行的款项入账；差额记入待查。重复的行不会再记一次。
    """
    with open_shop(), _lines_of(file) as lines, refusals_told():
        arrivals, found = room("xinka.flows.reconciling.arrivals"), _channel(channel)
        told = arrivals.read_arrivals(lines, found.currency)
        n_new = arrivals.enter_arrivals(found, told, by=None)
    click.echo(f"{n_new} entered / 已入账, {len(told) - n_new} known before / 此前已入账")


@contextmanager
def _lines_of(file: Path) -> Iterator[TextIO]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            yield lines
        except UnicodeDecodeError:
            raise click.ClickException("the file is not UTF-8 / 文件不是 UTF-8") from None


def _channel(slug: str) -> Any:
    found = room("xinka.payments.models").Channel.objects.filter(slug=slug).first()
    if found is None:
        raise click.ClickException(f"there is no channel {slug} / 没有这个通道")
    return found


@ledger.command("put-in")
@click.argument("number")
@click.argument("amount")
@_CURRENCY
def put_in(number: str, amount: str, currency: str) -> None:
    """Enter AMOUNT of your own money that you put into the trust account; NUMBER is the bank's for that transfer.

    把平台补进专户的自有资金入账；同一流水号不会记两次。
    """
    _enter("arrivals", lambda own, minor: own.put_in(number, minor, currency, by=None), amount, lambda: currency)


@ledger.command("take-out")
@click.argument("number")
@click.argument("amount")
@_CURRENCY
def take_out(number: str, amount: str, currency: str) -> None:
    """Enter AMOUNT that you earned and took out of the trust account; NUMBER is the bank's for that transfer.

    把从专户取出的平台收入入账；多于平台收入的不能取，同一流水号不会记两次。
    """
    _enter("own_money", lambda own, minor: own.take_out(number, minor, currency, by=None), amount, lambda: currency)


@ledger.command("clear-suspense")
@click.argument("channel")
@click.argument("number")
@click.argument("amount")
@click.option("--as", "became", type=click.Choice(["returned", "fee", "arrived"]), required=True)
def clear_suspense(channel: str, number: str, amount: str, became: str) -> None:
    """Enter what became of AMOUNT that waits in suspense for CHANNEL; NUMBER is the gateway's or the bank's for it.

    returned: money of nobody we know, which the gateway gave back to its payer. fee, arrived: what was missing at the
    bank is a fee that was kept, or has come.

    待查款有了结果时入账：returned 已由通道退给付款人，fee 是被扣的手续费，arrived 后来到账了。
    """
    _enter(
        "own_money",
        lambda own, minor: own.clear_suspense(_channel(channel), number, minor, own.Became(became), by=None),
        amount,
        lambda: str(_channel(channel).currency),
    )


def _enter(where: str, act: Callable[[Any, int], bool], amount: str, currency_of: Callable[[], str]) -> None:
    """Read an amount, have it entered by a module of ``flows.reconciling``, and say whether that was new."""
    with open_shop(), refusals_told():
        minor = room("xinka.kernel.money").parse_amount(amount, currency_of())
        if minor < 1:
            raise click.UsageError("there is nothing to enter / 金额要大于零")
        is_new = act(room(f"xinka.flows.reconciling.{where}"), minor)
    click.echo("entered / 已入账" if is_new else "known before / 此前已入账")
