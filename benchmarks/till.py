"""How fast the till sells: orders per second over HTTP, against what PostgreSQL itself can do with the same tables.

收银台卖得多快：每秒订单，并列 PostgreSQL 在同样的表上的极限。

One order is a checkout and the gateway's notice: two requests and two durable commits (fsync and synchronous_commit
on). The command starts a throw-away PostgreSQL, a till and a closed-loop load generator on this machine, sells one hot
product and then a thousand others, measures the two limits by pgbench in the same run (see ``limits.py``), and at the
end proves from the tables that no code was sold twice, everything paid was delivered and the books sum to zero. The
headline is the channel with the strong signature (HMAC-SHA256), which settles on its notice; beside it stands the MD5
channel, where each notice is first confirmed by asking the gateway (``--strong`` leaves it out). The worker is not
running: mail is its own matter. Load generator, till and database share the machine, so all figures are lower bounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from benchmarks import limits
from benchmarks.arguments import Arguments, duration, whole
from benchmarks.gateway import gateway
from benchmarks.stage import (
    AMOUNT,
    HOT_SKU,
    KEY,
    N_UNIFORM,
    PID,
    Stage,
    add_codes,
    checkpoint,
    cpu_seconds,
    machine,
    stage,
    stock,
    till,
)
from xinka.flows.audit import CHECKS

_WARM_UP = 2.0
#: One till for two processors: the other is PostgreSQL's (decision 39).
_TILLS = max(1, (os.cpu_count() or 1) // 2)
#: Codes to lay in per second of selling, hot and uniform, and per second of measuring a limit: more than can be sold.
_HOT_PER_SECOND, _UNIFORM_PER_SECOND, _LIMIT_PER_SECOND = 20_000, 16_000, 45_000
_UNIFORM = list(range(HOT_SKU + 1, HOT_SKU + 1 + N_UNIFORM))


def main() -> None:
    """Measure and print; the last line is JSON when asked for."""
    options = _options()
    say = _Say(quiet=options.json)
    with gateway() as gateway_url, stage() as set_up:
        say(f"machine: {machine()}")
        say(__doc__ or "")
        seconds = options.seconds + _WARM_UP
        each = int(_UNIFORM_PER_SECOND * seconds) // N_UNIFORM + 1
        stock(set_up, hot=int(_HOT_PER_SECOND * seconds), uniform_each=each, gateway=gateway_url)
        result = _measure(set_up, options, say)
        result |= proof(set_up)
    result["machine"] = machine()
    say("\n".join(f"{name:32} {value}" for name, value in result.items()))
    print(json.dumps(result))
    if result["sold_twice"] or result["undelivered"] or result["ledger_sum"] or result["broken_rules"]:
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--clients", type=whole(1), default=128, help="people who buy at once / 同时下单的人数")
    parser.add_argument("--seconds", type=duration, default=20.0, help="measured time of each part / 每段测多少秒")
    parser.add_argument("--workers", type=whole(1), default=_TILLS, help="processes of the till / 收银台进程数")
    parser.add_argument(
        "--limit-seconds", type=whole(1), default=8, help="measured time of each limit / 每个极限测多少秒"
    )
    parser.add_argument("--strong", action="store_true", help="leave the MD5 channel out / 不测 MD5 签名的通道")
    parser.add_argument("--json", action="store_true", help="print nothing but one line of JSON / 只输出一行 JSON")
    return parser.parse_args()


class _Say:
    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def __call__(self, text: str) -> None:
        if not self.quiet:
            print(text, flush=True)


def _measure(set_up: Stage, options: argparse.Namespace, say: _Say) -> dict[str, Any]:
    result: dict[str, Any] = {"channel": "HMAC-SHA256", "clients": options.clients, "till_workers": options.workers}
    with till(set_up, options.workers) as served:
        say("selling one hot product …")
        hot = sell(set_up, served, Run(), options)
        result |= {name: hot[name] for name in ("orders_per_s", "p50_ms", "p99_ms")} | {"hot": hot}
        say("selling a thousand products …")
        result["uniform"] = sell(set_up, served, Run(_UNIFORM), options)
        say("half load: how soon after the notice is the order delivered …")
        result["half_load"] = half_load(set_up, served, hot["orders_per_s"], options)
        result["paid_to_delivered_p99_ms"] = result["half_load"]["notice_p99_ms"]
        if not options.strong:
            say("the MD5 channel, each notice confirmed by an active query …")
            result["md5"] = sell(set_up, served, Run(channel="weak"), options)
    say("the limits, by pgbench …")
    return result | _limits(set_up, options, result)


def _limits(set_up: Stage, options: argparse.Namespace, result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, uniform in (("hot", False), ("uniform", True)):
        n_codes = _LIMIT_PER_SECOND * options.limit_seconds
        first, last = (HOT_SKU, HOT_SKU) if not uniform else (_UNIFORM[0], _UNIFORM[-1])
        add_codes(set_up, first, last, n_codes)
        one = limits.one_transaction_per_step(set_up, uniform=uniform, seconds=options.limit_seconds)
        many = limits.set_based(set_up, uniform=uniform, seconds=options.limit_seconds)
        suffix = "" if name == "hot" else "_uniform"
        found |= {f"limit_one_transaction_per_s{suffix}": one, f"limit_set_based_per_s{suffix}": many}
        found[f"times_one_transaction{suffix}"] = result[name]["orders_per_s"] / one
        found[f"times_set_based{suffix}"] = result[name]["orders_per_s"] / many
    return found


@dataclass(frozen=True)
class Run:
    """What one run of a load generator sells, through which channel, and how long clients pause between orders.

    ``more`` are settings for another generator than the till's own.
    """

    skus: Sequence[int] = (HOT_SKU,)
    channel: str = "strong"
    pause: float = 0.0
    generator: str = "benchmarks.load"
    more: Mapping[str, Any] = field(default_factory=dict)


def sell(set_up: Stage, served: tuple[int, psutil.Process], run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """Run the load generator once; return its figures and the CPU time per order of till and database."""
    port, process = served
    checkpoint(set_up)
    begun = set_up.directory / "begun"
    begun.unlink(missing_ok=True)
    settings = {
        "skus": list(run.skus),
        "key": KEY,
        "sign_type": "MD5" if run.channel == "weak" else "HMAC-SHA256",
        "channel": run.channel,
        "clients": options.clients,
        "warm_up": _WARM_UP,
        "seconds": options.seconds,
        "begun": str(begun),
        "amount": AMOUNT,
        "money": f"{AMOUNT / 100:.2f}",
        "pid": PID,
        "pause": run.pause,
        **run.more,
    }
    path = set_up.directory / "load.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", run.generator, str(port), str(path)]
    generator = subprocess.Popen(command, stdout=subprocess.PIPE)
    while not begun.exists() and generator.poll() is None:
        time.sleep(0.01)
    tills = [process, *process.children(recursive=True)]
    before = cpu_seconds(tills), cpu_seconds(set_up.postgres_processes())
    output, _ = generator.communicate()
    if generator.returncode:
        raise SystemExit("the load generator failed")
    after = cpu_seconds(tills), cpu_seconds(set_up.postgres_processes())
    figures: dict[str, Any] = json.loads(output)
    n_orders = max(1, figures["orders"])
    figures["till_cpu_us_per_order"] = (after[0] - before[0]) / n_orders * 1e6
    figures["postgres_cpu_us_per_order"] = (after[1] - before[1]) / n_orders * 1e6
    if figures["refused"]:
        raise SystemExit(f"the till refused {figures['refused']} orders: {figures['first_refusal']}")
    return figures


def half_load(
    set_up: Stage, served: tuple[int, psutil.Process], full: float, options: argparse.Namespace
) -> dict[str, Any]:
    """Measure at half the rate: clients pause so long that their orders come to half of ``full`` per second."""
    return sell(set_up, served, Run(pause=options.clients / (full / 2)), options)


def proof(set_up: Stage) -> dict[str, Any]:
    """Prove from the tables what must hold after every run, and return what broke it (nothing, it must be)."""
    with set_up.connect() as connection:
        connection.execute("ANALYZE")
        connection.execute("SET enable_nestloop = off")

        def one(sql: str) -> int:
            row = connection.execute(sql).fetchone()
            assert row is not None
            return int(row[0] or 0)

        twice = one("SELECT count(*) FROM (SELECT code_id FROM delivery_code GROUP BY 1 HAVING count(*) > 1) t")
        undelivered = one(
            "SELECT count(*) FROM payments_payment p JOIN orders_order o ON o.id = p.order_id "
            "WHERE p.state = 'paid' AND (o.state <> 'delivered' OR o.quantity <> "
            "(SELECT count(*) FROM delivery_code d WHERE d.order_id = o.id))"
        )
        ledger_sum = one("SELECT sum(amount) FROM ledger_entry")
        delivered = one("SELECT count(*) FROM orders_order WHERE state = 'delivered'")
        broken = [
            check.name
            for check in CHECKS
            if check.sql and check.group != "catalogue"
            if connection.execute(f"SELECT 1 FROM ({check.sql}) t LIMIT 1").fetchone()
        ]
    return {
        "sold_twice": twice,
        "undelivered": undelivered,
        "ledger_sum": ledger_sum,
        "orders_checked": delivered,
        "broken_rules": broken,
    }


if __name__ == "__main__":
    main()
