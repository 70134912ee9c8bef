"""A flash sale's own stock: codes taken out of the ordinary queue when it is announced. No Django here.

A code set aside has a row in ``stock_aside`` instead of one in ``stock_unsold``, so the till's statement for everybody
cannot see it and need not ask. Who buys at the flash price holds the sale's lock and puts as many codes back into the
queue as it wants, in the same transaction: nobody else sees them before it has its own out of that queue. Of a live
sale as many codes are aside as it has units left, and of one that is over none; :func:`match` makes it so.
"""

from __future__ import annotations

from collections.abc import Sequence

from xinka.kernel.flow import Flow, Query
from xinka.platform.database.arrays import plain_array
from xinka.promotions import sql

#: How many codes each sale ($1) should have aside, and has. One content for every buyer never runs out.
_WANTED = """
sale AS MATERIALIZED (
  SELECT s.id, s.sku_id, s.starts_at, (s.ends_at AT TIME ZONE 'Asia/Shanghai')::date AS last_day,
    CASE WHEN s.stopped_at IS NOT NULL OR now() >= s.ends_at OR k.mode = 'reusable' THEN 0 ELSE s.units - s.n_taken
      END AS wanted,
    (SELECT count(*) FROM stock_aside a WHERE a.sale_id = s.id) AS has
  FROM promotions_flashsale s JOIN catalog_sku k ON k.id = s.sku_id WHERE s.id = ANY($1::bigint[]))
"""

#: Put the codes in ``freed`` back where their SKU's order wants them.
_BACK = """
INSERT INTO stock_unsold (sku_id, place, code_id, expires_on)
SELECT f.sku_id, CASE k.delivery_order WHEN 'newest' THEN -f.code_id WHEN 'random' THEN (random() * 1e15)::bigint
  ELSE f.code_id END, f.code_id, f.expires_on
FROM freed f JOIN catalog_sku k ON k.id = f.sku_id RETURNING code_id
"""

_FREE_SURPLUS = f"""
WITH {_WANTED},
freed AS (
  DELETE FROM stock_aside a USING (
    SELECT c.code_id FROM sale CROSS JOIN LATERAL (
      SELECT b.code_id FROM stock_aside b WHERE b.sale_id = sale.id ORDER BY b.code_id DESC
      LIMIT greatest(0, sale.has - sale.wanted)) c) d
  WHERE a.code_id = d.code_id RETURNING a.sku_id, a.code_id, a.expires_on)
{_BACK}
"""

#: Only codes that are good to the sale's last day. The rows are found by where they are, under their locks.
_SET_ASIDE = f"""
WITH {_WANTED},
picked AS MATERIALIZED (
  SELECT sale.id AS sale_id, sale.starts_at, q.row_at FROM sale CROSS JOIN LATERAL (
    SELECT u.ctid AS row_at FROM stock_unsold u
    WHERE u.sku_id = sale.sku_id AND (u.expires_on IS NULL OR u.expires_on > sale.last_day)
    ORDER BY u.place, u.code_id LIMIT greatest(0, sale.wanted - sale.has) FOR UPDATE SKIP LOCKED) q),
removed AS (
  DELETE FROM stock_unsold s USING picked p WHERE s.ctid = p.row_at
  RETURNING p.sale_id, p.starts_at, s.sku_id, s.code_id, s.expires_on)
INSERT INTO stock_aside (code_id, sku_id, sale_id, sold_from, expires_on)
SELECT code_id, sku_id, sale_id, starts_at, expires_on FROM removed RETURNING code_id
"""

#: A sale that was planned anew may begin at another time.
_SOLD_FROM = """
UPDATE stock_aside a SET sold_from = s.starts_at FROM promotions_flashsale s
WHERE s.id = ANY($1::bigint[]) AND a.sale_id = s.id AND a.sold_from <> s.starts_at
"""

_LET_OUT = f"""
WITH freed AS (
  DELETE FROM stock_aside a USING (
    SELECT code_id FROM stock_aside WHERE sale_id = $1::bigint ORDER BY code_id LIMIT $2::int) d
  WHERE a.code_id = d.code_id RETURNING a.sku_id, a.code_id, a.expires_on)
{_BACK}
"""

_MISSING = f"WITH {_WANTED} SELECT coalesce(sum(greatest(0, wanted - has)), 0)::bigint FROM sale"

#: Sales about which time may have changed something: they began, run, or ended and the pages were not told yet.
_UNTOLD = "SELECT id FROM promotions_flashsale WHERE told < 2 ORDER BY id"


def match(sale_ids: Sequence[int]) -> Flow[int]:
    """Set aside what these sales lack and give back what they have too much; return how many they still lack.

    Others, who hold a sale's lock, are waited for; it may be held already.
    """
    if not sale_ids:
        return 0
    numbers = plain_array(sorted(set(sale_ids)))
    yield Query(sql.LOCK_SALES, (numbers,))
    yield Query(_FREE_SURPLUS, (numbers,))
    yield Query(_SET_ASIDE, (numbers,))
    yield Query(_SOLD_FROM, (numbers,))
    ((missing,),) = yield Query(_MISSING, (numbers,))
    return int(missing)


def locked(sale_id: int) -> Flow[None]:
    """Hold a sale's lock to the end of the transaction: whoever buys at its price waits, or is waited for."""
    yield Query(sql.LOCK_SALES, (plain_array([sale_id]),))


def let_out(sale_id: int, quantity: int) -> Flow[None]:
    """Put so many codes of a sale back into the queue, for a buyer who takes as many out of it in this transaction."""
    yield Query(_LET_OUT, (sale_id, quantity))


def match_all() -> Flow[None]:
    """Look after all sales that are announced, run, or have just ended."""
    yield from match([row[0] for row in (yield Query(_UNTOLD))])
