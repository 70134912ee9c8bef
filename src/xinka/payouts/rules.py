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
           GROUP BY p.id HAVING count(j.id) <>
               CASE WHEN p.state IN ('paid', 'returned', 'failed', 'cancelled') THEN 1 ELSE 0 END
             OR bool_or(j.kind = 10 AND p.state NOT IN ('paid', 'returned'))
             OR bool_or(j.kind = 11 AND p.state IN ('paid', 'returned'))""",
    ),
    Rule(
        "returned_once",
        "what a bank returned came back once, after it was paid, whole, to whose money it is",
        "退票只入账一次，在打出之后，全额退给钱的主人",
        """SELECT p.id, p.state, b.key, b.amount FROM payouts_payout p
           LEFT JOIN ledger_journal out ON out.key = 'payout/' || p.id || '/payout_paid'
           FULL JOIN (SELECT j.key, j.at, e.currency, max(e.owner_id) AS owner_id, max(e.account) AS account,
                coalesce(-sum(e.amount) FILTER (WHERE e.account IN (9, 12)), 0) AS amount
              FROM ledger_entry e JOIN ledger_journal j ON j.id = e.journal_id WHERE e.kind = 23
              GROUP BY j.id, e.currency) b ON b.key = 'payout/' || p.id || '/payout_returned'
           WHERE (b.key IS NOT NULL AND p.state IS DISTINCT FROM 'returned')
             OR (p.state = 'returned' AND (b.amount, b.currency, b.owner_id)
               IS DISTINCT FROM (p.amount, p.currency, coalesce(p.buyer_id, p.merchant_id)))
             OR (p.state = 'returned' AND out.at > b.at)""",
    ),
    Rule(
        "returns_were_said",
        "for what came back stands one return, agreed on by as many people as it takes, none of them its owner",
        "每笔退票都有一条登记，由足够的人确认，且都不是钱的主人",
        """SELECT p.id, p.state, count(r.id) FROM payouts_payout p
           LEFT JOIN payouts_payoutreturn r ON r.payout_id = p.id AND r.state = 'done'
           GROUP BY p.id HAVING count(r.id) <> CASE WHEN p.state = 'returned' THEN 1 ELSE 0 END
             OR bool_or(p.asked_by_id IN (r.asked_by_id, r.decided_by_id))
             OR bool_or(r.eyes = 2 AND r.asked_by_id = r.decided_by_id)
             OR bool_or(r.eyes = 0 AND p.channel_id = 0)
             OR bool_or(r.channel_id <> p.channel_id OR r.kept > p.amount)""",
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
