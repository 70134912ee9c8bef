"""Balances of owned accounts are kept by the database; a journal is complete the moment it is written."""

from __future__ import annotations

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION ledger_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM written GROUP BY journal_id, currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'a journal does not sum to zero' USING ERRCODE = 'check_violation';
  END IF;
  -- Incoming payments end here: no owner, no balance to keep, one look at a handful of rows.
  IF NOT EXISTS (SELECT 1 FROM written WHERE kind <> 1 OR owner_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT 1 FROM (SELECT journal_id, count(*) AS n FROM written GROUP BY journal_id) w
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM ledger_entry e WHERE e.journal_id = w.journal_id) whole
    WHERE whole.n <> w.n) THEN
    RAISE EXCEPTION 'a journal that is written cannot grow' USING ERRCODE = 'restrict_violation';
  END IF;
  IF EXISTS (SELECT 1 FROM written WHERE owner_id IS NOT NULL) THEN
    -- Rows are made and locked in the order of account, owner and currency, here and nowhere else.
    INSERT INTO ledger_balance (account, owner_id, currency, amount)
    SELECT DISTINCT account, owner_id, currency, 0 FROM written WHERE owner_id IS NOT NULL ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM (SELECT DISTINCT account, owner_id, currency FROM written WHERE owner_id IS NOT NULL) w
    JOIN ledger_balance b USING (account, owner_id, currency)
    ORDER BY account, owner_id, currency FOR UPDATE OF b;
    UPDATE ledger_balance b SET amount = b.amount + w.amount FROM (
      SELECT account, owner_id, currency, sum(amount) AS amount FROM written WHERE owner_id IS NOT NULL
      GROUP BY 1, 2, 3) w
    WHERE b.account = w.account AND b.owner_id = w.owner_id AND b.currency = w.currency AND w.amount <> 0;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER ledger_journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journal
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION ledger_refuse_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'balances follow from entries: post a journal' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_balance_by_entries BEFORE INSERT OR UPDATE OR DELETE ON ledger_balance
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_refuse_hand();

-- One row is written again and again: room on its page keeps that cheap.
ALTER TABLE ledger_balance SET (fillfactor = 50, autovacuum_vacuum_threshold = 500);
"""

UNGUARD = """
ALTER TABLE ledger_balance RESET (fillfactor, autovacuum_vacuum_threshold);
DROP TRIGGER ledger_balance_by_entries ON ledger_balance;
DROP FUNCTION ledger_refuse_hand();
DROP TRIGGER ledger_journal_append_only ON ledger_journal;
CREATE OR REPLACE FUNCTION ledger_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM written GROUP BY journal_id, currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'a journal does not sum to zero' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """Triggers on entries, journals and balances."""

    dependencies = [("ledger", "0003_owners_and_journals")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
