"""What stood opposite to each owner's accounts, kept by day, so that a year of a busy merchant is read in a moment.

A journal sums to zero: what a merchant's accounts gained is what the other accounts of the same journals gave. That is
summed up once a day has been closed, never before, so a sum that is kept never changes. Days are summed in their
order; what is not summed up yet (today, and after an update the days of before, until they had their turn) is read
entry by entry.
"""

from __future__ import annotations

from datetime import date

from xinka.kernel.flow import Flow, Query
from xinka.ledger.accounts import OWNED, USER_OWNED
from xinka.ledger.days import end_of, start_of

#: The accounts that are kept per merchant.
OWN = tuple(sorted(int(account) for account in OWNED - USER_OWNED))
_LISTED = ", ".join(map(str, OWN))

#: The owner's day may be taken by one at a time: whoever comes second waits for the row and finds it done.
_TAKE = """
UPDATE ledger_closed_day SET owners_summed_at = now() WHERE owners_summed_at IS NULL
  AND day = (SELECT min(day) FROM ledger_closed_day WHERE owners_summed_at IS NULL) RETURNING day
"""
_SUM_UP = f"""
INSERT INTO ledger_owner_total (owner_id, currency, day, kind, account, amount)
SELECT mine.owner_id, e.currency, $1::date, e.kind, e.account, sum(e.amount) FROM (
  SELECT DISTINCT journal_id, owner_id FROM ledger_entry
  WHERE account IN ({_LISTED}) AND at >= $2 AND at < $3) mine
JOIN ledger_entry e ON e.journal_id = mine.journal_id AND e.at >= $2 AND e.at < $3
WHERE e.account NOT IN ({_LISTED}) OR e.owner_id IS DISTINCT FROM mine.owner_id GROUP BY 1, 2, 4, 5
"""
#: What of it does not agree with the entries; a rule of ``ledger/rules.py``.
DISAGREES = f"""
SELECT owner_id, currency, day, kind, account, t.amount AS kept, e.amount AS entered FROM ledger_owner_total t
FULL JOIN (
  SELECT mine.owner_id, e.currency, (e.at AT TIME ZONE 'Asia/Shanghai')::date AS day, e.kind, e.account,
    sum(e.amount) AS amount
  FROM (SELECT DISTINCT journal_id, owner_id FROM ledger_entry WHERE account IN ({_LISTED})) mine
  JOIN ledger_entry e USING (journal_id)
  WHERE (e.account NOT IN ({_LISTED}) OR e.owner_id IS DISTINCT FROM mine.owner_id)
    AND (e.at AT TIME ZONE 'Asia/Shanghai')::date
      <= (SELECT max(day) FROM ledger_closed_day WHERE owners_summed_at IS NOT NULL) GROUP BY 1, 2, 3, 4, 5) e
  USING (owner_id, currency, day, kind, account)
WHERE t.amount IS DISTINCT FROM e.amount
"""


def sum_up_next_day() -> Flow[date | None]:
    """Sum up the oldest closed day that has not been, and return it; run it in a transaction of its own."""
    taken = yield Query(_TAKE)
    if not taken:
        return None
    ((day,),) = taken
    yield Query(_SUM_UP, (day, start_of(day), end_of(day)))
    assert isinstance(day, date)  # noqa: S101 - what the column's type promises
    return day
