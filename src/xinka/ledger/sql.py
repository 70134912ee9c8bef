"""The statement that writes a journal, whole. Private to the ledger and the flows that post."""

from __future__ import annotations

#: $1 journal, $2 kind, $3 order, $4 channel, $5 currency, $6 accounts, $7 amounts (debit positive).
POST = """
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
SELECT $1::uuid, leg.account, $2::smallint, leg.amount, $5, $3::uuid, $4::int, now()
FROM unnest($6::smallint[], $7::bigint[]) AS leg(account, amount)
"""

#: Everything that was ever entered, per account and currency.
TRIAL_BALANCE = (
    "SELECT account, currency, sum(amount)::bigint FROM ledger_entry GROUP BY account, currency ORDER BY 1, 2"
)

UNBALANCED = """
SELECT journal_id FROM ledger_entry GROUP BY journal_id, currency HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 20
"""
