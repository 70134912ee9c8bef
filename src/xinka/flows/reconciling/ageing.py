"""What the shop owes, and for how long: per account of the books, by the age of what is open.

Balances of merchants and buyers are spent oldest first, so what is left of one is the newest of what came to it. Escrow
is told order by order, money on its way back refund by refund, money of nobody receipt by receipt. What the books have
beyond that (part payments, chargebacks under way, gift cards …) has no single day, and is told as such.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from xinka.ledger.accounts import OWED_TO_CUSTOMERS, RESTRICTED, Account
from xinka.ledger.queries import trial_balance

#: Days up to which something counts as of an age; what is older is in the last class.
CLASSES = (7, 30, 90)
_BALANCES = """
SELECT b.account, e.at, least(e.amount, e.left_before) FROM ledger_balance b CROSS JOIN LATERAL (
  SELECT at, -amount AS amount, -b.amount - coalesce(sum(-amount) OVER (
      ORDER BY at DESC, journal_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS left_before
  FROM ledger_entry
  WHERE account = b.account AND owner_id = b.owner_id AND currency = b.currency AND amount < 0) e
WHERE b.account = ANY(%(owned)s) AND b.currency = %(currency)s AND b.amount < 0 AND e.left_before > 0
"""
_HOLDS = """
SELECT delivered_at, amount - refunded - released - seized_held FROM escrow_hold
WHERE currency = %(currency)s AND state IN ('held', 'aftersale') AND amount > refunded + released + seized_held
"""
_REFUNDS = "SELECT created_at, amount FROM payments_refund WHERE state <> 'done' AND currency = %(currency)s"
_UNMATCHED = """
SELECT r.received_at, r.amount FROM payments_receipt r
WHERE r.outcome = 'unmatched' AND r.currency = %(currency)s AND NOT EXISTS (
  SELECT FROM payments_refund f WHERE f.channel_id = r.channel_id AND f.trade_no = r.trade_no) AND NOT EXISTS (
  SELECT FROM ledger_journal j WHERE j.key = 'suspense:' || r.channel_id || ':' || r.trade_no)
"""
_Open = list[tuple[datetime, int]]


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
    opened = _opened(currency)
    totals = {
        line.account: -line.amount
        for line in trial_balance().lines
        if line.currency == currency and line.account in OWED_TO_CUSTOMERS
    }
    return [_aged(account, opened[account], total, now) for account, total in sorted(totals.items()) if total]


def currencies_owed() -> list[str]:
    """Return the currencies that anything was ever entered in, and is left of."""
    return sorted({line.currency for line in trial_balance().lines})


def _opened(currency: str) -> defaultdict[Account, _Open]:
    found = defaultdict[Account, _Open](list)
    params: dict[str, Any] = {"currency": currency, "owned": [int(account) for account in sorted(RESTRICTED)]}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, params)
        for account, at, amount in cursor.fetchall():
            found[Account(account)].append((at, int(amount)))
        for account, statement in (
            (Account.ESCROW, _HOLDS),
            (Account.REFUND_IN_TRANSIT, _REFUNDS),
            (Account.SUSPENSE, _UNMATCHED),
        ):
            cursor.execute(statement, params)
            found[account] = [(at, int(amount)) for at, amount in cursor.fetchall()]
    return found


def _aged(account: Account, opened: _Open, total: int, now: datetime) -> Aged:
    classes = [0] * (len(CLASSES) + 1)
    for at, amount in opened:
        classes[sum(now - at > timedelta(days=days) for days in CLASSES)] += amount
    return Aged(account, tuple(classes), total - sum(classes))
