"""What came to an owner and went, month by month: the sums of what stands opposite to the owner's accounts.

Each journal sums to zero, so what an owner's accounts gained is exactly what the other accounts of the same journals
gave. So the lines of a month always lead from its beginning to its end, and moves from one account of the owner to
another are not in them. Closed days are read by their sums (``ledger/owners.py``), the others by their entries. Months
are those of the books (``ledger/days.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.db import connection

from xinka.kernel.money import HOME
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import start_of
from xinka.ledger.owners import OWN

#: The first day of the books that is not summed up yet; what is before it is kept, and what is kept stays as it is.
_KEPT_UNTIL = "SELECT max(day) + 1 FROM ledger_closed_day WHERE owners_summed_at IS NOT NULL"
_GAINED = """
SELECT extract(month FROM day)::int, kind, account, sum(amount)::bigint FROM (
  SELECT day, kind, account, amount FROM ledger_owner_total
  WHERE owner_id = %(owner)s AND currency = %(currency)s AND day >= %(first)s AND day < least(%(after)s, %(kept)s)
  UNION ALL
  SELECT (e.at AT TIME ZONE 'Asia/Shanghai')::date, e.kind, e.account, e.amount
  FROM (SELECT DISTINCT journal_id FROM ledger_entry WHERE account = ANY(%(own)s) AND owner_id = %(owner)s
    AND currency = %(currency)s AND at >= %(since)s AND at < %(until)s) mine
  JOIN ledger_entry e USING (journal_id)
  WHERE e.account <> ALL(%(own)s) OR e.owner_id IS DISTINCT FROM %(owner)s) everything
GROUP BY 1, 2, 3
"""
#: What the owner has now, less what came since.
_BEFORE = """
SELECT coalesce((SELECT sum(amount) FROM ledger_entry WHERE account = ANY(%(own)s) AND owner_id = %(owner)s
    AND currency = %(currency)s AND at >= %(since)s), 0)
  - coalesce((SELECT sum(amount) FROM ledger_owner_total
    WHERE owner_id = %(owner)s AND currency = %(currency)s AND day >= %(first)s AND day < %(kept)s), 0)
  - coalesce((SELECT sum(amount) FROM ledger_balance WHERE account = ANY(%(own)s) AND owner_id = %(owner)s
    AND currency = %(currency)s), 0)
"""


class Line(StrEnum):
    """Why a merchant had more or less; in the order in which a statement names them."""

    SALES = "sales"  # what buyers paid, once it was released
    SUBSIDY = "subsidy"  # what the platform added, since it bears a discount
    COMMISSION = "commission"
    GIVEN_BACK = "given_back"  # after the release; before it, it was no sale
    CHARGEBACKS = "chargebacks"
    REFERRALS = "referrals"
    HANDED_OVER = "handed_over"
    PAYOUT_FEES = "payout_fees"
    PAID_OUT = "paid_out"
    PAID_BACK = "paid_back"  # payouts that their banks returned
    OTHER = "other"


_BY_ACCOUNT = MappingProxyType(
    {
        Account.ESCROW: Line.SALES,
        Account.COMMISSION: Line.COMMISSION,
        Account.REFUND_IN_TRANSIT: Line.GIVEN_BACK,
        Account.PAYOUT_FEE: Line.PAYOUT_FEES,
    }
)
_BY_KIND = MappingProxyType(
    {
        JournalKind.RELEASE: Line.SUBSIDY,
        JournalKind.CLAWBACK: Line.SUBSIDY,
        JournalKind.CHARGEBACK_OPENED: Line.CHARGEBACKS,
        JournalKind.CHARGEBACK_WON: Line.CHARGEBACKS,
        JournalKind.REFERRAL: Line.REFERRALS,
        JournalKind.HAND_OVER: Line.HANDED_OVER,
        JournalKind.PAYOUT_PAID: Line.PAID_OUT,
        JournalKind.PAYOUT_RETURNED: Line.PAID_BACK,
    }
)


@dataclass(slots=True)
class Month:
    """One month of a merchant's in minor units; what lessens the merchant's money is negative."""

    first: date
    opening: int
    sums: dict[Line, int] = field(default_factory=dict)

    @property
    def closing(self) -> int:
        """What all of it came to at the end: pending, available, reserve, in transit and frozen, less what is owed."""
        return self.opening + sum(self.sums.values())


def months_of(merchant_id: int, year: int, last: date, currency: str = HOME) -> list[Month]:
    """Return the months of a year up to the one that ``last`` is in; none of a year that has not begun."""
    ends = last.month if last.year == year else 12 if last.year > year else 0
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(_KEPT_UNTIL)
        ((summed_until,),) = cursor.fetchall()
        kept = summed_until or first
        bounds: dict[str, Any] = {
            "own": list(OWN),
            "owner": merchant_id,
            "currency": currency,
            "first": first,
            "after": after,
            "kept": kept,
            "since": start_of(max(first, kept)),
            "until": start_of(after),
        }
        cursor.execute(_BEFORE, bounds)
        ((opening,),) = cursor.fetchall()
        cursor.execute(_GAINED, bounds)
        gained = cursor.fetchall()
    months, balance = [], int(opening)
    for n in range(1, ends + 1):
        found = Month(date(year, n, 1), balance)
        for kind, account, amount in [row[1:] for row in gained if row[0] == n]:
            line = _line_of(JournalKind(kind), Account(account))
            found.sums[line] = found.sums.get(line, 0) + int(amount)
        months.append(found)
        balance = found.closing
    return months


def _line_of(kind: JournalKind, account: Account) -> Line:
    return _BY_ACCOUNT.get(account) or _BY_KIND.get(kind, Line.OTHER)
