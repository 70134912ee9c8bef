"""A bill as a CSV file of our own plain form, for gateways that hand out none we can fetch.

Columns: kind (payment, refund, fee, other), trade_no, out_trade_no, refund_no, amount, fee, currency, at (ISO 8601).
Only the first, the second and the amount are needed. Lines are read one by one, however many there are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xinka.kernel.errors import BadInput, Refusal
from xinka.kernel.money import parse_amount

_NEEDED = frozenset({"kind", "trade_no", "amount"})
#: Of times that name none.
_ZONE = ZoneInfo("Asia/Shanghai")
KINDS = frozenset({"payment", "refund", "fee", "other"})


class BadBill(Refusal):
    """A line of a bill cannot be read; nothing of it was compared."""

    code = "bad_bill"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "账单第 {line} 行读不懂：{why_zh}。整份账单都没有对账。"
    en = "Line {line} of the bill cannot be read: {why_en}. Nothing of the bill was compared."


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


def read_bill(lines: Iterable[str], currency: str) -> Iterator[BillLine]:
    """Yield the lines of a bill; ``currency`` is the channel's, for lines that name none.

    Raises:
        BadBill: at the first line that cannot be read.
    """
    reader = csv.DictReader(lines)
    head = [(name or "").strip().lstrip("\ufeff").lower() for name in reader.fieldnames or []]
    if not _NEEDED.issubset(head):
        raise BadBill(line=1, why_zh="缺少 kind、trade_no 或 amount 列", why_en="it needs kind, trade_no and amount")
    reader.fieldnames = head
    for row in reader:
        try:
            yield _line(row, currency)
        except (BadInput, KeyError, ValueError):
            raise BadBill(line=reader.line_num, why_zh="内容不对", why_en="a value is not what it should be") from None


def _line(row: dict[str, str], currency: str) -> BillLine:
    kind, trade_no, amount = ((row[name] or "").strip() for name in ("kind", "trade_no", "amount"))
    if kind not in KINDS or (not trade_no and kind in {"payment", "refund"}):
        raise ValueError(kind)
    currency = (row.get("currency") or "").strip().upper() or currency
    fee, at = (row.get("fee") or "").strip(), (row.get("at") or "").strip()
    is_negative = fee.startswith("-")
    return BillLine(
        kind,
        trade_no,
        (row.get("out_trade_no") or "").strip(),
        (row.get("refund_no") or "").strip(),
        parse_amount(amount, currency),
        parse_amount(fee.removeprefix("-"), currency) * (-1 if is_negative else 1) if fee else 0,
        currency,
        _moment(at) if at else None,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)
