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
        "what merchants have in transit is exactly their open payouts with their fees",
        "商家在途的钱与未完成的提现一致",
        f"""SELECT owner_id, currency, b.sum AS in_books, p.sum AS in_payouts FROM
             (SELECT owner_id, currency, -sum(amount) AS sum FROM ledger_entry WHERE account = 11 GROUP BY 1, 2) b
             FULL JOIN (SELECT merchant_id AS owner_id, currency, sum(amount + fee) AS sum FROM payouts_payout
               WHERE state IN ({_IN_TRANSIT}) GROUP BY 1, 2) p USING (owner_id, currency)
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
        "enough_eyes",
        "what was sent had been approved by people who are not of that shop",
        "打出的提现都由店外的人批准过",
        """SELECT p.id FROM payouts_payout p WHERE p.sent_at IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM payouts_payoutapproval a WHERE a.payout_id = p.id AND a.round = p.round
               AND a.by_id <> p.asked_by_id)""",
    ),
)
