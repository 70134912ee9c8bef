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

#: Of the keys of these journals.
KEY = "settlement:"
_LONGEST = 64


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
    zh = "到账文件第 {line} 行读不懂，整份文件都没有入账。需要 number、amount 两列，可加 arrived。"
    en = (
        "Line {line} cannot be read; nothing was entered. It needs the columns number and amount, and may have arrived."
    )


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
    reader = csv.DictReader(lines)
    reader.fieldnames = [(name or "").strip().lower() for name in reader.fieldnames or []]
    if not {"number", "amount"} <= set(reader.fieldnames):
        raise BadSettlementFile(line=1)
    found = []
    for row in reader:
        number, amount, arrived = ((row.get(name) or "").strip() for name in ("number", "amount", "arrived"))
        try:
            told = parse_amount(amount, currency)
            came = parse_amount(arrived, currency) if arrived else told
        except BadInput:
            raise BadSettlementFile(line=reader.line_num) from None
        if not number or len(number) > _LONGEST or told < 1:
            raise BadSettlementFile(line=reader.line_num)
        found.append(Arrival(number, told, came))
    return found
