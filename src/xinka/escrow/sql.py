"""Statements on holds. Private to the escrow and the flows that compose them; no Django here.

A hold is locked before it is moved, after its order if that is locked too; timers skip what somebody else has locked.
"""

from __future__ import annotations

from xinka.escrow.hold import NAMES

COLUMNS = ", ".join(NAMES)

LOCK = f"SELECT {COLUMNS} FROM escrow_hold WHERE order_id = $1 FOR UPDATE"  # noqa: S608 - names of columns

#: What a timer finds: $1 now, $2 how many at most, $3 the timer.
LOCK_DUE = f"""
SELECT {COLUMNS} FROM escrow_hold WHERE due_at <= $1::timestamptz AND due_event = $3 AND n_stops = 0
ORDER BY due_at, order_id LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - as above
LOCK_ONE_DUE = f"""
SELECT {COLUMNS} FROM escrow_hold WHERE order_id = $2 AND due_at <= $1::timestamptz AND due_event = $3 AND n_stops = 0
FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - as above
DUE = """
SELECT order_id FROM escrow_hold WHERE due_at <= $1::timestamptz AND due_event = $3 AND n_stops = 0
ORDER BY due_at, order_id LIMIT $2
"""

#: Take the reminders that are due; who is reminded is who still has time.
TAKE_REMINDERS = """
WITH due AS (
  SELECT order_id FROM escrow_hold WHERE remind_at <= $1::timestamptz ORDER BY remind_at, order_id LIMIT $2
  FOR UPDATE SKIP LOCKED)
UPDATE escrow_hold h SET remind_at = NULL FROM due d WHERE h.order_id = d.order_id
RETURNING h.order_id, h.state = 'held' AND h.n_stops = 0 AND coalesce(h.due_at > $1::timestamptz, false)
"""

#: Write moved holds and a line of history for each, if each still has the version it was read with.
SAVE = """
WITH new AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::text[], $10::smallint[], $11::timestamptz[], $12::text[], $13::int[], $14::timestamptz[],
    $15::timestamptz[], $16::timestamptz[], $17::bigint[], $18::text[], $24::bigint[], $25::bigint[])
  AS t(order_id, version, state, refunded, released, commission, reserved, subsidy, frozen_from, n_stops, due_at,
    due_event, rest_seconds, remind_at, released_at, settled_at, moved, source, seized_held, seized_net)),
saved AS (
  UPDATE escrow_hold h SET version = h.version + 1, state = n.state, refunded = n.refunded, released = n.released,
    commission = n.commission, reserved = n.reserved, subsidy = n.subsidy, frozen_from = n.frozen_from,
    seized_held = n.seized_held, seized_net = n.seized_net,
    n_stops = n.n_stops, due_at = n.due_at, due_event = n.due_event, rest_seconds = n.rest_seconds,
    remind_at = n.remind_at, released_at = n.released_at, settled_at = n.settled_at
  FROM new n WHERE h.order_id = n.order_id AND h.version = n.version
  RETURNING h.order_id, h.version, n.source, n.state, n.moved),
told AS (
  INSERT INTO escrow_holdstep (order_id, version, event, source, target, amount, role, by_id, note, at)
  SELECT order_id, version, $19, source, state, moved, $20, $21::bigint, $22, $23::timestamptz FROM saved)
SELECT order_id FROM saved
"""

OPEN_STOP = """
INSERT INTO escrow_stop (order_id, cause, ref, since) VALUES ($1, $2, $3, $4::timestamptz)
ON CONFLICT (order_id, cause, ref) DO UPDATE SET ended_at = NULL WHERE escrow_stop.ended_at IS NOT NULL RETURNING id
"""

CLOSE_STOP = """
UPDATE escrow_stop SET ended_at = $4::timestamptz WHERE order_id = $1 AND cause = $2 AND ref = $3 AND ended_at IS NULL
RETURNING id
"""

GIVEN_BACK = "SELECT order_id, asked, amount, reason, goes_to FROM escrow_givenback WHERE key = $1"

RECORD_GIVEN_BACK = """
INSERT INTO escrow_givenback (key, order_id, asked, amount, reason, goes_to, role, by_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz)
"""

INSERT_SPLIT = """
INSERT INTO escrow_split (id, key, order_id, action, state, channel_id, trade_no, amount, currency, receiver,
  origin_id, created_at)
VALUES ($1, $2, $3, $4, 'due', $5::int, $6, $7, $8, coalesce(
  (SELECT account FROM escrow_receiver WHERE merchant_id = $9 AND channel_id = $5::int), ''), $10, $11::timestamptz)
ON CONFLICT (key) DO NOTHING RETURNING id
"""

#: The shares of an order that were not given up, with what of each was returned or is about to be.
SHARES = """
SELECT s.id, s.state, s.channel_id, s.trade_no, s.amount - coalesce((
  SELECT sum(r.amount) FROM escrow_split r
  WHERE r.origin_id = s.id AND r.action = 'return' AND r.state <> 'dropped'), 0)
FROM escrow_split s WHERE s.order_id = $1 AND s.action = 'share' AND s.state <> 'dropped'
ORDER BY s.created_at, s.id FOR UPDATE OF s
"""

DROP_SPLITS = "UPDATE escrow_split SET state = 'dropped' WHERE id = ANY($1::uuid[])"

#: What was shared out of each order and stays so, by channel.
SHARED_OUT = """
SELECT order_id, channel_id, sum(CASE action WHEN 'share' THEN amount ELSE -amount END)::bigint FROM escrow_split
WHERE order_id = ANY($1::uuid[])
  AND ((action = 'share' AND state = 'done') OR (action = 'return' AND state <> 'dropped'))
GROUP BY order_id, channel_id
"""
