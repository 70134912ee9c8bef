"""What PostgreSQL itself can do with the till's tables: the limits the till is measured against, by pgbench.

Both write what the till writes for an order (queue row removed, order, payment and reservation; then reservation
removed, order and payment moved, receipt, delivery, two ledger entries, outbox event), with the same durability, but
leave out what only a shop needs: HTTP, signatures, encryption, caps and refusals. So the till can only lose by it.

* *one transaction per step*: one hand-written statement per checkout and one per notice, each its own commit, 32
  clients (more are slower).
* *set-based*: 50 orders per transaction, two statements, 4 clients.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stage import CONTACTS, N_UNIFORM, Stage, checkpoint
from benchmarks.turns import interrupt_nobody
from xinka.platform.database.embedded import binaries

PER_TRANSACTION = 50
_HOT = "\\set sku 1\n"
_UNIFORM = f"\\set sku random(2, {N_UNIFORM + 1})\n"

_ID = "md5(:a::text || '-' || :b::text{n})::uuid"
#: As the till: a plan kept from when tables were small must not read all of them later.
_BY_INDEX = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
_RANDOM = "\\set a random(1, 1000000000000)\n\\set b random(1, 1000000000000)\n"

CHECKOUT_ONE = """
WITH c AS (SELECT ctid AS row_at FROM stock_unsold WHERE sku_id = :sku::bigint
    AND (expires_on IS NULL OR expires_on > current_date) ORDER BY place, code_id LIMIT 1 FOR UPDATE SKIP LOCKED),
  d AS (DELETE FROM stock_unsold u USING c WHERE u.ctid = c.row_at RETURNING u.sku_id, u.code_id),
  w AS (SELECT {id} AS order_id, md5('p' || :a::text || :b::text)::uuid AS payment_id,
      d.sku_id, d.code_id, p.merchant_id, p.title, s.price, s.currency
    FROM d JOIN catalog_sku s ON s.id = d.sku_id JOIN catalog_product p ON p.id = s.product_id),
  o AS (INSERT INTO orders_order (id, merchant_id, sku_id, title, quantity, amount, currency, state, request_key,
      request_hash, contact, contact_key, password_key, language, placed_at, expires_at)
    SELECT order_id, merchant_id, sku_id, title, 1, price, currency, 'awaiting_payment', md5(order_id::text)::uuid, 1,
      decode('01{key}' || md5('c' || order_id) || md5('d' || order_id), 'hex'), md5('k' || order_id)::uuid,
      md5('l' || order_id)::uuid, 'zh-hans', now(), now() + interval '15 minutes' FROM w),
  y AS (INSERT INTO payments_payment (id, order_id, channel_id, amount, currency, state, created_at)
    SELECT payment_id, order_id, 1, price, currency, 'pending', now() FROM w),
  r AS (INSERT INTO stock_reservation (order_id, sku_id, code_ids, reusable, contact_key, address_key, expires_at)
    SELECT order_id, sku_id, ARRAY[code_id], false, md5('k' || order_id)::uuid, md5('x' || order_id)::uuid,
      now() + interval '15 minutes' FROM w)
SELECT payment_id AS pay FROM w \\gset
"""

_SETTLE_TAIL = """
  h AS MATERIALIZED (SELECT d.*, v.row_at, v.code_ids, gen_random_uuid() AS journal_id FROM due d CROSS JOIN LATERAL (
    SELECT ctid AS row_at, code_ids FROM stock_reservation WHERE order_id = d.order_id LIMIT 1 FOR UPDATE) v),
  f AS (DELETE FROM stock_reservation v USING h WHERE v.ctid = h.row_at RETURNING h.*),
  y AS (UPDATE payments_payment p SET state = 'paid', paid_at = now() FROM f WHERE p.id = f.payment_id),
  o AS (UPDATE orders_order o SET state = 'delivered', paid_at = now(), delivered_at = now() FROM f
    WHERE o.id = f.order_id),
  r AS (INSERT INTO payments_receipt (channel_id, trade_no, payment_id, order_id, amount, currency, outcome,
      journal_id, received_at)
    SELECT 1, 'T' || payment_id, payment_id, order_id, amount, currency, 'settled', journal_id, now() FROM f),
  g AS (INSERT INTO delivery_code (order_id, position, code_id, reusable)
    SELECT order_id, 1, code_ids[1], false FROM f),
  l AS (INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
    SELECT journal_id, leg.account, 1, leg.sign * amount, currency, order_id, 1, now()
    FROM f CROSS JOIN (VALUES (1, 1), (2, -1)) AS leg(account, sign)),
  e AS (INSERT INTO outbox_event (kind, subject, at) SELECT 'order.delivered', order_id, now() FROM f)
SELECT count(*) AS settled FROM f \\gset
"""

SETTLE_ONE = (
    """
WITH due AS (SELECT p.id AS payment_id, p.order_id, p.amount, p.currency
    FROM (SELECT * FROM payments_payment WHERE id = :pay::uuid AND state = 'pending' LIMIT 1) p
    CROSS JOIN LATERAL (SELECT 1 FROM orders_order WHERE id = p.order_id AND state = 'awaiting_payment'
      LIMIT 1 FOR UPDATE) o),"""
    + _SETTLE_TAIL
)

CHECKOUT_MANY = """
WITH req AS MATERIALIZED (SELECT n, :sku_of AS sku_id FROM generate_series(1, {n}) n),
  need AS (SELECT sku_id, count(*) AS wanted FROM req GROUP BY sku_id),
  c AS MATERIALIZED (SELECT q.*, row_number() OVER () AS n FROM need CROSS JOIN LATERAL (
    SELECT ctid AS row_at FROM stock_unsold u WHERE u.sku_id = need.sku_id
      AND (u.expires_on IS NULL OR u.expires_on > current_date)
    ORDER BY place, code_id LIMIT need.wanted FOR UPDATE SKIP LOCKED) q),
  d AS (DELETE FROM stock_unsold u USING c WHERE u.ctid = c.row_at RETURNING u.sku_id, u.code_id, c.n),
  w AS MATERIALIZED (SELECT {id} AS order_id, md5('p' || :a::text || '-' || :b::text || n)::uuid AS payment_id,
      d.sku_id, d.code_id, p.merchant_id, p.title, s.price, s.currency
    FROM d JOIN catalog_sku s ON s.id = d.sku_id JOIN catalog_product p ON p.id = s.product_id),
"""


def _checkout_many(sku: str) -> str:
    head, tail = CHECKOUT_MANY, CHECKOUT_ONE[CHECKOUT_ONE.index("  o AS (INSERT") :]
    tail = tail.replace("SELECT payment_id AS pay FROM w", "SELECT count(*) AS placed FROM w")
    text = (head + tail).replace("{n}", str(PER_TRANSACTION)).replace(":sku_of", sku)
    return text.replace("{id}", _ID.replace("{n}", " || n"))


SETTLE_MANY = (
    f"""
WITH due AS MATERIALIZED (SELECT p.id AS payment_id, p.order_id, p.amount, p.currency
    FROM generate_series(1, {PER_TRANSACTION}) n
    CROSS JOIN LATERAL (SELECT * FROM payments_payment
      WHERE id = md5('p' || :a::text || '-' || :b::text || n)::uuid AND state = 'pending' LIMIT 1) p
    CROSS JOIN LATERAL (SELECT 1 FROM orders_order WHERE id = p.order_id AND state = 'awaiting_payment'
      LIMIT 1 FOR UPDATE) o),"""
    + _SETTLE_TAIL
)


def one_transaction_per_step(stage: Stage, *, uniform: bool, seconds: int) -> float:
    """Return orders per second with a commit per checkout and a commit per notice, 32 clients."""
    script = (_UNIFORM if uniform else _HOT) + _RANDOM + CHECKOUT_ONE.replace("{id}", _ID.replace("{n}", ""))
    return _pgbench(stage, script + SETTLE_ONE, clients=32, seconds=seconds)


def set_based(stage: Stage, *, uniform: bool, seconds: int) -> float:
    """Return orders per second with 50 orders in each transaction, 4 clients."""
    sku = f"(2 + (random() * {N_UNIFORM - 1})::int)" if uniform else "1"
    script = _RANDOM + "BEGIN;\n" + _checkout_many(sku) + SETTLE_MANY + "COMMIT;\n"
    return _pgbench(stage, script, clients=4, seconds=seconds) * PER_TRANSACTION


def _pgbench(stage: Stage, script: str, *, clients: int, seconds: int) -> float:
    program = binaries() / "pgbench"
    checkpoint(stage)
    with TemporaryDirectory() as place:
        path = Path(place) / "script.sql"
        path.write_text(_flatten(script).replace("{key}", _contacts_key(stage)), encoding="utf-8")
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", str(path)]
        answer = subprocess.run(
            [str(program), *options, stage.database_url], capture_output=True, text=True, check=False,
            env=stage.environment | {"PGOPTIONS": _BY_INDEX}, timeout=seconds + 60, preexec_fn=interrupt_nobody,
        )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", answer.stdout)
    if found is None or answer.returncode:
        raise SystemExit(f"pgbench failed: {answer.stderr[-800:]}")
    return float(found[1])


def _contacts_key(stage: Stage) -> str:
    """Return the number of the key that addresses are sealed under, in hexadecimal as an envelope names it."""
    with stage.connect() as connection:
        found = connection.execute("SELECT max(id) FROM vault_data_key WHERE scope = %s", (CONTACTS,)).fetchone()
    assert found is not None
    return f"{found[0]:08x}"


def _flatten(script: str) -> str:
    r"""Return the script with each statement on one line, as ``\gset`` wants it."""
    lines: list[str] = []
    for line in script.split("\n"):
        if line.startswith("\\set") or line in ("BEGIN;", "COMMIT;"):
            lines.append(line)
        elif line.lstrip().startswith("WITH"):
            lines.append(line.strip())
        elif line.strip():
            lines[-1] += " " + line.strip()
    return "\n".join(lines) + "\n"
