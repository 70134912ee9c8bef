"""The comparison of one bill with our books, in sets. Private to this room and to the flow that reads bills.

The lines lie in a table of the session, so a million of them cost neither memory nor write-ahead log. $1 is the
channel unless a statement says otherwise; pairs of moments are those between which our side must be on this bill.
"""

from __future__ import annotations

MAKE_LINES = """
CREATE TEMPORARY TABLE IF NOT EXISTS bill_line (
  kind text NOT NULL, trade_no text NOT NULL, out_trade_no text NOT NULL, refund_no text NOT NULL, refund_id uuid,
  amount bigint NOT NULL, fee bigint NOT NULL, currency text NOT NULL, at timestamptz, refund uuid)
"""
MAKE_FOUND = """
CREATE TEMPORARY TABLE IF NOT EXISTS bill_found (
  what text NOT NULL, about text NOT NULL, trade_no text NOT NULL, out_trade_no text NOT NULL, refund_no text NOT NULL,
  there_amount bigint, there_currency text NOT NULL, there_at timestamptz, here_amount bigint,
  here_currency text NOT NULL, order_id uuid)
"""
MAKE_FEES = """
CREATE TEMPORARY TABLE IF NOT EXISTS bill_fee (
  trade_no text NOT NULL, out_trade_no text NOT NULL, currency text NOT NULL, at timestamptz, order_id uuid,
  told bigint NOT NULL, agreed bigint NOT NULL)
"""
CLEAR = "TRUNCATE bill_line, bill_found, bill_fee"
COPY_LINES = "COPY bill_line (kind, trade_no, out_trade_no, refund_no, refund_id, amount, fee, currency, at) FROM STDIN"
#: Nobody else learns how large a session's own table is.
ANALYZE = "ANALYZE bill_line"
#: A million lines are joined in memory, not on the disk; for this transaction only.
ROOMY = "SELECT set_config('work_mem', '64MB', true)"

SUMS = """
SELECT currency, count(*) FILTER (WHERE kind = 'payment'), count(*) FILTER (WHERE kind = 'refund'),
  coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)::bigint,
  sum(CASE WHEN kind = 'fee' AND fee = 0 THEN amount ELSE fee END)::bigint
FROM bill_line GROUP BY currency ORDER BY currency
"""

#: Which of our refunds a line is about: by our number, by the gateway's, else by payment and amount, one for one; $2 is
#: the bill.
REFUNDS_BY_OUR_NUMBER = """
UPDATE bill_line b SET refund = f.id FROM payments_refund f
WHERE b.kind = 'refund' AND f.id = b.refund_id AND f.channel_id = $1::int
"""
REFUNDS_BY_THEIR_NUMBER = """
UPDATE bill_line b SET refund = f.id FROM payments_refund f
WHERE b.kind = 'refund' AND b.refund IS NULL AND b.refund_no <> '' AND f.channel_id = $1::int
  AND f.gateway_refund_no = b.refund_no AND f.trade_no = b.trade_no
"""
REFUNDS_BY_AMOUNT = """
WITH line AS (
  SELECT ctid AS place, trade_no, amount, row_number() OVER (PARTITION BY trade_no, amount ORDER BY ctid) AS nth
  FROM bill_line WHERE kind = 'refund' AND refund IS NULL),
ours AS (
  SELECT f.id, f.trade_no, f.amount,
    row_number() OVER (PARTITION BY f.trade_no, f.amount ORDER BY f.created_at, f.id) AS nth
  FROM payments_refund f WHERE f.channel_id = $1::int AND f.trade_no IN (SELECT trade_no FROM line)
    AND NOT EXISTS (SELECT 1 FROM bill_line b WHERE b.refund = f.id)
    AND NOT EXISTS (SELECT 1 FROM reconciling_seen s JOIN reconciling_bill l ON l.id = $2::bigint
      WHERE s.channel_id = $1::int AND s.about = 'refund' AND s.number = f.id::text AND s.day <> l.day))
UPDATE bill_line b SET refund = o.id FROM line l JOIN ours o USING (trade_no, amount, nth) WHERE b.ctid = l.place
"""

FIND_PAYMENTS = """
INSERT INTO bill_found
SELECT CASE WHEN r.trade_no IS NULL THEN 'missing_here' WHEN r.currency <> b.currency THEN 'currency' ELSE 'amount' END,
  'payment', b.trade_no, b.out_trade_no, '', b.amount, b.currency, b.at, r.amount, coalesce(r.currency, ''), r.order_id
FROM bill_line b LEFT JOIN payments_receipt r ON r.channel_id = $1::int AND r.trade_no = b.trade_no
WHERE b.kind = 'payment' AND (r.trade_no IS NULL OR r.amount <> b.amount OR r.currency <> b.currency)
"""
FIND_PAYMENTS_NOT_THERE = """
INSERT INTO bill_found
SELECT 'missing_there', 'payment', r.trade_no, '', '', NULL, '', NULL, r.amount, r.currency, r.order_id
FROM payments_receipt r
WHERE r.channel_id = $1::int AND r.received_at >= $2::timestamptz AND r.received_at < $3::timestamptz
  AND NOT EXISTS (SELECT 1 FROM bill_line b WHERE b.kind = 'payment' AND b.trade_no = r.trade_no)
  AND NOT EXISTS (SELECT 1 FROM reconciling_seen s
    WHERE s.channel_id = $1::int AND s.about = 'payment' AND s.number = r.trade_no)
  -- An earlier bill told of it before we knew.
  AND NOT EXISTS (SELECT 1 FROM reconciling_difference d JOIN reconciling_bill l ON l.id = d.bill_id
    WHERE l.channel_id = $1::int AND d.trade_no = r.trade_no AND d.what = 'missing_here' AND d.about = 'payment')
"""
FIND_REFUNDS = """
INSERT INTO bill_found
SELECT CASE WHEN f.id IS NULL THEN 'missing_here' WHEN f.currency <> b.currency THEN 'currency' ELSE 'refund' END,
  'refund', b.trade_no, b.out_trade_no, b.refund_no, b.amount, b.currency, b.at,
  CASE WHEN f.state = 'done' THEN f.amount END, coalesce(f.currency, ''), f.order_id
FROM bill_line b LEFT JOIN payments_refund f ON f.id = b.refund
WHERE b.kind = 'refund' AND (f.id IS NULL OR f.amount <> b.amount OR f.currency <> b.currency OR f.state <> 'done')
"""
FIND_REFUNDS_NOT_THERE = """
INSERT INTO bill_found
SELECT 'missing_there', 'refund', f.trade_no, '', f.id::text, NULL, '', NULL, f.amount, f.currency, f.order_id
FROM payments_refund f
WHERE f.channel_id = $1::int AND f.state = 'done' AND f.goes_to = 'channel'
  AND f.done_at >= $2::timestamptz AND f.done_at < $3::timestamptz
  AND NOT EXISTS (SELECT 1 FROM bill_line b WHERE b.refund = f.id)
  AND NOT EXISTS (SELECT 1 FROM reconciling_seen s
    WHERE s.channel_id = $1::int AND s.about = 'refund' AND s.number = f.id::text)
"""
FIND_REPEATED = """
INSERT INTO bill_found
SELECT 'repeated', kind, trade_no, min(out_trade_no), refund_no, sum(amount), min(currency), min(at), NULL, '', NULL
FROM bill_line WHERE kind IN ('payment', 'refund') GROUP BY kind, trade_no, refund_no HAVING count(*) > 1
"""

#: Each payment of the bill that we know, with the fee the bill names and the one agreed when its money came: rounded
#: half up per payment (``payments/fees.py``). Where nothing was agreed, and in a bill without any fee, there is none.
FEES = """
WITH told AS (SELECT EXISTS (SELECT 1 FROM bill_line WHERE fee <> 0 OR kind = 'fee') AS any_fee),
apart AS (
  SELECT trade_no, currency, sum(CASE fee WHEN 0 THEN amount ELSE fee END)::bigint AS fee
  FROM bill_line WHERE kind = 'fee' AND refund_no = '' AND trade_no <> '' GROUP BY trade_no, currency),
terms AS (
  SELECT bps, fixed, since, lead(since, 1, 'infinity'::timestamptz) OVER (ORDER BY since) AS until
  FROM payments_feeterms WHERE channel_id = $1::int
  UNION ALL SELECT fee_bps, fee_fixed, '-infinity', 'infinity' FROM payments_channel
  WHERE id = $1::int AND NOT EXISTS (SELECT 1 FROM payments_feeterms WHERE channel_id = $1::int))
INSERT INTO bill_fee
SELECT b.trade_no, b.out_trade_no, b.currency, b.at, r.order_id, b.fee + coalesce(a.fee, 0),
  (b.amount * t.bps + 5000) / 10000 + t.fixed
FROM bill_line b CROSS JOIN told
JOIN payments_receipt r ON r.channel_id = $1::int AND r.trade_no = b.trade_no AND r.currency = b.currency
JOIN terms t ON r.received_at >= t.since AND r.received_at < t.until
LEFT JOIN apart a ON a.trade_no = b.trade_no AND a.currency = b.currency
WHERE b.kind = 'payment' AND told.any_fee AND t.bps + t.fixed > 0
"""
AGREED_FEES = "SELECT currency, sum(agreed)::bigint FROM bill_fee GROUP BY currency ORDER BY currency"
#: Gateways round by rules of their own, so one minor unit is no difference. When more than $1 payments differ it is the
#: agreement that is wrong and not the payments: one line with the sums says so, and the queue stays readable.
FIND_FEES = """
WITH wrong AS (SELECT * FROM bill_fee WHERE abs(told - agreed) > 1),
size AS (SELECT count(*) AS n FROM wrong)
INSERT INTO bill_found
SELECT 'fee', 'payment', trade_no, out_trade_no, '', told, currency, at, agreed, currency, order_id
FROM wrong, size WHERE size.n <= $1::int
UNION ALL
SELECT 'fee', 'payment', '', '', '', sum(told)::bigint, currency, NULL, sum(agreed)::bigint, currency, NULL
FROM wrong, size WHERE size.n > $1::int GROUP BY currency
"""

#: What other days' bills need not tell of: $2 the day, $3 and $4 the moments between which nobody would look for it.
REMEMBER = """
INSERT INTO reconciling_seen (channel_id, about, number, day)
SELECT $1::int, 'payment', r.trade_no, $2::date FROM bill_line b
JOIN payments_receipt r ON r.channel_id = $1::int AND r.trade_no = b.trade_no
WHERE b.kind = 'payment' AND (r.received_at < $3::timestamptz OR r.received_at >= $4::timestamptz)
UNION SELECT $1::int, 'refund', b.refund::text, $2::date FROM bill_line b WHERE b.refund IS NOT NULL
ON CONFLICT DO NOTHING
"""
#: What the same bill, of $2, told at an earlier reading, and what was long ago.
FORGET = "DELETE FROM reconciling_seen WHERE channel_id = $1::int AND (day = $2::date OR day < $3::date)"

N_FOUND = "SELECT count(*) FROM bill_found"
#: $1 the bill, $2 the most. What was decided stays decided unless the facts have changed since.
QUEUE = """
INSERT INTO reconciling_difference AS d (bill_id, what, about, trade_no, out_trade_no, refund_no, there_amount,
  there_currency, there_at, here_amount, here_currency, order_id, state, found_at)
SELECT DISTINCT ON (what, about, trade_no, refund_no) $1::bigint, what, about, trade_no, out_trade_no, refund_no,
  there_amount, there_currency, there_at, here_amount, here_currency, order_id, 'open', now()
FROM bill_found ORDER BY what, about, trade_no, refund_no LIMIT $2
ON CONFLICT (bill_id, what, about, trade_no, refund_no) DO UPDATE SET
  there_amount = excluded.there_amount, there_currency = excluded.there_currency, here_amount = excluded.here_amount,
  here_currency = excluded.here_currency, order_id = excluded.order_id,
  state = CASE WHEN (d.state = 'resolved' AND d.by_id IS NULL) OR (d.there_amount, d.there_currency, d.here_amount,
      d.here_currency) IS DISTINCT FROM (excluded.there_amount, excluded.there_currency, excluded.here_amount,
      excluded.here_currency) THEN 'open' ELSE d.state END
"""
_BY_ITSELF = "state = 'resolved', by_id = NULL, by_name = 'xinka', decided_at = now(), note"
#: Differences that this reading of the same bill, $1, did not find any more.
RESOLVE_GONE = f"""
UPDATE reconciling_difference d SET {_BY_ITSELF} = 'gone at a later reading of the bill'
WHERE d.bill_id = $1::bigint AND d.state <> 'resolved' AND NOT EXISTS (
  SELECT 1 FROM bill_found f WHERE f.what = d.what AND f.about = d.about AND f.trade_no = d.trade_no
    AND f.refund_no = d.refund_no)
"""
#: Differences of other days' bills that time has mended: it is on this bill, $2, or has come since.
RESOLVE_ELSEWHERE = f"""
UPDATE reconciling_difference d SET {_BY_ITSELF} = 'settled by itself: it came later'
FROM reconciling_bill l
WHERE l.id = d.bill_id AND l.channel_id = $1::int AND l.id <> $2::bigint AND d.state <> 'resolved' AND (
  (d.what = 'missing_there' AND d.about = 'payment' AND EXISTS (
    SELECT 1 FROM bill_line b WHERE b.kind = 'payment' AND b.trade_no = d.trade_no AND b.amount = d.here_amount
      AND b.currency = d.here_currency))
  OR (d.what = 'missing_there' AND d.about = 'refund' AND EXISTS (
    SELECT 1 FROM bill_line b WHERE b.refund::text = d.refund_no AND b.amount = d.here_amount))
  OR (d.what = 'missing_here' AND d.about = 'payment' AND EXISTS (
    SELECT 1 FROM payments_receipt r WHERE r.channel_id = $1::int AND r.trade_no = d.trade_no
      AND r.amount = d.there_amount AND r.currency = d.there_currency))
  OR (d.what = 'refund' AND d.here_amount IS NULL AND EXISTS (
    SELECT 1 FROM payments_refund f JOIN reconciling_seen s ON s.number = f.id::text AND s.about = 'refund'
    WHERE s.channel_id = $1::int AND f.trade_no = d.trade_no AND f.amount = d.there_amount AND f.state = 'done')))
"""
