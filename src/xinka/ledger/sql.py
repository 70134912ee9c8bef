"""The statements that write and prove journals. Private to the ledger and the flows that post."""

from __future__ import annotations

from xinka.ledger.accounts import Account, JournalKind

#: A journal without key, for events that have their own inbox: $1 journal, $2 kind, $3 order, $4 channel, $5 currency,
#: $6 accounts, $7 amounts (debit positive).
POST = """
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
SELECT $1::uuid, leg.account, $2::smallint, leg.amount, $5, $3::uuid, $4::int, now()
FROM unnest($6::smallint[], $7::bigint[]) AS leg(account, amount)
"""

#: Many journals, each once by its key; answers with those that are new or were there before this statement.
POST_MANY = """
WITH req AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::smallint[], $5::text[], $6::bigint[], $7::text[],
    $8::uuid[], $9::int[]) WITH ORDINALITY
    AS t(id, key, content_hash, kind, note, by_id, currency, order_id, channel_id, n)),
leg AS MATERIALIZED (
  SELECT * FROM unnest($10::int[], $11::smallint[], $12::bigint[], $13::bigint[]) AS t(n, account, amount, owner_id)),
made AS (
  INSERT INTO ledger_journal (id, key, content_hash, n_legs, kind, note, by_id, at)
  SELECT id, key, content_hash, coalesce(c.n_legs, 0), kind, note, by_id, now()
  FROM req LEFT JOIN (SELECT n, count(*) AS n_legs FROM leg GROUP BY n) c USING (n)
  ORDER BY key ON CONFLICT (key) DO NOTHING RETURNING id),
entered AS (
  INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, owner_id, at)
  SELECT req.id, leg.account, req.kind, leg.amount, req.currency, req.order_id, req.channel_id, leg.owner_id, now()
  FROM made JOIN req USING (id) JOIN leg USING (n))
SELECT req.n, req.id, req.content_hash FROM made JOIN req USING (id)
UNION ALL
SELECT req.n, j.id, j.content_hash FROM req CROSS JOIN LATERAL (
  SELECT id, content_hash FROM ledger_journal WHERE key = req.key LIMIT 1) j
"""

#: Nobody else clears anything of a channel's suspense ($1: ``suspense:`` and its number) until the transaction ends.
LOCK_SUSPENSE = "SELECT pg_advisory_xact_lock(hashtext($1))"
#: How much money of nobody waits in suspense for channel $1 in currency $2; none if the books were told under the key
#: $3 what became of it. True only under that lock.
STRANGE_LEFT = f"""
SELECT coalesce(-sum(amount), 0)::bigint FROM ledger_entry
WHERE account = {Account.SUSPENSE:d} AND channel_id = $1 AND currency = $2
  AND NOT EXISTS (SELECT FROM ledger_journal WHERE key = $3)
  AND (kind IN ({JournalKind.PAYMENT:d}, {JournalKind.REFUND_DECIDED:d}, {JournalKind.MATCHED:d})
    OR (kind = {JournalKind.CORRECTION:d} AND amount > 0))
"""

JOURNALS_BY_KEY = "SELECT key, id, content_hash FROM ledger_journal WHERE key = ANY($1::text[])"

#: What ``Journal.content_hash`` was made of, once more from the entries ``e`` of one journal.
HASH_AGAIN = """
sha256(convert_to(min(e.kind) || '|' || min(e.currency) || '|' || coalesce(min(e.order_id::text), '') || '|'
  || min(e.channel_id) || '|' || string_agg(e.account || ':' || coalesce(e.owner_id::text, '') || ':' || e.amount, ','
  ORDER BY e.account), 'UTF8'))
"""

UNBALANCED = """
SELECT journal_id FROM ledger_entry GROUP BY journal_id, currency HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 20
"""
