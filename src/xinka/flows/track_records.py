"""How merchants did lately: what they delivered, how much of it was disputed, and how soon they answer.

Buyers decide by it, so it is counted from what happened and by nobody's word. A dispute counts however it ends, unless
the buyer took it back; a question is none. Numbers of orders grow with time, so a night reads the orders of the last
months and not all there ever were.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from xinka.disputes.states import CaseKind, Outcome
from xinka.kernel import ids
from xinka.kernel.flow import Flow, Query
from xinka.merchants.policies import LEAST_COUNTED, RECORD_DAYS

#: From so many merchants on that sold enough, the middle one of them says what is usual.
_LEAST_MERCHANTS = 3
#: From so many answered complaints on, the middle one says how soon somebody answers.
_LEAST_ANSWERS = 3
_DISPUTES = ", ".join(f"'{kind.value}'" for kind in (CaseKind.DISPUTE, CaseKind.CLAIM, CaseKind.CHARGEBACK))
_COUNT = f"""
WITH sold AS (
  SELECT merchant_id, count(*) AS n FROM orders_order WHERE id >= $1::uuid AND delivered_at IS NOT NULL GROUP BY 1),
complained AS (
  SELECT c.merchant_id,
    count(DISTINCT c.order_id) FILTER (
      WHERE c.kind IN ({_DISPUTES}) AND c.outcome <> '{Outcome.WITHDRAWN.value}') AS n,
    CASE WHEN count(c.answered_at) >= {_LEAST_ANSWERS}
      THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY c.answered_at - c.opened_at) END AS answers_in
  FROM disputes_case c JOIN orders_order o ON o.id = c.order_id AND o.delivered_at IS NOT NULL
  WHERE c.order_id >= $1::uuid GROUP BY 1),
usual AS (
  SELECT CASE WHEN count(*) >= {_LEAST_MERCHANTS} THEN round(10000 * percentile_cont(0.5) WITHIN GROUP (
    ORDER BY coalesce(complained.n, 0)::float8 / sold.n)) END AS bps
  FROM sold LEFT JOIN complained USING (merchant_id) WHERE sold.n >= {LEAST_COUNTED})
INSERT INTO merchants_record (merchant_id, n_delivered, n_disputed, usual_bps, answers_in, counted_at)
SELECT m.id, coalesce(sold.n, 0), coalesce(complained.n, 0), usual.bps, complained.answers_in, $2::timestamptz
FROM merchants_merchant m CROSS JOIN usual
LEFT JOIN sold ON sold.merchant_id = m.id LEFT JOIN complained ON complained.merchant_id = m.id
ORDER BY m.id
ON CONFLICT (merchant_id) DO UPDATE SET n_delivered = EXCLUDED.n_delivered, n_disputed = EXCLUDED.n_disputed,
  usual_bps = EXCLUDED.usual_bps, answers_in = EXCLUDED.answers_in, counted_at = EXCLUDED.counted_at
RETURNING 1
"""


def count_records(now: datetime) -> Flow[int]:
    """Count the records of all merchants anew; return how many merchants there are."""
    rows = yield Query(_COUNT, (ids.first_of((now - timedelta(days=RECORD_DAYS)).timestamp()), now))
    return len(rows)
