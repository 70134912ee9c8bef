"""What the books say: balances of owners, read from what the database keeps; reports as of a day from their entries."""

from __future__ import annotations

from typing import TypedDict

from django.db import connection

from xinka.ledger.accounts import Account, Nature
from xinka.ledger.models import Balance
from xinka.ledger.reports import Statement, Subject, TrialBalance, statement, trial_balance

__all__ = [
    "MerchantBalances",
    "Statement",
    "Subject",
    "TrialBalance",
    "balance_of",
    "balances_of_merchant",
    "owed_by_gateways",
    "statement",
    "trial_balance",
]


class MerchantBalances(TypedDict):
    """A merchant's money in minor units, positive; ``receivable`` is what the merchant owes."""

    pending: int
    available: int
    reserve: int
    in_transit: int
    receivable: int
    frozen: int


_OF_MERCHANT = {
    Account.SELLER_PENDING: "pending",
    Account.SELLER_AVAILABLE: "available",
    Account.SELLER_RESERVE: "reserve",
    Account.SELLER_IN_TRANSIT: "in_transit",
    Account.SELLER_RECEIVABLE: "receivable",
    Account.FROZEN: "frozen",
}


def balance_of(account: Account, owner_id: int, currency: str = "CNY") -> int:
    """Return what an owner has in an account, in minor units; positive on the account's own side."""
    found = Balance.objects.filter(account=account, owner_id=owner_id, currency=currency).first()
    if found is None:
        return 0
    return found.amount if account.nature is Nature.ASSET else -found.amount


def balances_of_merchant(merchant_id: int, currency: str = "CNY") -> MerchantBalances:
    """Return all of a merchant's balances in one currency."""
    found = MerchantBalances(pending=0, available=0, reserve=0, in_transit=0, receivable=0, frozen=0)
    rows = Balance.objects.filter(account__in=_OF_MERCHANT, owner_id=merchant_id, currency=currency)
    for account, amount in rows.values_list("account", "amount"):
        found[_OF_MERCHANT[Account(account)]] = abs(amount)  # type: ignore[literal-required]  # values of the table
    return found


#: Closed days by their sums, and only what came after them entry by entry.
_OWED_BY_GATEWAYS = f"""
SELECT channel_id, currency, sum(amount) FROM (
  SELECT channel_id, currency, amount FROM ledger_day_total WHERE account = {Account.CLEARING:d}
  UNION ALL
  SELECT channel_id, currency, amount FROM ledger_entry WHERE account = {Account.CLEARING:d} AND at >= coalesce(
    (SELECT (max(day) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' FROM ledger_closed_day), '-infinity')) t
GROUP BY 1, 2 HAVING sum(amount) <> 0
"""


def owed_by_gateways() -> dict[tuple[int, str], int]:
    """Return what each channel's gateway owes us now, by channel and currency; below zero is what we owe it."""
    with connection.cursor() as cursor:
        cursor.execute(_OWED_BY_GATEWAYS)
        return {(channel_id, currency): int(amount) for channel_id, currency, amount in cursor.fetchall()}
