"""How long a gateway's bill of a million lines takes to be compared with the orders it paid (aim: 60 s; memory flat).

网关一百万行的账单与订单核对要多久（目标：60 秒，内存平稳）。

    xinka bench reconciling [--rows 1000000] [--tuned] [--json]

Method: a PostgreSQL of its own in a temporary directory (fsync and synchronous_commit on, the shop's own settings
unless ``--tuned``), migrated as the shop is, with as many delivered orders of one day and one channel as the bill has
lines, with their payments, receipts, journals and one refund in a hundred; and as many again of the day before. The
bill is a CSV file in which differences of every kind are planted. The clock runs from opening that file over reading,
COPY, comparing, queueing and entering the fees to the commit. Then it is checked that exactly what was planted was
found, that the fees are entered to the cent, that the books balance, and that the same bill, read again, changes
nothing. Memory is the resident set of this process before and after, and its peak. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks.arguments import Arguments, whole
from benchmarks.stock_import import shop

AIM_SECONDS = 60
_AMOUNT = 4900
_FEE = 29
#: How many lines of each kind are planted; the numbers are those of orders, counted from one.
_PLANTED = {
    ("missing_there", "payment"): range(1, 1001),
    ("amount", "payment"): range(2001, 2501),
    ("currency", "payment"): range(3001, 3201),
    ("repeated", "payment"): range(4001, 4101),
    ("missing_here", "payment"): range(1, 1001),
    ("missing_there", "refund"): range(50_000, 70_001, 100),
    ("refund", "refund"): range(70_100, 90_001, 100),
    ("missing_here", "refund"): range(1, 301),
}
_REFUNDED_EVERY = 100

_PAST = """
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT g AS n, md5(%(day)s || 'o' || g)::uuid AS order_id, md5(%(day)s || 'p' || g)::uuid AS payment_id,
  md5(%(day)s || 'j' || g)::uuid AS journal_id,
  (%(day)s || ' 00:00+08')::timestamptz + g * interval '23 hours 50 minutes' / %(rows)s AS at
FROM generate_series(1, %(rows)s) g;
INSERT INTO orders_order (id, merchant_id, sku_id, title, quantity, amount, currency, state, request_key, request_hash,
  contact, contact_key, password_key, language, placed_at, expires_at, paid_at, delivered_at)
SELECT order_id, 1, 1, 'Product 1', 1, %(amount)s, 'CNY', 'delivered', md5(%(day)s || 'r' || n)::uuid, 1,
  decode(md5(n::text) || md5(n::text), 'hex'), md5('c' || n)::uuid, NULL, 'zh-hans', at, at, at, at FROM past;
INSERT INTO payments_payment (id, order_id, channel_id, amount, currency, state, created_at, paid_at)
SELECT payment_id, order_id, 1, %(amount)s, 'CNY', 'paid', at, at FROM past;
INSERT INTO payments_receipt
  (channel_id, trade_no, payment_id, order_id, amount, currency, outcome, journal_id, received_at)
SELECT 1, replace(%(day)s, '-', '') || lpad(n::text, 20, '0'), payment_id, order_id, %(amount)s, 'CNY', 'settled',
  journal_id, at FROM past ORDER BY md5(n::text);
INSERT INTO payments_refund (id, order_id, channel_id, trade_no, amount, currency, reason, key, goes_to, state,
  created_at, done_at)
SELECT md5(%(day)s || 'f' || n)::uuid, order_id, 1, replace(%(day)s, '-', '') || lpad(n::text, 20, '0'), %(amount)s,
  'CNY', 'staff', %(day)s || 'f' || n, 'channel', 'done', at, at FROM past WHERE n %% %(every)s = 0;
INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
SELECT journal_id, leg.account, 1, leg.sign * %(amount)s, 'CNY', order_id, 1, at
FROM past CROSS JOIN (VALUES (1, 1), (2, -1)) AS leg(account, sign)
"""


def lay_in(n_rows: int, *days: date) -> None:
    """Write delivered orders of some days, with their receipts, refunds and journals."""
    from django.db import connection, transaction

    from xinka.payments.models import Channel

    Channel.objects.create(id=1, slug="bench", name="bench", name_en="bench", provider="epay", config=b"")
    for day in days:
        values: dict[str, str | int] = {"day": day.isoformat(), "rows": n_rows}
        values |= {"amount": _AMOUNT, "every": _REFUNDED_EVERY}
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _PAST.split(";\n"):
                cursor.execute(statement, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def write_bill(path: Path, n_rows: int, day: date) -> int:
    """Write the gateway's bill of ``n_rows`` orders with every difference in it; return how many lines it has."""
    from hashlib import md5
    from uuid import UUID

    from xinka.kernel import ids

    planted = {key: frozenset(numbers) for key, numbers in _PLANTED.items()}
    n_lines = 0
    with path.open("w", encoding="ascii") as file:

        def line(
            kind: str, n: int, *, no: str = "", refund: str = "", cents: int = _AMOUNT, money: str = "CNY"
        ) -> None:
            nonlocal n_lines
            n_lines += 1
            trade_no = no or f"{day:%Y%m%d}{n:020d}"
            fee = f"0.{_FEE}" if kind == "payment" else ""
            file.write(f"{kind},{trade_no},pay_{n},{refund},{cents // 100}.{cents % 100:02d},{fee},{money},\n")

        file.write("kind,trade_no,out_trade_no,refund_no,amount,fee,currency,at\n")
        for n in range(1, n_rows + 1):
            if n not in planted["missing_there", "payment"]:
                cents = _AMOUNT - 1 if n in planted["amount", "payment"] else _AMOUNT
                line("payment", n, cents=cents, money="USD" if n in planted["currency", "payment"] else "CNY")
            if n in planted["repeated", "payment"]:
                line("payment", n)
            if n % _REFUNDED_EVERY == 0 and n not in planted["missing_there", "refund"]:
                number = UUID(md5(f"{day}f{n}".encode()).hexdigest())  # noqa: S324 - the numbers PostgreSQL has made
                cents = _AMOUNT - 1 if n in planted["refund", "refund"] else _AMOUNT
                line("refund", n, refund=ids.show("ref", number), cents=cents)
        for n in planted["missing_here", "payment"]:
            line("payment", n, no=f"unknown{n}")
        for n in planted["missing_here", "refund"]:
            line("refund", n, no=f"unknown{n}", refund=f"R{n}")
    return n_lines


def timed_reading(path: Path, day: date) -> tuple[Any, float]:
    """Compare the bill and return it and the seconds it took."""
    from xinka.flows.reconciling.bills import reconcile_day
    from xinka.payments.models import Channel
    from xinka.reconciling.bill_file import read_bill

    start = time.perf_counter()
    with path.open(encoding="ascii", newline="") as file:
        bill = reconcile_day(Channel.objects.get(), day, read_bill(file, "CNY"))
    return bill, time.perf_counter() - start


def check(bill: Any) -> None:
    """Stop unless exactly what was planted was found and the fees are in the books."""
    from django.db.models import Count, Sum

    from xinka.ledger.models import Entry
    from xinka.ledger.queries import trial_balance
    from xinka.reconciling.models import Difference

    rows = Difference.objects.values_list("what", "about").annotate(n=Count("id"))
    found = {(what, about): n for what, about, n in rows}
    wanted = {key: len(numbers) for key, numbers in _PLANTED.items()}
    if found != wanted or bill.n_differences != sum(wanted.values()):
        raise SystemExit(f"found {found} instead of {wanted}")
    fees = Entry.objects.filter(account=18).aggregate(sum=Sum("amount"))["sum"]
    if fees != bill.n_payments * _FEE or any(debit != credit for _, debit, credit in trial_balance().totals):
        raise SystemExit(f"fees of {fees} for {bill.n_payments} payments, or books that do not balance")


def measure(place: Path, n_rows: int, *, tuned: bool) -> dict[str, object]:
    """Lay in, compare, check, compare again, and return what was measured."""
    day = date(2026, 3, 2)
    with ExitStack() as stack:
        shop(place, stack, tuned=tuned)
        lay_in(n_rows, day - timedelta(days=1), day)
        n_lines = write_bill(place / "bill.csv", n_rows, day)
        before = psutil.Process().memory_info().rss
        cpu = time.process_time()
        bill, seconds = timed_reading(place / "bill.csv", day)
        cpu = time.process_time() - cpu
        after = psutil.Process().memory_info().rss
        check(bill)
        again, again_seconds = timed_reading(place / "bill.csv", day)
        check(again)
        return {
            "seconds": round(seconds, 2),
            "aim_seconds": AIM_SECONDS,
            "lines": n_lines,
            "lines_per_s": round(n_lines / seconds),
            "again_seconds": round(again_seconds, 2),
            "differences": bill.n_differences,
            "rss_mb_before": round(before / 2**20, 1),
            "rss_mb_after": round(after / 2**20, 1),
            "rss_mb_peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            "cpu_share_of_this_process": round(cpu / seconds, 2),
            "server_settings": "tuned" if tuned else "as the shop's",
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "kernel": platform.release()},
        }


def main() -> None:
    """Print the result; the exit status is 1 when the aim is missed."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument(
        "--rows",
        type=whole(1),
        default=1_000_000,
        help="orders, and lines of the bill (100,000 or more) / 订单数，也是账单行数（至少 100,000）",
    )
    parser.add_argument(
        "--tuned",
        action="store_true",
        help="give PostgreSQL the memory of a larger machine / 按更大的机器给 PostgreSQL 内存",
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON line / 只输出一行 JSON")
    arguments = parser.parse_args()
    if arguments.rows < 100_000:
        parser.error("the planted differences need 100,000 orders")
    for name in [name for name in os.environ if name.startswith("XINKA_")]:
        del os.environ[name]
    place = Path(tempfile.mkdtemp(prefix="xk-bills-"))
    try:
        result = measure(place, arguments.rows, tuned=arguments.tuned)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not arguments.json:
        print(__doc__)
        print("Differences, fees, books and second reading: as they should be.")
        print(f"{result['seconds']} s of at most {AIM_SECONDS}; {result['rss_mb_peak']} MB at most")
    print(json.dumps(result))
    sys.exit(float(str(result["seconds"])) > AIM_SECONDS)


if __name__ == "__main__":
    main()
