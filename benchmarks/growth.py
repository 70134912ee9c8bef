"""Does an order cost more in a grown shop? The till's CPU and PostgreSQL's per order, small against large.

商店大了以后，一单是否更贵：收银台与数据库每单的 CPU，大店比小店。

Two throw-away shops are set up alike: one with 10,000 codes and no past, the other with ``--codes`` codes more and as
many delivered past orders with the rows the till writes. Then the same hot product is sold in them in turn,
``--rounds`` times each, and the medians are compared: an hour in which the machine is slow is slow for both. Before it
sells, each shop's tables are analysed, and two seconds of orders warm the caches. Figures are microseconds of CPU per
order; the aim is at most 1.3 times. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from benchmarks import till as bench
from benchmarks.arguments import Arguments, duration, whole
from benchmarks.stage import (
    AMOUNT,
    CODES,
    CONTACTS,
    HOT_SKU,
    Stage,
    add_codes,
    looks_sealed,
    machine,
    stage,
    stock,
    till,
)

_SMALL = 10_000
_CHUNK = 1_000_000


def main() -> None:
    """Measure and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument(
        "--codes",
        type=whole(1),
        default=10_000_000,
        help="codes, and past orders, of the grown shop / 大店的卡密数，也是历史订单数",
    )
    parser.add_argument("--clients", type=whole(1), default=64, help="people who buy at once / 同时下单的人数")
    parser.add_argument("--seconds", type=duration, default=10.0, help="measured time of each part / 每段测多少秒")
    parser.add_argument("--rounds", type=whole(1), default=3, help="how often each shop sells / 每个店测几轮")
    parser.add_argument("--workers", type=whole(1), default=1, help="processes of the till / 收银台进程数")
    options = parser.parse_args()
    print(f"machine: {machine()}\n{__doc__}")
    with stage() as small_shop, stage() as grown_shop:
        for shop in (small_shop, grown_shop):
            stock(shop, hot=_SMALL, uniform_each=1)
            # Codes for the runs themselves come on top, so that the queue never runs dry.
            add_codes(shop, HOT_SKU, HOT_SKU, int(10_000 * (options.seconds + 4)) * options.rounds)
        grow(grown_shop, options.codes)
        result = {"machine": machine(), "codes": options.codes, "past_orders": options.codes}
        result |= compare(small_shop, grown_shop, options)
        result |= bench.proof(grown_shop) if options.codes <= _CHUNK else {}
    print(json.dumps(result))


def compare(small_shop: Stage, grown_shop: Stage, options: argparse.Namespace) -> dict[str, Any]:
    """Sell in both shops in turn; return the medians of their CPU per order and how they compare."""
    found: dict[str, list[float]] = {"small": [], "large": []}
    for _ in range(options.rounds):
        for name, shop in (("small", small_shop), ("large", grown_shop)):
            part = _sell(shop, options)
            found[name].append(part["till_cpu_us_per_order"] + part["postgres_cpu_us_per_order"])
            print(f"{name}: {part}", flush=True)
    small, large = (statistics.median(found[name]) for name in ("small", "large"))
    return {"cpu_us_small": small, "cpu_us_large": large, "times": large / small, "aim": 1.3, "each_us": found}


def _sell(set_up: Stage, options: argparse.Namespace) -> dict[str, Any]:
    with till(set_up, options.workers) as served:
        return bench.sell(set_up, served, bench.Run(), options)


#: Delivered orders, as the flows would have written them. Their identifiers are in the order of their time, as ours are
#: (UUID version 7, ``kernel.ids``), and so are request keys, which begin with the time as pages make them; what is
#: random in a shop is random here: fingerprints and contact keys.
_PAST = f"""
CREATE TEMP TABLE past ON COMMIT DROP AS
WITH code AS (
  INSERT INTO stock_stockcode (sku_id, batch_id, fingerprint, envelope, label)
  SELECT 1, 2, gen_random_uuid(), {looks_sealed(CODES, "decode(md5(random()::text) || md5(g::text), 'hex')")}, ''
  FROM generate_series(1, %(n)s) g RETURNING id)
SELECT id AS code_id, ago.at, back.shift AS back_by, uuidv7(ago.shift) AS order_id, uuidv7(ago.shift) AS payment_id,
  uuidv7(ago.shift) AS journal_id
FROM (SELECT id, row_number() OVER (ORDER BY id) + %(first)s AS nth FROM code) numbered
CROSS JOIN LATERAL (SELECT interval '2 seconds' * (nth - %(total)s) - interval '1 day' AS shift) back
CROSS JOIN LATERAL (SELECT back.shift, now() + back.shift AS at) ago;
INSERT INTO orders_order (id, merchant_id, sku_id, title, quantity, amount, currency, state, request_key, request_hash,
  contact, contact_key, password_key, language, placed_at, expires_at, paid_at, delivered_at)
SELECT order_id, 1, 1, 'Product 1', 1, %(amount)s, 'CNY', 'delivered', uuidv7(back_by), 1,
  {looks_sealed(CONTACTS, "decode(md5(code_id::text) || md5(code_id::text), 'hex')")},
  md5('c' || code_id)::uuid, NULL, 'zh-hans', at, at, at, at
FROM past;
INSERT INTO payments_payment (id, order_id, channel_id, amount, currency, state, created_at, paid_at)
SELECT payment_id, order_id, 1, %(amount)s, 'CNY', 'paid', at, at FROM past;
INSERT INTO payments_receipt
  (channel_id, trade_no, payment_id, order_id, amount, currency, outcome, journal_id, received_at)
SELECT 1, 'G' || code_id, payment_id, order_id, %(amount)s, 'CNY', 'settled', journal_id, at FROM past;
INSERT INTO delivery_code (order_id, position, code_id, reusable) SELECT order_id, 1, code_id, false FROM past;
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
SELECT journal_id, leg.account, 1, leg.sign * %(amount)s, 'CNY', order_id, 1, at
FROM past CROSS JOIN (VALUES (1, 1), (2, -1)) AS leg(account, sign)
"""


#: The tables that grow.
_GROWING = (
    "stock_stockcode",
    "stock_unsold",
    "orders_order",
    "payments_payment",
    "payments_receipt",
    "delivery_code",
    "ledger_entry",
)
#: Their indexes but for those that a foreign key leans on: how each is taken away and made again.
_INDEXES = """
SELECT CASE WHEN c.oid IS NULL THEN format('DROP INDEX %%I', i.indexrelid::regclass::text)
    ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', i.indrelid::regclass, c.conname) END,
  CASE WHEN c.oid IS NULL THEN pg_get_indexdef(i.indexrelid)
    ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', i.indrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
  END
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = i.indexrelid)
ORDER BY i.indexrelid
"""


def grow(set_up: Stage, n_codes: int) -> None:
    """Lay in codes, and past orders with their payments, receipts, deliveries and entries."""
    with _without_indexes(set_up), ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda first: _lay_in(set_up, first, n_codes), range(0, n_codes, _CHUNK)))
    with set_up.connect() as connection:
        connection.execute("VACUUM ANALYZE")


def _lay_in(set_up: Stage, first: int, total: int) -> None:
    """Lay in one chunk of past orders, and as many codes."""
    begin, size = time.monotonic(), min(_CHUNK, total - first)
    _past(set_up, size, first=first, total=total)
    add_codes(set_up, HOT_SKU, HOT_SKU, size)
    print(f"{size:,} more in {time.monotonic() - begin:.0f} s", flush=True)


@contextmanager
def _without_indexes(set_up: Stage) -> Iterator[None]:
    """Make the indexes of the growing tables anew when all is in them: three times as quick as row by row."""
    with set_up.connect() as connection:
        found = connection.execute(_INDEXES, (list(_GROWING),)).fetchall()
        for drop, _ in found:
            connection.execute(drop)
        yield
        connection.execute("SET maintenance_work_mem = '1GB'")
        begin = time.monotonic()
        for _, make in found:
            connection.execute(make)
        print(f"{len(found)} indexes made in {time.monotonic() - begin:.0f} s", flush=True)


def _past(set_up: Stage, size: int, *, first: int, total: int) -> None:
    """Write ``size`` delivered orders after the ``first`` of ``total``, as the flows would have."""
    values = {"n": size, "first": first, "total": total, "amount": AMOUNT}
    with set_up.connect() as connection, connection.transaction():
        for statement in _PAST.split(";\n"):
            connection.execute(statement, values)


if __name__ == "__main__":
    main()
