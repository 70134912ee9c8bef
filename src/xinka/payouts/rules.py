"""What must be true of payouts at any moment; each statement returns the rows that break its rule."""

from __future__ import annotations

from typing import NamedTuple

from xinka.payouts.states import PayoutState

_IN_TRANSIT = ", ".join(f"'{state.value}'" for state in PayoutState if state.is_in_transit)


class Rule(NamedTuple):
    """A rule in words and as the statement that finds what breaks it."""

    name: str
    rule_en: str
    rule_zh: str
    sql: str


RULES = (
    Rule(
        "in_transit_is_payouts",
        "what merchants and buyers have in transit is exactly their open payouts with their fees",
        "商家和买家在途的钱与未完成的提现一致",
        f"""SELECT account, owner_id, currency, b.sum AS in_books, p.sum AS in_payouts FROM
             (SELECT account, owner_id, currency, -sum(amount) AS sum FROM ledger_entry WHERE account IN (11, 25)
               GROUP BY 1, 2, 3) b
             FULL JOIN (SELECT CASE WHEN buyer_id IS NULL THEN 11 ELSE 25 END::smallint AS account,
               coalesce(buyer_id, merchant_id) AS owner_id, currency, sum(amount + fee) AS sum FROM payouts_payout
               WHERE state IN ({_IN_TRANSIT}) GROUP BY 1, 2, 3) p USING (account, owner_id, currency)
           WHERE coalesce(b.sum, 0) <> coalesce(p.sum, 0)""",
    ),
    Rule(
        "ended_once",
        "a payout that was paid left once, one that was not came back once",
        "打出的提现只出账一次，没打出的只退回一次",
        """SELECT p.id, p.state, count(j.id) FROM payouts_payout p
           LEFT JOIN ledger_journal j ON j.key IN ('payout/' || p.id || '/payout_paid', 'payout/' || p.id ||
             '/payout_failed')
           GROUP BY p.id HAVING count(j.id) <> CASE WHEN p.state IN ('paid', 'failed', 'cancelled') THEN 1 ELSE 0 END
             OR bool_or(j.kind = 10 AND p.state <> 'paid') OR bool_or(j.kind = 11 AND p.state = 'paid')""",
    ),
    Rule(
        "own_accounts",
        "a payout goes to an account of whose money it is",
        "提现只打到钱的主人自己的账户",
        """SELECT p.id, p.merchant_id, p.buyer_id, a.merchant_id, a.buyer_id FROM payouts_payout p
           JOIN payouts_payoutaccount a ON a.id = p.account_id
           WHERE (p.merchant_id, p.buyer_id) IS DISTINCT FROM (a.merchant_id, a.buyer_id)""",
    ),
    Rule(
        "enough_eyes",
        "what was sent had been approved by people who are not of that shop",
        "打出的提现都由店外的人批准过",
        """SELECT p.id FROM payouts_payout p WHERE p.sent_at IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM payouts_payoutapproval a WHERE a.payout_id = p.id AND a.round = p.round
               AND a.by_id <> p.asked_by_id)""",
    ),
)
