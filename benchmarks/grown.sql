-- A demo shop's rows, multiplied: two years of a shop that has grown. Run by benchmarks/grown.py, one statement after
-- the other in one transaction. `chance(n, salt)` is the same for the same n, so every grown shop is the same one.

CREATE FUNCTION pg_temp.chance(n bigint, salt text) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT ('x' || substr(md5(salt || n), 1, 8))::bit(32)::bigint $$;
CREATE TEMP TABLE base AS SELECT now() AS at, (SELECT max(id) FROM accounts_user) AS users,
  (SELECT max(id) FROM merchants_merchant) AS merchants, (SELECT max(id) FROM catalog_product) AS products,
  (SELECT max(id) FROM catalog_sku) AS skus, (SELECT id FROM accounts_user WHERE email LIKE 'dee@%') AS dee,
  (SELECT id FROM accounts_user WHERE email LIKE 'fei@%') AS fei, (SELECT id FROM merchants_merchant WHERE slug = 'xinghe') AS big,
  (SELECT id FROM accounts_user WHERE email LIKE 'ada@%') AS ada, (SELECT id FROM accounts_user WHERE email LIKE 'cy@%') AS cy;

INSERT INTO accounts_user (id, password, is_superuser, email, display_name, language, is_staff, is_active, created_at)
SELECT users + g, '!' || md5(g::text), false, 'buyer' || g || '@mail.example', 'Buyer ' || g, '', g % 5000 = 0, true,
  at - interval '2 years' * ((50000 - g) / 50000.0) FROM base, generate_series(1, 50000) g;
INSERT INTO account_emailaddress (email, verified, "primary", user_id)
SELECT email, true, true, id FROM accounts_user, base WHERE id > users;

INSERT INTO merchants_merchant (id, slug, name, name_en, about, kind, state, verified_at, alert_email, joined_at)
SELECT merchants + g, 'shop-' || g, CASE WHEN g % 7 = 0 THEN '一家名字特别特别长的数字商品专营旗舰店总店' ELSE '数字小店' END || g,
  CASE WHEN g % 7 = 0 THEN 'A shop with a remarkably long name that goes on and on ' ELSE 'Shop ' END || g, '',
  'company', CASE WHEN g % 40 = 0 THEN 'suspended' ELSE 'active' END, at, '', at - interval '2 years' * ((1000 - g) / 1000.0)
FROM base, generate_series(1, 1000) g;
INSERT INTO merchants_membership (merchant_id, user_id, role, since)
SELECT m.id, b.users + (m.id - b.merchants), 'owner', m.joined_at FROM base b, merchants_merchant m WHERE m.id > b.merchants;
-- One person who has a desk in many shops.
INSERT INTO merchants_membership (merchant_id, user_id, role, since)
SELECT m.id, b.ada, 'clerk', m.joined_at FROM base b, merchants_merchant m WHERE m.id > b.merchants AND m.id <= b.merchants + 60;

INSERT INTO catalog_product (id, slug, merchant_id, category_id, kind, title, title_en, face, summary, description, how_to,
  after_payment, state, created_at, updated_at)
SELECT products + g, 'grown-' || g, CASE WHEN g <= 2000 THEN big ELSE merchants + 1 + g % 1000 END,
  (SELECT min(id) FROM catalog_category) + g % 4, 'card_code',
  CASE WHEN g % 11 = 0 THEN '这是一件名字特别长的商品用来看看列表在手机上会不会被撑破 ' ELSE '点卡 ' END || g,
  CASE WHEN g % 11 = 0 THEN 'Goods with a remarkably long title that wants two lines of every list ' ELSE 'Card ' END || g,
  g || ' 点', '自动发货', 'text', 'text', '', CASE WHEN g % 20 = 0 THEN 'paused' ELSE 'live' END,
  at - interval '2 years' * ((20000 - g) / 20000.0), at FROM base, generate_series(1, 20000) g;
INSERT INTO catalog_sku (id, product_id, label, label_en, price, currency, mode, delivery_order, min_quantity, max_quantity,
  choosable, choose_premium, low_stock_at, on_sale, position)
SELECT skus + p.id - products, p.id, '', '', 500 + pg_temp.chance(p.id, 'price') % 99000, 'CNY', 'unique', 'oldest', 1, 50, false, 0, 10, true, 0
FROM catalog_product p, base WHERE p.id > products ORDER BY p.id;
-- The first grown product has as many variants as there may be; 600 others are in a flash sale each.
INSERT INTO catalog_sku (id, product_id, label, label_en, price, currency, mode, delivery_order, min_quantity, max_quantity,
  choosable, choose_premium, low_stock_at, on_sale, position)
SELECT skus + 20000 + g, products + 1, '面值 ' || g, 'Face value ' || g, 1000 + g, 'CNY', 'unique', 'oldest', 1, 50, false, 0, 10, true, g
FROM base, generate_series(1, 19) g ORDER BY g;
INSERT INTO promotions_flashsale (sku_id, merchant_id, price, units, n_taken, starts_at, ends_at, told, created_at)
SELECT skus + 10 + g, big, 100, 100, g % 100, at - interval '3 days' + g * interval '10 minutes',
  at + interval '20 days', 1, at - interval '4 days' FROM base, generate_series(1, 600) g;
INSERT INTO stock_stockbatch (merchant_id, sku_id, source, state, n_lines, n_added, n_repeated, n_known, n_invalid,
  n_undone, problem, problems, encoding, layout, last_line, size, sealed_file, created_at, finished_at)
SELECT p.merchant_id, k.id, 'codes-' || k.id || '.txt', 'done', 10, 10, 0, 0, 0, 0, '', '[]', 'utf-8', 'txt', 10, 200, '',
  p.created_at, p.created_at FROM base, catalog_sku k JOIN catalog_product p ON p.id = k.product_id
WHERE k.id > skus AND k.id <= skus + 20000 ORDER BY k.id;
CREATE TEMP TABLE brought AS SELECT nextval(pg_get_serial_sequence('stock_stockcode', 'id')) AS id, * FROM (
  SELECT b.id AS batch_id, b.sku_id, b.merchant_id FROM base, stock_stockbatch b, generate_series(1, 10) g
  WHERE b.sku_id > skus ORDER BY b.id, g) each;
-- python: codes
INSERT INTO stock_stockcode (id, sku_id, batch_id, fingerprint, envelope, label)
SELECT id, sku_id, batch_id, gen_random_uuid(), envelope, '' FROM brought JOIN sealed_codes USING (id) ORDER BY id;
INSERT INTO stock_unsold (sku_id, place, code_id) SELECT sku_id, id, id FROM brought WHERE id % 4 = 0;
UPDATE stock_stockbatch b SET first_code_id = c.first, last_code_id = c.last FROM
  (SELECT batch_id, min(id) AS first, max(id) AS last FROM stock_stockcode GROUP BY 1) c
WHERE c.batch_id = b.id AND b.first_code_id IS NULL;

SELECT setval(pg_get_serial_sequence(name, 'id'), 1000000) FROM unnest(ARRAY['accounts_user', 'merchants_merchant',
  'catalog_product', 'catalog_sku']) AS name;

-- Orders: a third of them are the big merchant's; every 600th is Cy's. Sealed contacts come from Python (`contacts`).
CREATE TEMP TABLE past AS
SELECT g, uuidv7(ago.shift) AS id, uuidv7(ago.shift) AS payment_id, uuidv7(ago.shift) AS journal_id,
  at + ago.shift AS at, k.id AS sku_id, p.merchant_id, p.title, p.title_en, k.price AS amount, 1 + g % 2 AS channel_id,
  CASE WHEN g % 600 = 0 THEN 'cy@demo.xinka.example' ELSE 'buyer' || 1 + pg_temp.chance(g, 'buyer') % 50000 || '@mail.example' END AS buyer,
  CASE WHEN g % 25 = 0 THEN 'expired' WHEN g % 97 = 0 THEN 'cancelled' WHEN g % 211 = 0 THEN 'refunded'
    WHEN g > 299900 THEN 'awaiting_payment' ELSE 'delivered' END AS state
FROM base CROSS JOIN generate_series(1, 300000) g
CROSS JOIN LATERAL (SELECT interval '2 years' * ((g - 300000) / 300000.0) - interval '30 minutes' AS shift) ago
JOIN catalog_sku k ON k.id = skus + 1 + CASE WHEN g % 3 = 0 THEN pg_temp.chance(g, 'sku') % 2000
  ELSE 2000 + pg_temp.chance(g, 'sku') % 18000 END
JOIN catalog_product p ON p.id = k.product_id;
CREATE UNIQUE INDEX ON past (g);
ANALYZE past;
-- python: contacts
INSERT INTO orders_order (id, merchant_id, sku_id, title, title_en, quantity, amount, currency, state, request_key,
  request_hash, contact, contact_key, language, placed_at, expires_at, paid_at, delivered_at, closed_at)
SELECT p.id, merchant_id, sku_id, title, title_en, 1, amount, 'CNY', state, uuidv7(p.at - now()), 1, c.contact, c.contact_key,
  'zh-hans', at, at + interval '15 minutes',
  CASE WHEN state IN ('delivered', 'refunded') THEN at + interval '1 minute' END,
  CASE WHEN state IN ('delivered', 'refunded') THEN at + interval '1 minute' END,
  CASE WHEN state IN ('expired', 'cancelled') THEN at + interval '15 minutes' END
FROM past p JOIN contacts c USING (id) ORDER BY g;
INSERT INTO payments_payment (id, order_id, channel_id, amount, currency, state, created_at, paid_at)
SELECT payment_id, id, channel_id, amount, 'CNY', CASE WHEN state IN ('delivered', 'refunded') THEN 'paid'
  WHEN state = 'awaiting_payment' THEN 'pending' ELSE 'closed' END, at,
  CASE WHEN state IN ('delivered', 'refunded') THEN at + interval '1 minute' END FROM past ORDER BY g;
INSERT INTO payments_receipt (channel_id, trade_no, payment_id, order_id, amount, currency, outcome, journal_id, received_at)
SELECT channel_id, 'G' || lpad(g::text, 12, '0'), payment_id, id, amount, 'CNY',
  CASE WHEN g % 150 = 1 THEN 'late_settled' ELSE 'settled' END, journal_id, at + interval '1 minute'
FROM past WHERE state IN ('delivered', 'refunded') ORDER BY g;
WITH sold AS (
  SELECT s.id, row_number() OVER (ORDER BY s.id) AS n FROM stock_stockcode s, base WHERE s.sku_id > skus AND s.id % 4 > 0),
delivered AS (SELECT *, row_number() OVER (ORDER BY g) AS n FROM past WHERE state IN ('delivered', 'refunded'))
INSERT INTO delivery_code (order_id, position, code_id, reusable, revealed_at, revealed_from)
SELECT d.id, 1, coalesce(s.id, 1), s.id IS NULL, CASE WHEN g % 3 > 0 THEN at + interval '5 minutes' END, ''
FROM delivered d LEFT JOIN sold s USING (n);

-- The books: every payment; for the newest half also what was released and what matured.
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
SELECT journal_id, leg.account, 1, leg.sign * amount, 'CNY', id, channel_id, at + interval '1 minute'
FROM past CROSS JOIN (VALUES (1, 1), (2, -1)) AS leg(account, sign) WHERE state IN ('delivered', 'refunded') ORDER BY g;
CREATE TEMP TABLE held AS SELECT *, uuidv7(at - now() + interval '7 days') AS release_id,
  uuidv7(at - now() + interval '14 days') AS mature_id,
  CASE WHEN at < now() - interval '14 days' THEN 'settled' WHEN at < now() - interval '7 days' THEN 'aftersale'
    ELSE 'held' END AS hold_state FROM past WHERE state = 'delivered' AND g > 150000;
INSERT INTO escrow_hold (order_id, merchant_id, kind, amount, released, commission, currency, commission_bps, reserve_bps,
  confirm_seconds, after_sale_seconds, reserve_seconds, state, due_at, due_event, version, delivered_at, released_at, settled_at)
SELECT id, merchant_id, 'card_code', amount, CASE WHEN hold_state = 'held' THEN 0 ELSE amount END, 0, 'CNY', 0, 0, 604800,
  604800, 0, hold_state, CASE hold_state WHEN 'held' THEN at + interval '7 days' WHEN 'aftersale' THEN at + interval '14 days' END,
  CASE hold_state WHEN 'held' THEN 'confirm' WHEN 'aftersale' THEN 'mature' ELSE '' END, 2, at,
  CASE WHEN hold_state <> 'held' THEN at + interval '7 days' END,
  CASE WHEN hold_state = 'settled' THEN at + interval '14 days' END FROM held ORDER BY g;
INSERT INTO escrow_holdstep (order_id, version, event, source, target, amount, role, at)
SELECT id, step.n, step.event, step.source, step.target, amount, 'timer', at + step.n * interval '7 days'
FROM held CROSS JOIN (VALUES (1, 'confirm_due', 'held', 'aftersale'), (2, 'mature', 'aftersale', 'settled'))
  AS step(n, event, source, target) WHERE hold_state = 'settled' OR (hold_state = 'aftersale' AND n = 1);
INSERT INTO ledger_journal (id, key, content_hash, n_legs, kind, note, at)
SELECT release_id, 'hold/' || id || '/release', '\x00'::bytea, 2, 5, '', at + interval '7 days' FROM held WHERE hold_state <> 'held'
UNION ALL SELECT mature_id, 'hold/' || id || '/mature', '\x00'::bytea, 2, 7, '', at + interval '14 days' FROM held WHERE hold_state = 'settled';
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, owner_id, at)
SELECT CASE leg.kind WHEN 5 THEN release_id ELSE mature_id END, leg.account, leg.kind, leg.sign * amount, 'CNY', id, 0,
  CASE WHEN leg.account > 2 THEN merchant_id END, at + CASE leg.kind WHEN 5 THEN interval '7 days' ELSE interval '14 days' END
FROM held CROSS JOIN (VALUES (5, 2, 1), (5, 8, -1), (7, 8, 1), (7, 9, -1)) AS leg(kind, account, sign)
WHERE hold_state = 'settled' OR (hold_state = 'aftersale' AND leg.kind = 5) ORDER BY at;
-- Buyers with a balance, each of their own.
INSERT INTO ledger_journal (id, key, content_hash, n_legs, kind, note, at)
SELECT md5('wallet' || g)::uuid, 'grown/wallet/' || g, '\x00'::bytea, 2, 30, '', at - interval '100 days' FROM base, generate_series(1, 20000) g;
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, channel_id, owner_id, at)
SELECT md5('wallet' || g)::uuid, leg.account, 30, leg.sign * (100 + g), 'CNY', 0, CASE WHEN leg.account = 12 THEN users + g END,
  at - interval '100 days' FROM base, generate_series(1, 20000) g, (VALUES (6, 1), (12, -1)) AS leg(account, sign);

INSERT INTO payments_refund (id, order_id, channel_id, trade_no, amount, currency, reason, key, goes_to, state, attempts,
  problem, created_at, done_at)
SELECT uuidv7(at - now()), id, channel_id, 'G' || lpad(g::text, 12, '0'), amount, 'CNY', 'staff', 'grown/' || g, 'channel',
  CASE WHEN g > 294000 THEN 'needs_staff' ELSE 'done' END, 3, CASE WHEN g > 294000 THEN 'the gateway has no such trade' ELSE '' END,
  at + interval '1 hour', CASE WHEN g <= 294000 THEN at + interval '2 hours' END FROM past WHERE g % 20 = 3 AND state = 'delivered';
INSERT INTO payments_receipt (channel_id, trade_no, amount, currency, outcome, journal_id, received_at)
SELECT 1 + g % 2, 'U' || g, 100 + g, 'CNY', 'unmatched', md5('unmatched' || g)::uuid, at - g * interval '1 hour'
FROM base, generate_series(1, 1500) g;
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, channel_id, at)
SELECT md5('unmatched' || g)::uuid, leg.account, 1, leg.sign * (100 + g), 'CNY', 1 + g % 2, at - g * interval '1 hour'
FROM base, generate_series(1, 1500) g, (VALUES (1, 1), (4, -1)) AS leg(account, sign);
INSERT INTO escrow_staffrefund (id, order_id, merchant_id, amount, currency, reason, needs_two, state, asked_by_id, asked_at,
  decided_by_id, decided_at)
SELECT uuidv7(p.at - now()), id, merchant_id, amount, 'CNY', 'The buyer wrote to us', true, CASE WHEN g > 299000 THEN 'asked' ELSE 'done' END,
  dee, p.at, CASE WHEN g <= 299000 THEN fei END, CASE WHEN g <= 299000 THEN p.at END
FROM past p, base WHERE g % 100 = 7 AND state = 'delivered';

-- Cases: 20,000, of which a thousand are open.
CREATE TEMP TABLE trouble AS SELECT *, uuidv7(at - now() + interval '1 day') AS case_id, g > 285000 AS is_open
FROM past WHERE state = 'delivered' AND g % 14 = 5;
INSERT INTO disputes_case (id, order_id, kind, reason, positions, amount, currency, state, outcome, version, due_at, due_event,
  opened_at, moved_at, answered_at, closed_at, taken, merchant_id)
SELECT case_id, id, CASE WHEN g % 3 = 0 THEN 'question' ELSE 'dispute' END, 'invalid', '{}', amount, 'CNY',
  CASE WHEN is_open THEN (ARRAY['awaits_seller', 'awaits_buyer', 'under_review'])[1 + g % 3] ELSE 'closed' END,
  CASE WHEN is_open THEN '' ELSE 'released' END, 2, CASE WHEN is_open THEN now() + interval '2 days' END,
  CASE WHEN is_open THEN 'review_late' ELSE '' END, at + interval '1 day', at + interval '2 days', at + interval '2 days',
  CASE WHEN NOT is_open THEN at + interval '2 days' END, '{}', merchant_id FROM trouble ORDER BY g;
INSERT INTO disputes_case_move (case_id, version, event, state, role, at, details)
SELECT case_id, n, CASE n WHEN 1 THEN 'open' ELSE 'answer' END, 'awaits_seller', CASE n WHEN 1 THEN 'buyer' ELSE 'seller' END,
  at + n * interval '1 day', '{}' FROM trouble, generate_series(1, 2) n;
-- python: messages

INSERT INTO mail_letter (kind, subject, message_id, state, attempts, problem, tried_at, sent_at)
SELECT 'goods', id, '<grown.' || g || '@shop.example>', CASE WHEN g % 1500 = 0 THEN 'refused' WHEN g > 299800 THEN 'waiting' ELSE 'sent' END,
  1, CASE WHEN g % 1500 = 0 THEN '550 no such mailbox' ELSE '' END, at + interval '2 minutes', at + interval '2 minutes'
FROM past WHERE g % 15 = 0;
INSERT INTO audit_auditentry (at, actor_id, actor_name, action, subject, details)
SELECT at, CASE WHEN g % 2 = 0 THEN dee ELSE fei END, 'Dee', 'order.look', 'ord_' || g, '{}' FROM
  (SELECT p.at, g, dee, fei FROM past p, base WHERE g % 3 = 0 ORDER BY g) seen;
INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts, args)
SELECT 'mail', 'orders.mail_goods', (CASE WHEN g % 100 = 0 THEN 'failed' ELSE 'succeeded' END)::procrastinate_job_status, 1, '{}'
FROM generate_series(1, 50000) g;
INSERT INTO job_problem (job_id, at, problem)
SELECT id, now(), 'ConnectionRefusedError: the mail server is away' FROM procrastinate_jobs WHERE status = 'failed';

INSERT INTO payouts_payoutaccount (id, merchant_id, kind, details, label, holder, fingerprint, added_by_id, added_at, usable_from)
SELECT md5('account' || m.id)::uuid, m.id, 'bank', '\x00'::bytea, '示例银行 •••• 0018', '艾•', md5('p' || m.id)::uuid, ada,
  b.at - interval '1 year', b.at - interval '360 days' FROM base b, merchants_merchant m WHERE m.id > merchants AND m.id <= merchants + 200;
CREATE TEMP TABLE paid_out AS SELECT g, uuidv7(interval '-2 hours' * (5000 - g)) AS id, at - interval '2 hours' * (5000 - g) AS asked_at,
  CASE WHEN g % 5 = 0 THEN big ELSE merchants + 1 + g % 200 END AS merchant_id,
  CASE WHEN g % 5 = 0 THEN (SELECT id FROM payouts_payoutaccount WHERE merchant_id = big AND kind = 'bank' LIMIT 1)
    ELSE md5('account' || (merchants + 1 + g % 200))::uuid END AS account_id,
  CASE WHEN g > 4600 THEN 'asked' ELSE 'paid' END AS state FROM base, generate_series(1, 5000) g;
-- python: payouts
INSERT INTO payouts_payoutapproval (payout_id, round, by_id, at) SELECT id, 1, fei, asked_at FROM paid_out, base WHERE state = 'paid';

INSERT INTO promotions_coupon (merchant_id, name, takes, amount, bps, currency, scope, starts_at, ends_at, least_spend, created_at)
SELECT CASE WHEN g % 2 = 0 THEN big END, '满减券 ' || g, 'amount', 500, 0, 'CNY', 'all', at - interval '1 day' * (2000 - g) / 3,
  at + interval '30 days', 5000, at - interval '1 day' * (2000 - g) / 3 FROM base, generate_series(1, 2000) g;
INSERT INTO promotions_code (issuer_id, code, most_uses, coupon_id)
SELECT coalesce(merchant_id, 0), 'GROWN' || id, NULL, id FROM promotions_coupon WHERE name LIKE '满减券 %';
INSERT INTO promotions_code (issuer_id, code, most_uses, coupon_id)
SELECT merchant_id, 'MANY' || lpad(g::text, 6, '0'), 1, c.id FROM base, generate_series(1, 50000) g,
  (SELECT max(id) AS id, max(merchant_id) AS merchant_id FROM promotions_coupon WHERE merchant_id IS NOT NULL) c;
INSERT INTO promotions_use (order_id, kind, amount, funded_by, state, units, buyer_keys, done, at, coupon_id)
SELECT p.id, 'coupon', 500, 'merchant', 'held', 0, '{}', true, p.at, c.id FROM past p,
  (SELECT max(id) AS id FROM promotions_coupon WHERE merchant_id IS NOT NULL) c WHERE g % 10 = 0;
INSERT INTO promotions_giftcard (code_key, hint, value, balance, batch_id, note, currency, created_at)
SELECT md5('card' || g)::uuid, 'AB12', 10000, 10000, md5('batch' || g / 200)::uuid, '', 'CNY', at - interval '1 day' * (g / 200)
FROM base, generate_series(1, 20000) g;
INSERT INTO promotions_referral (order_id, referrer_id, merchant_id, bps, funded_by, currency, state, accrued, at)
SELECT p.id, CASE WHEN g % 2 = 0 THEN cy ELSE users + g % 50000 + 1 END, merchant_id, 500, 'merchant', 'CNY', 'final', 100, p.at
FROM past p, base WHERE g % 30 = 0;

INSERT INTO reconciling_bill (channel_id, day, state, n_payments, n_refunds, n_differences, sums, fees_entered, asked_at, done_at)
SELECT channel, (at - g * interval '1 day')::date, 'done', 200, 2, 3, '{}', '{}', at - g * interval '1 day', at - g * interval '1 day'
FROM base, generate_series(1, 730) g, generate_series(1, 2) channel;
INSERT INTO reconciling_difference (bill_id, what, about, trade_no, out_trade_no, refund_no, there_amount, there_currency,
  there_at, here_currency, state, found_at, decided_at)
SELECT b.id, 'missing_here', 'payment', 'D' || b.id || '-' || n, '', '', 4900, 'CNY', b.asked_at, '',
  CASE WHEN n = 1 AND b.day > now() - interval '1 year' THEN 'open' ELSE 'resolved' END, b.asked_at, b.asked_at
FROM reconciling_bill b, generate_series(1, 3) n;
INSERT INTO payments_bankline (channel_id, bank_no, reference, amount, currency, state, recorded_by_id, recorded_at)
SELECT 1, 'B' || g, 'REF' || g, 4900, 'CNY', 'recorded', dee, at - g * interval '1 hour' FROM base, generate_series(1, 400) g;
INSERT INTO accounts_knowndevice (user_id, cookie_hash, label, first_seen_at, last_seen_at)
SELECT users + g, decode(md5('d' || g), 'hex'), 'Chrome on Android', at, at FROM base, generate_series(1, 50000) g;
INSERT INTO django_session (session_key, session_data, expire_date)
SELECT md5('s' || g), 'x', at + interval '1 day' FROM base, generate_series(1, 50000) g;
INSERT INTO usersessions_usersession (created_at, ip, last_seen_at, session_key, user_agent, data, user_id)
SELECT at, '203.0.113.7', at, md5('s' || g), 'Mozilla/5.0', '{}', users + g FROM base, generate_series(1, 50000) g;
