"""What the shop owes, and for how long: per account of the books, by the age of what is open.

Balances of merchants and buyers are spent oldest first, so what is left of one is the newest of what came to it. Escrow
is told order by order, money on its way back refund by refund, money of nobody receipt by receipt. What the books have
beyond that (part payments, chargebacks under way, gift cards …) has no single day, and is told as such.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from xinka.ledger.accounts import OWED_TO_CUSTOMERS, RESTRICTED, Account
from xinka.ledger.queries import trial_balance

#: Days up to which something counts as of an age; what is older is in the last class.
CLASSES = (7, 30, 90)
#: Of each balance, what came within each class covers it, the youngest first; what that leaves is older than any class.
#: So nothing older is read, however long the books are.
_BALANCES = """
SELECT b.account, sum(least(b.owed, b.of[1]))::bigint, sum(least(greatest(b.owed - b.of[1], 0), b.of[2]))::bigint,
  sum(least(greatest(b.owed - b.of[1] - b.of[2], 0), b.of[3]))::bigint,
  sum(greatest(b.owed - b.of[1] - b.of[2] - b.of[3], 0))::bigint
FROM (
  SELECT account, -amount AS owed, coalesce(came.of, '{{0,0,0}}') AS of FROM ledger_balance LEFT JOIN (
    SELECT account, owner_id, ARRAY[{classes}] AS of FROM ledger_entry
    WHERE account = ANY(%(owned)s) AND owner_id IS NOT NULL AND currency = %(currency)s AND amount < 0 AND at >= %(d90)s
    GROUP BY account, owner_id) came USING (account, owner_id)
  WHERE account = ANY(%(owned)s) AND currency = %(currency)s AND amount < 0) b
GROUP BY b.account
"""
#: What is open one by one: its day, and its amount.
_HOLDS = """
SELECT delivered_at AS at, amount - refunded - released - seized_held AS amount FROM escrow_hold
WHERE currency = %(currency)s AND state IN ('held', 'aftersale') AND amount > refunded + released + seized_held
"""
_REFUNDS = "SELECT created_at AS at, amount FROM payments_refund WHERE state <> 'done' AND currency = %(currency)s"
_UNMATCHED = """
SELECT r.received_at AS at, r.amount FROM payments_receipt r
WHERE r.outcome = 'unmatched' AND r.currency = %(currency)s AND NOT EXISTS (
  SELECT FROM payments_refund f WHERE f.channel_id = r.channel_id AND f.trade_no = r.trade_no) AND NOT EXISTS (
  SELECT FROM ledger_journal j WHERE j.key = 'suspense:' || r.channel_id || ':' || r.trade_no)
"""
#: The classes, each from its oldest moment on until the next younger one begins.
_WITHIN = (
    "at >= %(d7)s",
    "at < %(d7)s AND at >= %(d30)s",
    "at < %(d30)s AND at >= %(d90)s",
    "at < %(d90)s",
)


class Aged(NamedTuple):
    """What is owed on one account in minor units: by age, youngest class first, and what has no day of its own."""

    account: Account
    classes: tuple[int, ...]
    rest: int

    @property
    def total(self) -> int:
        """What the books say is owed."""
        return sum(self.classes) + self.rest


def owed_by_age(currency: str, now: datetime) -> list[Aged]:
    """Return every account of customers' money on which something is owed, as of now."""
    opened = _opened(currency, now)
    totals = {
        line.account: -line.amount
        for line in trial_balance().lines
        if line.currency == currency and line.account in OWED_TO_CUSTOMERS
    }
    nothing = (0,) * len(_WITHIN)
    return [
        Aged(account, opened.get(account, nothing), total - sum(opened.get(account, nothing)))
        for account, total in sorted(totals.items())
        if total
    ]


def currencies_owed() -> list[str]:
    """Return the currencies that anything was ever entered in, and is left of."""
    return sorted({line.currency for line in trial_balance().lines})


def _opened(currency: str, now: datetime) -> dict[Account, tuple[int, ...]]:
    """Return what is open on each account, by class: summed up in the database, for it may be a million rows."""
    params: dict[str, Any] = {"currency": currency, "owned": [int(account) for account in sorted(RESTRICTED)]}
    params |= {f"d{days}": now - timedelta(days=days) for days in CLASSES}
    came = ", ".join(f"coalesce(sum(-amount) FILTER (WHERE {within}), 0)" for within in _WITHIN[:-1])
    sums = ", ".join(f"coalesce(sum(amount) FILTER (WHERE {within}), 0)::bigint" for within in _WITHIN)
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES.format(classes=came), params)
        found = {Account(account): tuple(map(int, classes)) for account, *classes in cursor.fetchall()}
        for account, statement in (
            (Account.ESCROW, _HOLDS),
            (Account.REFUND_IN_TRANSIT, _REFUNDS),
            (Account.SUSPENSE, _UNMATCHED),
        ):
            cursor.execute(f"SELECT {sums} FROM ({statement}) opened", params)
            (found[account],) = cursor.fetchall()
    return found
