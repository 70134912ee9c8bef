"""What the books say as of a day. Nothing is ever changed or entered late, so the same question has the same answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from xinka.ledger.accounts import OWED_TO_CUSTOMERS, SEGREGATED, Account, JournalKind, Nature
from xinka.ledger.days import end_of, start_of

_LAST_CLOSED = "SELECT max(day) FROM ledger_closed_day WHERE day < %s"
#: Closed days by their sums, and the entries since.
_SUMS = """
SELECT account, currency, sum(amount)::bigint FROM (
  SELECT account, currency, amount FROM ledger_day_total WHERE day <= %(closed)s
  UNION ALL
  SELECT account, currency, amount FROM ledger_entry WHERE at >= %(since)s AND at < %(until)s) everything
GROUP BY account, currency HAVING sum(amount) <> 0 ORDER BY currency, account
"""
_LINES = """
SELECT e.at, e.journal_id, e.kind, e.amount, e.order_id, e.channel_id, coalesce(j.note, '')
FROM (SELECT * FROM ledger_entry e WHERE {which} ORDER BY e.at, e.journal_id LIMIT %(limit)s OFFSET %(offset)s) e
LEFT JOIN ledger_journal j ON j.id = e.journal_id ORDER BY e.at, e.journal_id
"""
_BEFORE_PAGE = """
SELECT coalesce(sum(amount), 0)::bigint FROM (
  SELECT amount FROM ledger_entry e WHERE {which} ORDER BY at, journal_id LIMIT %(offset)s) earlier
"""
_TURNOVER = "SELECT count(*), coalesce(sum(amount), 0)::bigint FROM ledger_entry e WHERE {which}"
_OWNED = "e.account = %(account)s AND e.owner_id = %(owner)s AND e.currency = %(currency)s"
_SHARED = "e.account = %(account)s AND e.currency = %(currency)s"
_WITHIN = " AND e.at >= %(since)s AND e.at < %(until)s"
#: What an owner has now, less what came since.
_OWNED_BEFORE = f"""
SELECT coalesce((SELECT amount FROM ledger_balance e WHERE {_OWNED}), 0)
  - coalesce((SELECT sum(amount) FROM ledger_entry e WHERE {_OWNED} AND e.at >= %(since)s), 0)
"""


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What one account holds in one currency; one of ``debit`` and ``credit`` is zero."""

    account: Account
    currency: str
    amount: int

    @property
    def debit(self) -> int:
        """The balance if it is a debit."""
        return max(self.amount, 0)

    @property
    def credit(self) -> int:
        """The balance if it is a credit."""
        return max(-self.amount, 0)


@dataclass(frozen=True, slots=True)
class Cover:
    """Customers' money in one currency: what is owed, and what gateways and the trust account hold of it."""

    currency: str
    owed: int
    held: int

    @property
    def missing(self) -> int:
        """What the operator has to put into the trust account."""
        return max(self.owed - self.held, 0)


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts as of the end of a day, or as of now."""

    as_of: date | None
    lines: list[TrialLine]

    @property
    def totals(self) -> list[tuple[str, int, int]]:
        """Debits and credits per currency, which are equal."""
        found: dict[str, list[int]] = {}
        for line in self.lines:
            sums = found.setdefault(line.currency, [0, 0])
            sums[0] += line.debit
            sums[1] += line.credit
        return [(currency, debit, credit) for currency, (debit, credit) in sorted(found.items())]

    @property
    def cover(self) -> list[Cover]:
        """Whether customers' money is all there, per currency."""
        return [
            Cover(currency, -self._sum(OWED_TO_CUSTOMERS, currency), self._sum(SEGREGATED, currency))
            for currency in sorted({line.currency for line in self.lines})
        ]

    def _sum(self, accounts: frozenset[Account], currency: str) -> int:
        return sum(line.amount for line in self.lines if line.account in accounts and line.currency == currency)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose account is told of: ``owner_id`` for accounts kept per owner, and for no others."""

    account: Account
    currency: str = "CNY"
    owner_id: int | None = None

    @property
    def sign(self) -> int:
        """What turns a debit-positive amount into one that is positive when the account grows."""
        return 1 if self.account.nature in {Nature.ASSET, Nature.EXPENSE} else -1


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry, with the balance after it; both are positive on the account's own side."""

    at: datetime
    journal_id: UUID
    kind: JournalKind
    amount: int
    balance: int
    order_id: UUID | None
    channel_id: int
    note: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of what happened in an account from ``first`` to ``last``, both included."""

    subject: Subject
    first: date
    last: date
    opening: int
    closing: int
    n_lines: int
    lines: list[StatementLine]


def trial_balance(as_of: date | None = None) -> TrialBalance:
    """Return every account's balance at the end of a day, or now."""
    lines = _sums_until(end_of(as_of) if as_of else None)
    return TrialBalance(as_of, [TrialLine(Account(account), currency, amount) for account, currency, amount in lines])


def _sums_until(until: datetime | None) -> list[tuple[Any, ...]]:
    last = until.date() if until else date.max
    ((closed,),) = _rows(_LAST_CLOSED, [last])
    since = end_of(closed) if closed else "-infinity"
    return _rows(_SUMS, {"closed": closed, "since": since, "until": until or "infinity"})


def statement(subject: Subject, first: date, last: date, *, offset: int = 0, limit: int = 50) -> Statement:
    """Return a page of an account's statement: ``limit`` entries after the first ``offset`` of the period."""
    bounds = _bounds(subject, first, last)
    which = _which(subject) + _WITHIN
    opening = _opening(subject, bounds)
    ((n_lines, turnover),) = _rows(_TURNOVER.format(which=which), bounds)
    before = 0
    if offset:
        ((before,),) = _rows(_BEFORE_PAGE.format(which=which), {**bounds, "offset": offset})
    rows = _rows(_LINES.format(which=which), {**bounds, "offset": offset, "limit": limit})
    lines = list(_with_balances(rows, subject.sign, (opening + before) * subject.sign))
    sign = subject.sign
    return Statement(subject, first, last, opening * sign, (opening + turnover) * sign, n_lines, lines)


def _with_balances(rows: Sequence[tuple[Any, ...]], sign: int, balance: int) -> Iterator[StatementLine]:
    for at, journal_id, kind, amount, order_id, channel_id, note in rows:
        balance += amount * sign
        yield StatementLine(at, journal_id, JournalKind(kind), amount * sign, balance, order_id, channel_id, note)


def _opening(subject: Subject, bounds: dict[str, Any]) -> int:
    if subject.owner_id is not None:
        ((found,),) = _rows(_OWNED_BEFORE, bounds)
        return int(found)
    sums = _sums_until(bounds["since"])
    return sum(
        amount for account, currency, amount in sums if (account, currency) == (subject.account, subject.currency)
    )


def _which(subject: Subject) -> str:
    return _SHARED if subject.owner_id is None else _OWNED


def _bounds(subject: Subject, first: date, last: date) -> dict[str, Any]:
    return {
        "account": int(subject.account),
        "owner": subject.owner_id,
        "currency": subject.currency,
        "since": start_of(first),
        "until": end_of(last),
    }


def _rows(statement: str, params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
