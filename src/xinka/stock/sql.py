"""Statements that move codes: queue → reservation → delivery. Private to stock and the flows that compose them.

Fragments read the common table expressions that the composing flow names: ``fit`` (n, order_id, sku_id, quantity,
code_id, …) are the requests that may have codes, ``won`` those that got all of theirs.

A code's last day is a day of the shop's calendar: PostgreSQL's own ``current_date`` would be eight hours behind it.
"""

from __future__ import annotations

#: Give each unit of every request in ``fit`` the next code of its SKU's queue. SKIP LOCKED keeps two tills from
#: waiting for one another; the DELETE decides: only codes whose row we removed are ours. It finds the rows by where
#: they are (ctid), which is safe because we hold their locks, and cannot be planned badly however full the queue is.
TAKE_NEXT = """
need AS (
  SELECT f.sku_id, count(*) AS wanted, array_agg(f.n ORDER BY f.n) AS ns, array_agg(f.quantity ORDER BY f.n) AS
    quantities
  FROM fit f CROSS JOIN LATERAL generate_series(1, f.quantity) GROUP BY f.sku_id),
offered AS MATERIALIZED (
  SELECT need.ns[q.rank] AS n, need.quantities[q.rank] AS quantity, q.row_at, q.code_id
  FROM need CROSS JOIN LATERAL (
    SELECT l.row_at, l.code_id, row_number() OVER (ORDER BY l.place, l.code_id) AS rank FROM (
      SELECT u.ctid AS row_at, u.place, u.code_id FROM stock_unsold u
      WHERE u.sku_id = need.sku_id AND (u.expires_on IS NULL
        OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
      ORDER BY u.place, u.code_id LIMIT need.wanted FOR UPDATE SKIP LOCKED) l) q),
matched AS MATERIALIZED (SELECT o.*, count(*) OVER (PARTITION BY o.n) AS n_codes FROM offered o),
removed AS (
  DELETE FROM stock_unsold s USING matched m
  WHERE m.n_codes = m.quantity AND s.ctid = m.row_at
  RETURNING m.n, s.code_id),
taken AS (SELECT n, array_agg(code_id ORDER BY code_id) AS code_ids, false AS reusable FROM removed GROUP BY n)
"""

#: How many codes are looked through for different labels, or for another code with one: the pages and the till agree.
MOST_LOOKED_THROUGH = 5_000
#: The label by which a code ($2) of a SKU ($1) is shown to those who choose, if it has one.
LABEL_OF = "SELECT label FROM stock_stockcode WHERE id = $2 AND sku_id = $1 AND label <> ''"
#: The next code of a SKU ($1) that has a label ($2), held until the transaction ends; those that others hold are passed
#: over. Codes behind the ones that the pages look through ($3) are not on offer.
NEXT_ALIKE = """
SELECT u.code_id FROM stock_unsold u JOIN stock_stockcode c ON c.id = u.code_id
WHERE u.sku_id = $1 AND u.place = u.code_id AND c.label = $2
  AND (u.expires_on IS NULL OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
  AND u.place <= (SELECT max(place) FROM (
    SELECT place FROM stock_unsold WHERE sku_id = $1 ORDER BY place, code_id LIMIT $3) looked_through)
ORDER BY u.place, u.code_id LIMIT 1 FOR UPDATE OF u SKIP LOCKED
"""

#: The buyer chose one code by its label. Its place in the queue is its own number (a constraint on the SKU).
TAKE_CHOSEN = """
removed AS (
  DELETE FROM stock_unsold s USING (
    SELECT u.sku_id, u.place, u.code_id, f.n FROM fit f
    JOIN stock_unsold u ON u.sku_id = f.sku_id AND u.place = f.code_id AND u.code_id = f.code_id
    WHERE u.expires_on IS NULL
      OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date FOR UPDATE OF u SKIP LOCKED) c
  WHERE s.sku_id = c.sku_id AND s.place = c.place AND s.code_id = c.code_id
  RETURNING c.n, s.code_id),
taken AS (SELECT n, array_agg(code_id) AS code_ids, false AS reusable FROM removed GROUP BY n)
"""

#: One content for every buyer: nothing leaves the queue, whose newest row is the content on offer.
TAKE_REUSABLE = """
taken AS (
  SELECT f.n, ARRAY[u.code_id] AS code_ids, true AS reusable FROM fit f CROSS JOIN LATERAL (
    SELECT q.code_id FROM stock_unsold q
    WHERE q.sku_id = f.sku_id AND (q.expires_on IS NULL OR q.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
    ORDER BY q.place DESC LIMIT 1) u)
"""

RESERVE = """
reserved AS (
  INSERT INTO stock_reservation (order_id, sku_id, code_ids, reusable, contact_key, address_key, expires_at)
  SELECT order_id, sku_id, code_ids, reusable, contact_key, address_key, now() + $15::int * interval '1 second'
  FROM won)
"""

#: Put the codes of reservations in ``freed`` (sku_id, code_ids, reusable) back where their SKU's order wants them.
PUT_BACK = """
returned AS (
  INSERT INTO stock_unsold (sku_id, place, code_id, expires_on)
  SELECT f.sku_id, CASE s.delivery_order WHEN 'newest' THEN -c.id WHEN 'random' THEN (random() * 1e15)::bigint ELSE
    c.id END,
         c.id, c.expires_on
  FROM freed f CROSS JOIN LATERAL unnest(f.code_ids) AS code_id
  JOIN stock_stockcode c ON c.id = code_id JOIN catalog_sku s ON s.id = f.sku_id
  WHERE NOT f.reusable AND c.withdrawn_at IS NULL)
"""

#: How many codes of each SKU can be sold now; counting stops at 1,000, which is "enough" to every reader.
COUNT_UNSOLD = """
SELECT k.sku_id, (SELECT count(*) FROM (
  SELECT 1 FROM stock_unsold u WHERE u.sku_id = k.sku_id AND (u.expires_on IS NULL
    OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
  LIMIT 1000) AS counted)
FROM unnest($1::bigint[]) AS k(sku_id)
"""

CLAIM_RESERVED = "DELETE FROM stock_reservation WHERE order_id = $1 RETURNING code_ids, reusable"

#: Codes for an order whose reservation has gone: as many as there are, up to the quantity; all or nothing is the
#: flow's. Of one content for every buyer it is the one on offer; nobody locks it, so nobody passes it over.
CLAIM_FRESH = """
WITH mode AS (SELECT mode = 'reusable' AS reusable FROM catalog_sku WHERE id = $1),
content AS (
  SELECT u.code_id FROM stock_unsold u, mode m
  WHERE m.reusable AND u.sku_id = $1
    AND (u.expires_on IS NULL OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
  ORDER BY u.place DESC LIMIT 1),
head AS (
  SELECT u.sku_id, u.place, u.code_id FROM stock_unsold u
  WHERE NOT (SELECT reusable FROM mode) AND u.sku_id = $1
    AND (u.expires_on IS NULL OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
  ORDER BY u.place, u.code_id LIMIT $2 FOR UPDATE SKIP LOCKED),
removed AS (
  DELETE FROM stock_unsold s USING head h
  WHERE s.sku_id = h.sku_id AND s.place = h.place AND s.code_id = h.code_id RETURNING s.code_id)
SELECT array_agg(code_id ORDER BY code_id), m.reusable
FROM mode m, (SELECT code_id FROM removed UNION ALL SELECT code_id FROM content) found
GROUP BY m.reusable
"""

#: The very code a buyer had chosen, if nobody else has it by now.
CLAIM_CHOSEN = """
DELETE FROM stock_unsold WHERE sku_id = $1 AND place = $2 AND code_id = $2
  AND (expires_on IS NULL OR expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date) RETURNING code_id
"""

GIVE_BACK = (
    """
WITH freed AS (SELECT $1::bigint AS sku_id, $2::bigint[] AS code_ids, false AS reusable),
"""
    + PUT_BACK
    + " SELECT 1"
)

DELIVER = """
INSERT INTO delivery_code (order_id, position, code_id, reusable)
SELECT $1::uuid, c.position, c.code_id, $3::boolean FROM unnest($2::bigint[]) WITH ORDINALITY AS c(code_id, position)
"""

#: What a page shows as stock: -1 for content that never runs out; counting stops at 10,000, which means "and more".
#: Only SKUs that exist are answered. What a flash sale has set aside counts from its beginning: it is sold then.
COUNT_ON_SALE = """
SELECT s.id, CASE WHEN s.mode = 'reusable' THEN (CASE WHEN n.n > 0 THEN -1 ELSE 0 END)
  ELSE least(10000, n.n + (SELECT count(*) FROM stock_aside a WHERE a.sku_id = s.id AND a.sold_from <= now())) END
FROM catalog_sku s CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
  SELECT 1 FROM stock_unsold u WHERE u.sku_id = s.id AND (u.expires_on IS NULL
    OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
  LIMIT 10000) AS counted) n
WHERE s.id = ANY($1::bigint[])
"""
