"""Statements on promotions. Private to promotions and the flows that compose them. No Django here.

Whoever spends locks first, in this order: sales, coupons, cards, each by rising id. The counted updates judge once
more what was judged under the lock, so that no caller can forget it.
"""

from __future__ import annotations

from typing import NamedTuple

LOCK_SALES = "SELECT id FROM promotions_flashsale WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"
LOCK_COUPONS = "SELECT id FROM promotions_coupon WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"
LOCK_COUPONS_OF = """
SELECT id FROM promotions_coupon WHERE id IN (SELECT coupon_id FROM promotions_code WHERE code = ANY($1::text[]))
ORDER BY id FOR NO KEY UPDATE
"""
LOCK_CARDS = "SELECT id FROM promotions_giftcard WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"
LOCK_CARDS_OF = "SELECT id FROM promotions_giftcard WHERE code_key = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"


class SkuRow(NamedTuple):
    """What ``SKU_FACTS`` returns: the SKU, and the flash sale that was asked for, if it is one of this SKU."""

    merchant_id: int
    product_id: int
    category_id: int
    currency: str
    price: int
    tier: int | None
    premium: int
    sale_id: int | None
    flash: int | None
    units_left: int
    per_buyer: int | None
    is_on: bool
    has_taken: int


#: $1 SKU, $2 quantity, $3 chosen code or 0, $4 sale or 0, $5 keys of the buyer.
SKU_FACTS = """
SELECT p.merchant_id, p.id, p.category_id, k.currency, k.price,
  (SELECT t.unit_price FROM catalog_pricetier t WHERE t.sku_id = k.id AND t.min_quantity <= $2::int
    ORDER BY t.min_quantity DESC LIMIT 1),
  CASE WHEN $3::bigint <> 0 THEN k.choose_premium ELSE 0 END,
  f.id, f.price, coalesce(f.units - f.n_taken, 0), f.per_buyer,
  coalesce(f.stopped_at IS NULL AND now() >= f.starts_at AND now() < f.ends_at, false),
  coalesce((SELECT max(b.n_units) FROM promotions_flashbuyer b
    WHERE b.sale_id = f.id AND b.buyer_key = ANY($5::uuid[])), 0)
FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id
LEFT JOIN LATERAL (SELECT * FROM promotions_flashsale s WHERE s.id = $4::bigint AND s.sku_id = k.id LIMIT 1) f ON true
WHERE k.id = $1::bigint
"""


class CouponRow(NamedTuple):
    """What ``COUPON_FACTS`` returns: the coupon behind a code."""

    coupon_id: int
    code_id: int
    issuer_id: int
    currency: str
    off_fixed: int
    off_bps: int
    off_most: int | None
    scope: str
    seller_id: int | None
    category_id: int | None
    product_id: int | None
    sku_id: int | None
    is_early: bool
    is_over: bool
    least_spend: int
    is_used_up: bool
    most_per_buyer: int | None
    has_used: int


#: $1 code, $2 merchant whose goods are bought, $3 keys of the buyer. The merchant's code goes before the platform's.
COUPON_FACTS = """
SELECT c.id, k.id, k.issuer_id, c.currency, c.amount, c.bps, c.most_off, c.scope, c.seller_id,
  c.category_id, c.product_id, c.sku_id, now() < c.starts_at,
  c.stopped_at IS NOT NULL OR coalesce(now() >= c.ends_at, false), c.least_spend,
  coalesce(c.n_used >= c.most_total, false) OR coalesce(k.n_used >= k.most_uses, false), c.most_per_buyer,
  coalesce((SELECT max(b.n_used) FROM promotions_couponbuyer b
    WHERE b.coupon_id = c.id AND b.buyer_key = ANY($3::uuid[])), 0)
FROM promotions_code k JOIN promotions_coupon c ON c.id = k.coupon_id
WHERE k.code = $1::text ORDER BY (k.issuer_id = $2::bigint) DESC, (k.issuer_id = 0) DESC, k.id LIMIT 1
"""

#: $1 keyed hash of the code.
CARD_FACTS = """
SELECT id, balance, currency, stopped_at IS NOT NULL OR coalesce(now() >= expires_at, false)
FROM promotions_giftcard WHERE code_key = $1::uuid
"""

#: Wrong codes of one place ($1) in the window that runs; and one more of them, in a window of $2 seconds.
N_MISSES = "SELECT n_tries FROM ratelimit_counter WHERE subject = $1::uuid AND ends_at > clock_timestamp()"
COUNT_MISS = """
INSERT INTO ratelimit_counter AS c (subject, n_tries, ends_at)
VALUES ($1::uuid, 1, clock_timestamp() + $2::int * interval '1 second')
ON CONFLICT (subject) DO UPDATE SET
  n_tries = CASE WHEN c.ends_at <= clock_timestamp() THEN 1 ELSE least(c.n_tries + 1, 1000000) END,
  ends_at = CASE WHEN c.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE c.ends_at END
"""

#: $1 sale, $2 units, $3 keys of the buyer, $4 coupon, $5 code, $6 card, $7 amount off the card; nothing is 0.
#: Returns how many rows were counted of: sale, its buyers, coupon, its code, its buyers, card; and the sale's rest.
SPEND = """
WITH sale AS (
  UPDATE promotions_flashsale SET n_taken = n_taken + $2::int
  WHERE id = $1::bigint AND n_taken + $2::int <= units AND stopped_at IS NULL AND now() >= starts_at AND now() < ends_at
  RETURNING id, per_buyer, units - n_taken AS left_over),
sale_buyers AS (
  INSERT INTO promotions_flashbuyer AS b (sale_id, buyer_key, n_units)
  SELECT s.id, key, $2::int FROM sale s, unnest($3::uuid[]) AS key
  WHERE s.per_buyer IS NULL OR $2::int <= s.per_buyer ORDER BY key
  ON CONFLICT (sale_id, buyer_key) DO UPDATE SET n_units = b.n_units + $2::int
    WHERE b.n_units + $2::int <= coalesce((SELECT per_buyer FROM sale), 1000000)
  RETURNING 1),
coupon AS (
  UPDATE promotions_coupon SET n_used = n_used + 1
  WHERE id = $4::bigint AND (most_total IS NULL OR n_used < most_total) AND stopped_at IS NULL
    AND now() >= starts_at AND (ends_at IS NULL OR now() < ends_at)
  RETURNING id, most_per_buyer),
code AS (
  UPDATE promotions_code SET n_used = n_used + 1
  WHERE id = $5::bigint AND coupon_id = (SELECT id FROM coupon) AND (most_uses IS NULL OR n_used < most_uses)
  RETURNING 1),
coupon_buyers AS (
  INSERT INTO promotions_couponbuyer AS b (coupon_id, buyer_key, n_used)
  SELECT c.id, key, 1 FROM coupon c, unnest($3::uuid[]) AS key ORDER BY key
  ON CONFLICT (coupon_id, buyer_key) DO UPDATE SET n_used = b.n_used + 1
    WHERE b.n_used < coalesce((SELECT most_per_buyer FROM coupon), 1000000)
  RETURNING 1),
card AS (
  UPDATE promotions_giftcard SET balance = balance - $7::bigint
  WHERE id = $6::bigint AND balance >= $7::bigint AND stopped_at IS NULL AND (expires_at IS NULL OR now() < expires_at)
  RETURNING 1)
SELECT (SELECT count(*) FROM sale), (SELECT count(*) FROM sale_buyers), (SELECT count(*) FROM coupon),
  (SELECT count(*) FROM code), (SELECT count(*) FROM coupon_buyers), (SELECT count(*) FROM card),
  (SELECT left_over FROM sale)
"""

#: The last unit of a sale has gone: the page of its product shows another price from now on.
DROP_PAGE_OF = "SELECT pg_notify('xinka_pages', 'product:' || product_id) FROM catalog_sku WHERE id = $1::bigint"

#: $1 order, $2 kinds, $3 amounts, $4 by whom borne, $5 coupon, $6 code, $7 sale, $8 card, $9 units, $10 buyer's keys.
INSERT_USES = """
INSERT INTO promotions_use (order_id, kind, amount, funded_by, state, coupon_id, code_id, sale_id, card_id, units,
  buyer_keys, booked, done, at)
SELECT $1::uuid, u.kind, u.amount, u.funded_by, 'held',
  CASE WHEN u.kind = 'coupon' THEN $5::bigint END, CASE WHEN u.kind = 'coupon' THEN $6::bigint END,
  CASE WHEN u.kind = 'flash' THEN $7::bigint END, CASE WHEN u.kind = 'gift_card' THEN $8::bigint END,
  CASE WHEN u.kind = 'flash' THEN $9::int ELSE 0 END, $10::uuid[], 0, false, now()
FROM unnest($2::text[], $3::bigint[], $4::text[]) AS u(kind, amount, funded_by)
"""

#: The uses of some orders ($1) in one state ($2), locked.
USES_OF = """
SELECT order_id, kind, sale_id, coupon_id, card_id FROM promotions_use
WHERE order_id = ANY($1::uuid[]) AND state = $2::text ORDER BY order_id, kind FOR UPDATE
"""

#: $1 orders, $2 the kinds that go back. What was counted is uncounted, and the uses say so.
GIVE_BACK = """
WITH back AS (
  UPDATE promotions_use SET state = 'returned', done = true
  WHERE order_id = ANY($1::uuid[]) AND kind = ANY($2::text[]) AND state = 'held' RETURNING *),
sale AS (
  UPDATE promotions_flashsale s SET n_taken = s.n_taken - b.units
  FROM (SELECT sale_id, sum(units) AS units FROM back WHERE sale_id IS NOT NULL GROUP BY 1) b WHERE s.id = b.sale_id),
sale_buyers AS (
  UPDATE promotions_flashbuyer f SET n_units = greatest(0, f.n_units - b.units)
  FROM (SELECT sale_id, key, sum(units) AS units FROM back, unnest(buyer_keys) AS key
    WHERE sale_id IS NOT NULL GROUP BY 1, 2) b
  WHERE f.sale_id = b.sale_id AND f.buyer_key = b.key),
coupon AS (
  UPDATE promotions_coupon c SET n_used = greatest(0, c.n_used - b.n)
  FROM (SELECT coupon_id, count(*) AS n FROM back WHERE coupon_id IS NOT NULL GROUP BY 1) b WHERE c.id = b.coupon_id),
code AS (
  UPDATE promotions_code k SET n_used = greatest(0, k.n_used - b.n)
  FROM (SELECT code_id, count(*) AS n FROM back WHERE code_id IS NOT NULL GROUP BY 1) b WHERE k.id = b.code_id),
coupon_buyers AS (
  UPDATE promotions_couponbuyer u SET n_used = greatest(0, u.n_used - b.n)
  FROM (SELECT coupon_id, key, count(*) AS n FROM back, unnest(buyer_keys) AS key
    WHERE coupon_id IS NOT NULL GROUP BY 1, 2) b
  WHERE u.coupon_id = b.coupon_id AND u.buyer_key = b.key),
card AS (
  UPDATE promotions_giftcard g SET balance = g.balance + b.amount
  FROM (SELECT card_id, sum(amount)::bigint AS amount FROM back WHERE card_id IS NOT NULL GROUP BY 1) b
  WHERE g.id = b.card_id)
SELECT count(*) FROM back
"""

#: Whether all that one order ($1) gave back could be had again: late money asks. Dates and buyers are not asked again.
CAN_RETAKE = """
SELECT coalesce(bool_and(
  (u.sale_id IS NULL OR s.n_taken + u.units <= s.units)
  AND (u.coupon_id IS NULL OR c.most_total IS NULL OR c.n_used < c.most_total)
  AND (u.code_id IS NULL OR k.most_uses IS NULL OR k.n_used < k.most_uses)
  AND (u.card_id IS NULL OR g.balance >= u.amount)), true)
FROM promotions_use u
LEFT JOIN promotions_flashsale s ON s.id = u.sale_id LEFT JOIN promotions_coupon c ON c.id = u.coupon_id
LEFT JOIN promotions_code k ON k.id = u.code_id LEFT JOIN promotions_giftcard g ON g.id = u.card_id
WHERE u.order_id = $1::uuid AND u.state = 'returned'
"""
RETAKE = """
WITH again AS (
  UPDATE promotions_use SET state = 'held', done = false WHERE order_id = $1::uuid AND state = 'returned' RETURNING *),
sale AS (UPDATE promotions_flashsale s SET n_taken = s.n_taken + a.units FROM again a WHERE s.id = a.sale_id),
sale_buyers AS (
  UPDATE promotions_flashbuyer f SET n_units = f.n_units + a.units FROM again a
  WHERE f.sale_id = a.sale_id AND f.buyer_key = ANY(a.buyer_keys)),
coupon AS (UPDATE promotions_coupon c SET n_used = c.n_used + 1 FROM again a WHERE c.id = a.coupon_id),
code AS (UPDATE promotions_code k SET n_used = k.n_used + 1 FROM again a WHERE k.id = a.code_id),
coupon_buyers AS (
  UPDATE promotions_couponbuyer u SET n_used = u.n_used + 1 FROM again a
  WHERE u.coupon_id = a.coupon_id AND u.buyer_key = ANY(a.buyer_keys)),
card AS (UPDATE promotions_giftcard g SET balance = g.balance - a.amount FROM again a WHERE g.id = a.card_id)
SELECT count(*) FROM again
"""

#: $1 orders, $2 who sent them, $3 who bought or 0. The merchant's terms go before the platform's; 0 is "none".
INSERT_REFERRALS = """
INSERT INTO promotions_referral (order_id, referrer_id, buyer_id, merchant_id, bps, funded_by, currency, state, accrued,
  version, at)
SELECT o.id, r.referrer_id, nullif(r.buyer_id, 0), o.merchant_id, t.bps,
  CASE WHEN t.merchant_id IS NULL THEN 'platform' ELSE 'merchant' END, o.currency, 'waiting', 0, 0, now()
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS r(order_id, referrer_id, buyer_id)
JOIN orders_order o ON o.id = r.order_id
CROSS JOIN LATERAL (
  SELECT bps, merchant_id FROM promotions_referralterms WHERE merchant_id = o.merchant_id OR merchant_id IS NULL
  ORDER BY merchant_id NULLS LAST LIMIT 1) t
WHERE t.bps > 0 AND r.referrer_id <> r.buyer_id ON CONFLICT (order_id) DO NOTHING
"""

#: Uses of paid orders about which something is to be done since their hold moved; $1 at most so many, $2 only these
#: orders or NULL.
USES_MOVED = """
SELECT u.order_id, u.kind, u.amount, u.booked, u.card_id, coalesce(c.back_on_refund, false) OR u.kind = 'gift_card',
  o.state = 'refunded' OR coalesce(h.state = 'returned', false), coalesce(h.state IN ('settled', 'seized'), false),
  coalesce(u.amount * h.released / h.amount, 0), o.currency
FROM promotions_use u JOIN orders_order o ON o.id = u.order_id LEFT JOIN escrow_hold h ON h.order_id = u.order_id
LEFT JOIN promotions_coupon c ON c.id = u.coupon_id
WHERE NOT u.done AND u.state = 'held' AND ($2::uuid[] IS NULL OR u.order_id = ANY($2::uuid[]))
  AND (o.state = 'refunded' OR h.state IN ('settled', 'returned', 'seized')
  OR (h.state = 'aftersale' AND u.kind = 'gift_card' AND u.booked <> u.amount * h.released / h.amount))
ORDER BY u.at LIMIT $1 FOR UPDATE OF u SKIP LOCKED
"""
CARD_BACK = "UPDATE promotions_giftcard SET balance = balance + $2::bigint WHERE id = $1::bigint"
USE_BOOKED = """
UPDATE promotions_use SET booked = $3::bigint, done = $4::boolean WHERE order_id = $1::uuid AND kind = $2::text
"""

#: Referrals whose hold has moved; $1 at most so many, $2 only these orders or NULL.
REFERRALS_MOVED = """
SELECT f.order_id, f.referrer_id, f.merchant_id, f.bps, f.funded_by, f.currency, f.accrued, f.version, o.contact_key,
  coalesce(h.state IN ('aftersale', 'settled'), false), o.state = 'refunded' OR coalesce(h.state IN ('settled',
  'returned', 'seized'), false), coalesce(h.released, 0)
FROM promotions_referral f JOIN orders_order o ON o.id = f.order_id LEFT JOIN escrow_hold h ON h.order_id = f.order_id
WHERE f.state IN ('waiting', 'accrued') AND ($2::uuid[] IS NULL OR f.order_id = ANY($2::uuid[]))
  AND (o.state = 'refunded' OR h.state IN ('settled', 'returned', 'seized')
    OR (h.state = 'aftersale' AND (f.state = 'waiting' OR f.accrued <> h.released * f.bps / 10000)))
ORDER BY f.at LIMIT $1 FOR UPDATE OF f SKIP LOCKED
"""
REFERRAL_MOVED = """
UPDATE promotions_referral SET accrued = $2::bigint, state = $3::text, version = version + 1 WHERE order_id = $1::uuid
"""

#: Sales that began or ended since the pages were told; returns the products whose pages are stale.
TELL_SALES = """
WITH news AS (
  SELECT s.id, CASE WHEN s.stopped_at IS NOT NULL OR now() >= s.ends_at THEN 2 WHEN now() >= s.starts_at THEN 1
    ELSE 0 END AS told FROM promotions_flashsale s WHERE s.told < 2),
told AS (
  UPDATE promotions_flashsale s SET told = n.told FROM news n WHERE s.id = n.id AND s.told <> n.told RETURNING s.sku_id)
SELECT pg_notify('xinka_pages', 'product:' || k.product_id), pg_notify('xinka_pages', 'catalog')
FROM (SELECT DISTINCT k.product_id FROM told t JOIN catalog_sku k ON k.id = t.sku_id) k
"""

#: $1 people, $2 the keys of their addresses: what they have spent for good, in orders that are settled.
RECKON_MEMBERS = """
INSERT INTO promotions_member (user_id, spent, level_id, reckoned_at)
SELECT s.user_id, s.spent, (SELECT l.id FROM promotions_level l WHERE l.spent_from <= s.spent
  ORDER BY l.spent_from DESC LIMIT 1), now()
FROM (SELECT k.user_id, sum(h.released)::bigint AS spent FROM unnest($1::bigint[], $2::uuid[]) AS k(user_id, key)
  JOIN orders_order o ON o.contact_key = k.key AND o.currency = 'CNY'
  JOIN escrow_hold h ON h.order_id = o.id AND h.state = 'settled' GROUP BY 1) s
ON CONFLICT (user_id) DO UPDATE SET spent = excluded.spent, level_id = excluded.level_id,
  reckoned_at = excluded.reckoned_at
"""

#: $1 keyed hash of the code, which the caller has locked; returns what was on the card.
REDEEM_CARD = """
UPDATE promotions_giftcard g SET redeemed = g.redeemed + c.balance, balance = 0
FROM (SELECT id, balance FROM promotions_giftcard WHERE code_key = $1::uuid FOR UPDATE) c
WHERE g.id = c.id AND c.balance > 0 AND g.stopped_at IS NULL AND (g.expires_at IS NULL OR now() < g.expires_at)
RETURNING g.id, c.balance, g.currency, g.redeemed
"""
