"""Does the till stay quick while people browse and a merchant imports? Its p99 at half load, quiet and busy.

有人浏览、商家导入时，收银台是否仍快：半负载下的 p99，安静时与忙时。

Quiet: the till alone at half its full rate. Busy: the same rate while 50 page requests a second are rendered by Django
(no page from memory: each has its own query) and 100,000 codes are imported into another product. Till, pages and
import are processes of their own. The aim: busy p99 at most twice the quiet one. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

from benchmarks import till as bench
from benchmarks.arguments import Arguments, duration, whole
from benchmarks.pages import get
from benchmarks.stage import HOT_SKU, Stage, free_port, machine, run, stage, stock, till

_PAGES_PER_S = 50
_N_IMPORTED = 100_000
_IMPORT_SKU = HOT_SKU + 1


def main() -> None:
    """Measure and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--clients", type=whole(1), default=128, help="people who buy at once / 同时下单的人数")
    parser.add_argument("--seconds", type=duration, default=10.0, help="measured time of each part / 每段测多少秒")
    parser.add_argument("--workers", type=whole(1), default=1, help="processes of the till / 收银台进程数")
    options = parser.parse_args()
    print(f"machine: {machine()}\n{__doc__}")
    with stage() as set_up:
        stock(set_up, hot=int(9_000 * (options.seconds + 3) * 3), uniform_each=1)
        with till(set_up, options.workers) as served, _Pages(set_up):
            port = served[0]
            full = bench.sell(set_up, served, bench.Run(), options)
            quiet = bench.half_load(set_up, served, full["orders_per_s"], options)
            with _Visitors(port) as visitors, _Import(set_up) as importing:
                busy = bench.half_load(set_up, served, full["orders_per_s"], options)
        proof = bench.proof(set_up)
    result: dict[str, Any] = {
        "machine": machine(),
        "full_orders_per_s": full["orders_per_s"],
        "quiet_p99_ms": quiet["p99_ms"],
        "busy_p99_ms": busy["p99_ms"],
        "times": busy["p99_ms"] / quiet["p99_ms"],
        "aim": 2.0,
        "busy_orders_per_s": busy["orders_per_s"],
        "pages_per_s": visitors.n_pages / visitors.seconds,
        "imported_codes": importing.n_codes,
    }
    print(json.dumps(result | proof))


class _Pages:
    """The pages' process, on the stage's unix socket."""

    def __init__(self, set_up: Stage) -> None:
        self.set_up = set_up

    def __enter__(self) -> None:
        environment = {**self.set_up.environment, "XINKA_PORT": str(free_port())}
        run(
            environment, "-m", "django", "collectstatic", "--no-input", "-v", "0", "--settings", "xinka.config.settings"
        )
        command = [sys.executable, "-m", "xinka.config.serve", "web"]
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)  # as the supervisor does

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)


class _Visitors:
    """Fifty page requests a second, each rendered anew."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.n_pages = 0
        self.seconds = 0.0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(number,), daemon=True) for number in range(5)]

    def __enter__(self) -> Self:
        get(self.port, "/search?q=warm")
        self._begin = time.perf_counter()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)
        self.seconds = time.perf_counter() - self._begin

    def _visit(self, number: int) -> None:
        pause, turn = len(self._threads) / _PAGES_PER_S, 0
        due = time.perf_counter()
        while not self._over.is_set():
            turn += 1
            get(self.port, f"/search?q=bench+{number}.{turn}")
            self.n_pages += 1
            due += pause
            time.sleep(max(0.0, due - time.perf_counter()))


class _Import:
    """An import of 100,000 codes by the command, beside the selling."""

    n_codes = 0

    def __init__(self, set_up: Stage) -> None:
        self.set_up = set_up

    def __enter__(self) -> Self:
        self._file = Path(tempfile.mkstemp(suffix=".txt", dir=self.set_up.directory)[1])
        lines = [f"{number:06d}-{os.urandom(8).hex()}" for number in range(_N_IMPORTED)]
        self._file.write_text("\n".join(lines), encoding="ascii")
        command = [
            sys.executable,
            "-m",
            "xinka.config.cli",
            "stock",
            "import",
            str(self._file),
            "--sku",
            str(_IMPORT_SKU),
        ]
        self._process = subprocess.Popen(command, env=self.set_up.environment, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.wait(300):
            raise SystemExit("the import failed")
        with self.set_up.connect() as connection:
            row = connection.execute("SELECT count(*) FROM stock_unsold WHERE sku_id = %s", (_IMPORT_SKU,)).fetchone()
            assert row is not None
            self.n_codes = row[0]


if __name__ == "__main__":
    main()
