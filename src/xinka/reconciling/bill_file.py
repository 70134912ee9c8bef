"""A bill as a CSV file of our own plain form, for gateways that hand out none we can fetch.

Columns: kind (payment, refund, fee, other), trade_no, out_trade_no, refund_no, amount, fee, currency, at (ISO 8601).
Only the first, the second and the amount are needed. Lines are read one by one, however many there are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xinka.kernel.errors import BadInput, Refusal
from xinka.kernel.money import MINOR_DIGITS, parse_amount

NEEDED = ("kind", "trade_no", "amount")
#: Of times that name none.
_ZONE = ZoneInfo("Asia/Shanghai")
KINDS = ("payment", "refund", "fee", "other")
#: What spreadsheets make of a long number.
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
#: How much is quoted of a value, and of a heading, that is wrong.
_SHOWN, _SHOWN_HEAD = 40, 120


class BadBill(Refusal):
    """A line of a bill cannot be read; nothing of it was compared."""

    code = "bad_bill"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "账单第 {line} 行，{column} 列：{why_zh}。整份账单都没有对账。改好后再传一次。"
    en = "Line {line} of the bill, column {column}: {why_en}. Nothing of it was compared. Mend it and send it again."


class BillLine(NamedTuple):
    """One line of a bill, whoever made it; the fields are those of a provider's bill."""

    kind: str
    trade_no: str
    out_trade_no: str
    refund_no: str
    amount_minor: int
    fee_minor: int
    currency: str
    at: datetime | None


class _Wrong(Exception):
    """What is wrong with the value of one column, and how to mend it."""

    def __init__(self, column: str, zh: str, en: str) -> None:
        super().__init__(column)
        self.column, self.zh, self.en = column, zh, en


def read_bill(lines: Iterable[str], currency: str) -> Iterator[BillLine]:
    """Yield the lines of a bill; ``currency`` is the channel's, for lines that name none.

    Raises:
        BadBill: at the first line that cannot be read.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        reader.fieldnames = _head(reader.fieldnames or [])
        for row in reader:
            yield _line(row, currency)
    except _Wrong as wrong:
        line = max(reader.line_num, 1)
        raise BadBill(line=line, column=wrong.column, why_zh=wrong.zh, why_en=wrong.en) from None
    except csv.Error as error:
        zh, en = f"这一行不是完整的 CSV（{error}）", f"this line is no whole CSV ({error})"
        raise BadBill(line=reader.line_num + 1, column="—", why_zh=zh, why_en=en) from None


def _head(names: Sequence[str]) -> list[str]:
    """Return the names of the columns as this module knows them.

    Raises:
        _Wrong: if a needed one is missing.
    """
    head = [(name or "").strip().lstrip("\ufeff").lower() for name in names]
    missing = [name for name in NEEDED if name not in head]
    if not missing:
        return head
    column = ", ".join(missing)
    if len(head) == 1 and any(mark in head[0] for mark in ";\t|"):
        raise _Wrong(
            column, "各列要用逗号隔开，请另存为逗号分隔的 CSV", "columns are parted by commas; save it as CSV so"
        )
    there = ", ".join(name for name in head if name)[:_SHOWN_HEAD] or "—"
    zh = f"没有这一列。第一行要写列名，现在写的是：{there}"
    raise _Wrong(column, zh, f"it is missing. The first line names the columns, and it has: {there}")


def _line(row: dict[str | None, str | list[str] | None], currency: str) -> BillLine:
    if None in row:  # a comma inside of an amount, most likely: read on, its thousands would be the amount
        raise _Wrong("—", "这一行比表头多出几列", "this line has more columns than the heading")
    value = {str(name): str(text or "").strip() for name, text in row.items()}
    for name, text in value.items():
        if "\0" in text:  # the database keeps no such text
            raise _Wrong(name, "里面有空字符，请重新导出", "it holds a null character; export it again")
    kind, trade_no = value["kind"], _number(value, "trade_no")
    if kind not in KINDS:
        zh = f"“{_short(kind)}”不对，只能是 {'、'.join(KINDS)}"
        raise _Wrong("kind", zh, f"“{_short(kind)}” is none of {', '.join(KINDS)}")
    if not trade_no and kind in {"payment", "refund"}:
        raise _Wrong("trade_no", "付款和退款要有渠道单号", "payments and refunds need the gateway's number")
    currency = value.get("currency", "").upper() or currency
    if currency not in MINOR_DIGITS:
        known = ", ".join(MINOR_DIGITS)
        zh = f"“{_short(currency)}”不认识，可以用 {known}"
        raise _Wrong("currency", zh, f"“{_short(currency)}” is none of {known}")
    return BillLine(
        kind,
        trade_no,
        _number(value, "out_trade_no"),
        _number(value, "refund_no"),
        _amount(value, "amount", currency),
        _fee(value, currency),
        currency,
        _moment(value.get("at", "")),
    )


def _number(value: dict[str, str], column: str) -> str:
    """Return a number of a payment or refund.

    Raises:
        _Wrong: if a spreadsheet made a rounded figure of it, as ``4.2E+27``.
    """
    text = value.get(column, "")
    if is_rounded(text):
        zh = f"“{_short(text)}”被表格软件改成了近似数，请把这一列设为文本再导出"
        raise _Wrong(
            column, zh, f"a spreadsheet rounded it to “{_short(text)}”; make the column text and export it again"
        )
    return text


def is_rounded(number: str) -> bool:
    """Whether a spreadsheet has made a rounded figure of a long number, so that nobody knows which it was."""
    return _ROUNDED.fullmatch(number) is not None


def _amount(value: dict[str, str], column: str, currency: str) -> int:
    text = value[column]
    if text[:1] in {"-", "−", "+"}:
        zh = f"“{_short(text)}”不要带正负号，收还是退由 kind 列说明"
        raise _Wrong(column, zh, f"“{_short(text)}” must have no sign; the column kind says which way it went")
    try:
        return parse_amount(text, currency)
    except BadInput as refusal:
        why = refusal.params
        zh, en = f"“{_short(text)}”不是金额，{why['why_zh']}", f"“{_short(text)}” is no amount: {why['why_en']}"
        raise _Wrong(column, zh, en) from None


def _fee(value: dict[str, str], currency: str) -> int:
    """Return a fee; one that is given back is below zero."""
    text = value.get("fee", "")
    unsigned = text.removeprefix("-")
    return _amount({"fee": unsigned}, "fee", currency) * (-1 if text.startswith("-") else 1) if unsigned else 0


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        zh = f"“{_short(text)}”不是时间，请写成 2026-11-29 20:15:00"
        raise _Wrong("at", zh, f"“{_short(text)}” is no time; write it like 2026-11-29 20:15:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
