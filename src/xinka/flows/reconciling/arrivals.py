"""Money that a gateway pays out to us: from what the gateway owes to what is in the trust account, line by line (P10).

The gateway says what it sent, the bank says what came. What is between the two waits in suspense until somebody knows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.db import connection, transaction

from xinka.accounts.models import User
from xinka.kernel.errors import BadInput, Refusal
from xinka.kernel.money import parse_amount, plain_amount
from xinka.ledger import models as books
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import owed_by_gateways
from xinka.payments.models import Channel
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.reconciling.bill_file import is_rounded

#: Of the keys of these journals.
KEY = "settlement:"
_LONGEST = 64
#: How much is quoted of a value that is wrong.
_SHOWN = 40


class MoreThanOwed(Refusal):
    """A gateway is said to have sent more than the books say it owes."""

    code = "more_than_owed"
    status = HTTPStatus.CONFLICT
    zh = "账上这个通道只欠 {owed}，到账却有 {told}，没有入账。先核对它的账单，把漏记的收款补上。"
    en = (
        "The gateway owes {owed} by the books, yet {told} is said to have come; nothing was entered. Compare its bills."
    )


class BadSettlementFile(Refusal):
    """A line of a settlement file cannot be read."""

    code = "bad_settlement_file"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "到账文件第 {line} 行：{why_zh}。整份文件都没有入账。改好后再来一次。"
    en = "Line {line} of the file: {why_en}. Nothing was entered. Mend it and come again."


class _Wrong(Exception):
    """What is wrong with a line, and how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Arrival:
    """One transfer of a gateway: its number, what the gateway says it sent, and what came, in minor units."""

    number: str
    told: int
    arrived: int


def enter_arrivals(channel: Channel, arrivals: Sequence[Arrival], *, by: User | None) -> int:
    """Enter what came, all or nothing; a line entered before is not entered again. Return how many were new.

    Raises:
        MoreThanOwed: if the new lines are more than the gateway owes.
        KeyReused: if a number was entered with other amounts, now or before.
    """
    journals = [_journal(channel, arrival, by) for arrival in arrivals]
    with transaction.atomic():
        with connection.cursor() as cursor:  # two who enter for one channel do it one after the other
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{KEY}{channel.id}"])
        keys = [journal.key for journal in journals]
        known = set(books.Journal.objects.filter(key__in=keys).values_list("key", flat=True))
        fresh = {journal.key: arrival.told for journal, arrival in zip(journals, arrivals, strict=True)}
        told = sum(amount for key, amount in fresh.items() if key not in known)
        owed = owed_by_gateways().get((channel.id, channel.currency), 0)
        if told > max(owed, 0):
            raise MoreThanOwed(owed=_shown(owed, channel), told=_shown(told, channel))
        run(post(journals))
        n_new = len(fresh.keys() - known)
        if n_new:
            record(by, "books.arrival", channel.slug, lines=n_new, amount=told, currency=channel.currency)
    return n_new


def put_in(number: str, amount: int, currency: str, *, by: User | None) -> bool:
    """Enter money of the operator's own that went into the trust account; return whether it was new.

    Raises:
        KeyReused: if the number was entered with another amount.
    """
    legs = (Leg(Account.BANK_TRUST, amount), Leg(Account.CAPITAL, -amount))
    journal = Journal(
        JournalKind.CORRECTION, f"put-in:{number}", currency, legs, note=number, by_id=by.pk if by else None
    )
    with transaction.atomic():
        is_new = not books.Journal.objects.filter(key=journal.key).exists()
        run(post([journal]))
        if is_new:
            record(by, "books.put_in", number, amount=amount, currency=currency)
    return is_new


def _journal(channel: Channel, arrival: Arrival, by: User | None) -> Journal:
    legs = (
        Leg(Account.CLEARING, -arrival.told),
        Leg(Account.SUSPENSE, arrival.told - arrival.arrived),
        Leg(Account.BANK_TRUST, arrival.arrived),
    )
    return Journal(
        JournalKind.SETTLEMENT_FILE,
        f"{KEY}{channel.id}:{arrival.number}",
        channel.currency,
        legs,
        channel_id=channel.id,
        note=arrival.number,
        by_id=by.pk if by else None,
    )


def _shown(amount: int, channel: Channel) -> str:
    return f"{plain_amount(amount, channel.currency)} {channel.currency}"


def read_arrivals(lines: Iterable[str], currency: str) -> list[Arrival]:
    """Return the lines of a settlement file; without a column ``arrived`` all that was sent came.

    Raises:
        BadSettlementFile: at the first line that cannot be read.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        reader.fieldnames = _head(reader.fieldnames or [])
        return [_arrival(row, currency) for row in reader]
    except _Wrong as wrong:
        raise BadSettlementFile(line=max(reader.line_num, 1), why_zh=wrong.zh, why_en=wrong.en) from None
    except csv.Error as error:
        zh, en = f"这一行不是完整的 CSV（{error}）", f"this is no whole CSV ({error})"
        raise BadSettlementFile(line=reader.line_num + 1, why_zh=zh, why_en=en) from None


def _head(names: Sequence[str]) -> list[str]:
    head = [(name or "").strip().lower() for name in names]
    if {"number", "amount"} <= set(head):
        return head
    raise _Wrong(
        "第一行要写列名：number 和 amount 必须有，arrived 可有可无",
        "the first line names the columns: number and amount are needed, arrived may be there",
    )


def _arrival(row: dict[str | None, str | list[str] | None], currency: str) -> Arrival:
    if None in row:  # a comma inside of an amount, most likely: read on, its thousands would be the amount
        raise _Wrong(
            "这一行比表头多出几列；金额里不要有逗号", "it has more columns than the heading; amounts have no commas"
        )
    number, amount, arrived = (str(row.get(name) or "").strip() for name in ("number", "amount", "arrived"))
    if not number or len(number) > _LONGEST:
        raise _Wrong(
            f"要有这笔到账的编号，最多 {_LONGEST} 个字", f"it needs the transfer's number, {_LONGEST} signs at most"
        )
    if "\0" in number:  # the database keeps no such text
        raise _Wrong("编号里有空字符，请重新导出", "its number holds a null character; export it again")
    if is_rounded(number):
        raise _Wrong(
            f"编号“{number}”被表格软件改成了近似数，请把这一列设为文本再导出",
            f"a spreadsheet rounded the number to “{number}”; make the column text and export it again",
        )
    told = _amount(amount, currency)
    if not told:
        raise _Wrong("金额要大于零", "its amount is nothing")
    return Arrival(number, told, _amount(arrived, currency) if arrived else told)


def _amount(text: str, currency: str) -> int:
    try:
        return parse_amount(text, currency)
    except BadInput as refusal:
        why = refusal.params
        raise _Wrong(
            f"“{text[:_SHOWN]}”不是金额，{why['why_zh']}", f"“{text[:_SHOWN]}” is no amount: {why['why_en']}"
        ) from None
