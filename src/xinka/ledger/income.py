"""What the platform earned and what it cost, month by month; and how much money moved meanwhile.

The result is read off the accounts of income and expense, so all months together are what the trial balance has of
them. Closed days are read by their sums, so a year costs no more than its days. What moved is counted entry by entry.
Months are those of the books (``ledger/days.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from xinka.ledger.accounts import Account, JournalKind, Nature
from xinka.ledger.days import start_of

EARNED = tuple(account for account in Account if account.nature is Nature.INCOME)
SPENT = tuple(account for account in Account if account.nature is Nature.EXPENSE)
_MONTHS = """
SELECT extract(month FROM day)::int, account, sum(amount)::bigint FROM (
  SELECT day, account, amount FROM ledger_day_total
  WHERE day >= %(first)s AND day < %(after)s AND account = ANY(%(accounts)s) AND currency = %(currency)s
  UNION ALL
  SELECT (at AT TIME ZONE 'Asia/Shanghai')::date, account, amount FROM ledger_entry
  WHERE at >= greatest(%(since)s, coalesce(
      (SELECT (max(day) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' FROM ledger_closed_day), '-infinity'))
    AND at < %(until)s AND account = ANY(%(accounts)s) AND currency = %(currency)s) everything
GROUP BY 1, 2
"""
#: A journal sums to zero, so its debits are how much moved. A refund that was sent and bounced was promised before.
_MOVED = f"""
SELECT extract(month FROM at AT TIME ZONE 'Asia/Shanghai')::int,
  coalesce(sum(amount) FILTER (WHERE kind = {JournalKind.PAYMENT:d} AND amount > 0), 0)::bigint,
  coalesce(-sum(amount) FILTER (WHERE account = {Account.REFUND_IN_TRANSIT:d} AND amount < 0
    AND kind <> {JournalKind.REFUND_SENT:d}), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE kind = {JournalKind.CHARGEBACK_OPENED:d} AND amount > 0), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE kind = {JournalKind.CHARGEBACK_WON:d} AND amount > 0), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE kind = {JournalKind.PAYOUT_PAID:d} AND amount > 0), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE kind = {JournalKind.PAYOUT_RETURNED:d} AND amount > 0), 0)::bigint
FROM ledger_entry WHERE at >= %(since)s AND at < %(until)s AND currency = %(currency)s GROUP BY 1
"""


@dataclass(slots=True)
class Result:
    """One month in minor units; what was earned and what it cost are both positive."""

    first: date
    sums: dict[Account, int] = field(default_factory=dict)

    @property
    def earned(self) -> int:
        """All income."""
        return sum(self.sums.get(account, 0) for account in EARNED)

    @property
    def spent(self) -> int:
        """All expenses."""
        return sum(self.sums.get(account, 0) for account in SPENT)

    @property
    def left(self) -> int:
        """What is left; below zero is a loss."""
        return self.earned - self.spent


class Moved(NamedTuple):
    """How much money moved in a month, in minor units."""

    came: int = 0
    #: Promised back to buyers, whatever for.
    given_back: int = 0
    charged_back: int = 0
    #: Of chargebacks, what a bank gave back to the shop.
    won_back: int = 0
    #: With the fees of the payouts.
    paid_out: int = 0
    #: Of payouts, without their fees, what banks returned.
    paid_back: int = 0


def results_of(year: int, last: date, currency: str) -> list[Result]:
    """Return the months of a year up to the one that ``last`` is in; none of a year that has not begun."""
    ends = last.month if last.year == year else 12 if last.year > year else 0
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    bounds: dict[str, Any] = {
        "first": first,
        "after": after,
        "since": start_of(first),
        "until": start_of(after),
        "accounts": [int(account) for account in (*EARNED, *SPENT)],
        "currency": currency,
    }
    months = [Result(date(year, n, 1)) for n in range(1, ends + 1)]
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, bounds)
        for month, number, amount in cursor.fetchall():
            account = Account(number)
            sign = -1 if account.nature is Nature.INCOME else 1
            months[month - 1].sums[account] = sign * int(amount)
    return months


def begins_in() -> date | None:
    """Return the first day of the month in which the books begin; None while no day is closed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(day) FROM ledger_closed_day")
        ((day,),) = cursor.fetchall()
    return day.replace(day=1) if day else None


def moved_in(year: int, currency: str, month: int | None = None) -> dict[int, Moved]:
    """Return what moved in one month of a year, or in each of them, by the month's number."""
    first = date(year, month or 1, 1)
    after = date(year + 1, 1, 1) if month in {None, 12} else date(year, (month or 0) + 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, {"since": start_of(first), "until": start_of(after), "currency": currency})
        return {number: Moved(*map(int, sums)) for number, *sums in cursor.fetchall()}
