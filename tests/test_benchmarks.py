"""The till's measurement runs and proves what it sold; how quick it was is nothing for a test."""

from __future__ import annotations

import json
import subprocess
import sys

#: Seconds of each part: enough to sell something.
_SHORT = "1"


def test_the_till_is_measured_and_what_it_sold_is_proved() -> None:
    command = [sys.executable, "-m", "benchmarks.till", "--clients", "8", "--seconds", _SHORT]
    done = subprocess.run(
        [*command, "--limit-seconds", _SHORT, "--json"], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert {name: told[name] for name in ("sold_twice", "undelivered", "ledger_sum", "broken_rules")} == {
        "sold_twice": 0, "undelivered": 0, "ledger_sum": 0, "broken_rules": [],
    }  # fmt: skip
    assert told["orders_checked"] > 0
    for name in ("orders_per_s", "p50_ms", "p99_ms", "limit_one_transaction_per_s", "limit_set_based_per_s"):
        assert told[name] > 0
