"""What is left of the till when five times as many people come as it can serve, and whether money still comes in.

涌来的人是接得住的五倍时，收银台还卖得出多少，已付的钱是否照收。

A peak: orders per second of 128 clients, each of whom comes again as soon as the last order is done. Then a rush:
people begin checkouts at five times that rate, however long others wait, on 3,500 connections; where none is free they
stand at the door. Whoever is let in pays at once; whoever is not hears when to come again. Goodput is the orders that
were placed, paid and delivered each second of the rush. The aims: goodput at least 80 % of the peak, no notice refused,
who is let in is answered within two seconds (p99). Peaks and rushes come by turns, since the machine's pace moves;
beside the orders stands the till's processor time for one, which moves less. The load generator has its share of this
machine's processors, which in a shop would be the buyers' own. The last line is JSON.
"""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from benchmarks import till as bench
from benchmarks.arguments import Arguments, duration, whole
from benchmarks.stage import machine, stage, stock, till

_TIMES = 5.0
_CONNECTIONS = 3_500
_GATEWAY_CONNECTIONS = 500
#: Codes to lay in per second of each turn: more than can be sold.
_PER_SECOND = 20_000


def main() -> None:
    """Measure and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--clients", type=whole(1), default=128, help="clients of the peak / 测峰值时的客户数")
    parser.add_argument("--seconds", type=duration, default=10.0, help="measured time of each turn / 每轮测多少秒")
    parser.add_argument("--workers", type=whole(1), default=1, help="processes of the till / 收银台进程数")
    parser.add_argument("--turns", type=whole(1), default=2, help="rushes between two peaks / 涌来几次，前后各测峰值")
    parser.add_argument("--times", type=float, default=_TIMES, help="how many times the peak comes / 来的人是峰值几倍")
    options = parser.parse_args()
    print(f"machine: {machine()}\n{__doc__}")
    with stage() as set_up:
        stock(set_up, hot=int(_PER_SECOND * (options.seconds + 2)) * (2 * options.turns + 1), uniform_each=1)
        with till(set_up, options.workers) as served:
            peaks, rushes = [bench.sell(set_up, served, bench.Run(), options)], []
            for _ in range(options.turns):
                rate = options.times * peaks[-1]["orders_per_s"]
                rushes.append(bench.sell(set_up, served, rush_of(rate), options))
                peaks.append(bench.sell(set_up, served, bench.Run(), options))
        proof = bench.proof(set_up)
    result = figures(peaks, rushes) | proof
    print(json.dumps({"machine": machine(), "times": options.times, **result, "rushes": rushes}))
    if any(rush["notices_refused"] or rush["other_answers"] for rush in rushes) or proof["sold_twice"]:
        raise SystemExit(1)


def figures(peaks: list[dict[str, Any]], rushes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of the turns, and what a rush leaves of the peak."""
    peak, goodput = (median(turn["orders_per_s"] for turn in turns) for turns in (peaks, rushes))
    cpu = [median(turn["till_cpu_us_per_order"] for turn in turns) for turns in (peaks, rushes)]
    return {
        "peak_orders_per_s": peak,
        "goodput_orders_per_s": goodput,
        "goodput_of_peak": goodput / peak,
        "aim": 0.8,
        "till_cpu_us_per_order_at_peak": cpu[0],
        "till_cpu_us_per_order_in_rush": cpu[1],
        "goodput_of_peak_by_processor_time": cpu[0] / cpu[1],
        "notices_refused": sum(rush["notices_refused"] for rush in rushes),
        "placed_p99_ms": max(rush["checkout_p99_ms"] for rush in rushes),
        "notice_p99_ms": max(rush["notice_p99_ms"] for rush in rushes),
        "peaks": [turn["orders_per_s"] for turn in peaks],
        "goodputs": [turn["orders_per_s"] for turn in rushes],
    }


def rush_of(rate: float) -> bench.Run:
    """Return a rush of so many checkouts a second."""
    more = {"rate": rate, "clients": _CONNECTIONS + _GATEWAY_CONNECTIONS, "gateway_clients": _GATEWAY_CONNECTIONS}
    return bench.Run(generator="benchmarks.rush", more=more)


if __name__ == "__main__":
    main()
