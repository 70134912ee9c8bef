"""What must be true of the books at any moment; each statement returns the rows that break its rule."""

from __future__ import annotations

from typing import NamedTuple

from xinka.ledger.accounts import (
    OWED_TO_CUSTOMERS,
    RESTRICTED,
    SEGREGATED,
    Account,
    JournalKind,
    Nature,
)
from xinka.ledger.owners import DISAGREES
from xinka.ledger.sql import HASH_AGAIN, UNBALANCED


class Rule(NamedTuple):
    """A rule in words and as the statement that finds what breaks it."""

    name: str
    rule_en: str
    rule_zh: str
    sql: str


def _listed(accounts: frozenset[Account]) -> str:
    return ", ".join(str(int(account)) for account in sorted(accounts))


#: Kinds whose events have an inbox of their own: a receipt, or a row of a refund.
_KEYED_ELSEWHERE = frozenset({JournalKind.PAYMENT, JournalKind.REFUND_DECIDED, JournalKind.REFUND_SENT})
#: Spent by the operator on behalf of the trade; until it is put back, it is missing where customers' money is.
_ADVANCED = frozenset({account for account in Account if account.nature is Nature.EXPENSE}) | {
    Account.SELLER_RECEIVABLE
}

_ONE_WRITING = """
SELECT journal_id, min(at), max(at) FROM ledger_entry GROUP BY journal_id
HAVING min(at) <> max(at) OR min(kind) <> max(kind) OR min(currency) <> max(currency)
"""
_COMPLETE = f"""
SELECT j.id, j.key FROM ledger_journal j LEFT JOIN ledger_entry e ON e.journal_id = j.id
GROUP BY j.id HAVING count(e.account) <> j.n_legs OR (count(e.account) > 0 AND {HASH_AGAIN} <> j.content_hash)
"""
_SIGNED = f"""
SELECT e.journal_id, e.kind FROM ledger_entry e LEFT JOIN ledger_journal j ON j.id = e.journal_id
WHERE j.id IS NULL AND e.kind NOT IN ({", ".join(str(int(kind)) for kind in sorted(_KEYED_ELSEWHERE))})
"""
_KEPT = """
SELECT account, owner_id, currency, b.amount AS kept, e.amount AS entered FROM ledger_balance b
FULL JOIN (SELECT account, owner_id, currency, sum(amount) AS amount FROM ledger_entry WHERE owner_id IS NOT NULL
  GROUP BY 1, 2, 3) e USING (account, owner_id, currency)
WHERE coalesce(b.amount, 0) <> coalesce(e.amount, 0)
"""
_NOT_LENT = f"""
SELECT account, owner_id::text AS whose, currency, sum(amount) FROM ledger_entry WHERE owner_id IS NOT NULL
GROUP BY 1, 2, 3 HAVING (account IN ({_listed(RESTRICTED)}) AND sum(amount) > 0)
  OR (account = {Account.SELLER_RECEIVABLE:d} AND sum(amount) < 0)
UNION ALL
SELECT account, order_id::text, currency, sum(amount) FROM ledger_entry WHERE account = {Account.ESCROW:d}
GROUP BY 1, 2, 3 HAVING sum(amount) > 0
"""
_COVERED = f"""
SELECT currency, -sum(amount) FILTER (WHERE account IN ({_listed(OWED_TO_CUSTOMERS)})) AS owed,
  sum(amount) FILTER (WHERE account IN ({_listed(SEGREGATED)})) AS there,
  sum(amount) FILTER (WHERE account IN ({_listed(_ADVANCED)})) AS advanced
FROM ledger_entry GROUP BY currency
HAVING coalesce(sum(amount) FILTER (WHERE account IN ({_listed(OWED_TO_CUSTOMERS | SEGREGATED | _ADVANCED)})), 0) < 0
"""
_SUMMED_UP = """
SELECT day, account, currency, channel_id, t.amount AS kept, e.amount AS entered FROM ledger_day_total t
FULL JOIN (SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, account, currency, channel_id, sum(amount) AS amount,
    count(*) AS n FROM ledger_entry
  WHERE (at AT TIME ZONE 'Asia/Shanghai')::date <= (SELECT max(day) FROM ledger_closed_day) GROUP BY 1, 2, 3, 4) e
  USING (day, account, currency, channel_id)
WHERE t.amount IS DISTINCT FROM e.amount OR t.n_entries IS DISTINCT FROM e.n
"""

RULES = (
    Rule(
        "journals_balance",
        "every journal has two entries at least and sums to zero",
        "每笔账借贷相等",
        UNBALANCED,
    ),
    Rule(
        "books_balance",
        "all entries of a currency sum to zero",
        "全部分录合计为零",
        "SELECT currency, sum(amount) FROM ledger_entry GROUP BY currency HAVING sum(amount) <> 0",
    ),
    Rule(
        "journals_are_one_writing",
        "all entries of a journal were written at once, of one kind and currency",
        "一笔账的分录同时写入，种类与币种一致",
        _ONE_WRITING,
    ),
    Rule(
        "journals_are_complete",
        "every journal holds exactly the entries it was sealed with",
        "每笔账与登记时的内容一致",
        _COMPLETE,
    ),
    Rule(
        "journals_have_keys",
        "every entry but those of payments and refunds belongs to a journal with a key",
        "除收款与退款外，每条分录都有登记编号",
        _SIGNED,
    ),
    Rule(
        "balances_are_entries",
        "every kept balance is the sum of its entries",
        "余额等于分录之和",
        _KEPT,
    ),
    Rule(
        "nobody_is_overdrawn",
        "no merchant, buyer or order has less than nothing",
        "商家、买家与订单的余额都不为负",
        _NOT_LENT,
    ),
    Rule(
        "customers_are_covered",
        "gateways and the trust account, with what the operator has advanced, cover what is owed to customers",
        "通道与专户的资金加上平台垫付，足以覆盖欠客户的款项",
        _COVERED,
    ),
    Rule(
        "closed_days_are_entries",
        "the sums of closed days are the sums of their entries",
        "已结账日的合计等于当日分录之和",
        _SUMMED_UP,
    ),
    Rule(
        "owners_are_summed_up",
        "what is kept of each merchant's closed days is what stands in the entries",
        "商家各结账日的合计等于当日分录之和",
        DISAGREES,
    ),
)
