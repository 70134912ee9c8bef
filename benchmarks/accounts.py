"""How well made-up social accounts are told from real ones (aims: 0.85 found at 5 % false alarms; AUC 0.95).

造出来的社交账号与真账号分得多清（目标：误报 5 % 时认出 0.85；AUC 0.95）。

    xinka bench accounts --data DIRECTORY [--json]

Method: the scorecard of ``engines.textguard.trust``, in which nothing was trained, scores every row of every labelled
``*.csv`` in DIRECTORY (columns named as the engine understands them, ``fake`` is the label). So each figure is one
across data sets. Each is printed for all columns and for followers, following and posts alone, with the number of
rows; an interval of two standard errors says how much of a figure is chance. The data sets carry no licence that
would let us ship anything made from them, and nothing is. The last line is JSON.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.arguments import Arguments
from xinka.engines.textguard.trust import Figures, judge_account

AIM_FOUND, AIM_AUC = 0.85, 0.95
_THREE = ("followers", "following", "posts")
_NOT_FIGURES = {"fake", "cls", "created_at", "mutual"}


def scores(rows: list[dict[str, str]], names: tuple[str, ...] | None) -> NDArray[np.float64]:
    """Return how fake each account looks."""
    kept = [
        {name: value for name, value in row.items() if (name in names if names else name not in _NOT_FIGURES)}
        for row in rows
    ]
    return np.array([1 - judge_account(Figures.from_record(row)).score for row in kept])


def area(found: NDArray[np.float64], fake: NDArray[np.bool_]) -> float:
    """Return the area under the curve: how often a fake account scores above a real one, ties counting half."""
    real = np.sort(found[~fake])
    below, upto = np.searchsorted(real, found[fake]), np.searchsorted(real, found[fake], "right")
    return float(((below + upto) / 2).mean() / len(real))


def found_at(found: NDArray[np.float64], fake: NDArray[np.bool_], false_alarms: float) -> float:
    """Return the share of fake accounts above the score that at most this share of real ones exceed."""
    real = np.sort(found[~fake])[::-1]
    return float((found[fake] > real[int(len(real) * false_alarms)]).mean())


def main() -> None:
    """Measure, print, and end with a line of JSON."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets / 数据集所在目录")
    parser.add_argument("--json", action="store_true", help="print the last line only / 只输出最后一行")
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    started, judged = time.process_time(), 0
    for path in sorted(options.data.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        fake = np.array([row["fake"] == "1" for row in rows])
        for what, names in (("all figures", None), ("three figures", _THREE)):
            judged += len(rows)
            found = scores(rows, names)
            share = found_at(found, fake, 0.05)
            doubt = 2 * float(np.sqrt(share * (1 - share) / max(1, fake.sum())))
            results[f"{path.stem}, {what}"] = {
                "rows": len(rows),
                "auc": round(area(found, fake), 4),
                "found_at_5_percent": round(share, 3),
                "two_standard_errors": round(doubt, 3),
            }
    if not results:
        sys.exit(f"{options.data}: no *.csv with labelled accounts in it")
    rate = judged / (time.process_time() - started)
    if not options.json:
        print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
        print(
            f"aims on followers rated by hand: {AIM_FOUND} found at 5 % false alarms, AUC {AIM_AUC} without its labels"
        )
        for name, row in results.items():
            text = f"{row['found_at_5_percent']:.3f} ± {row['two_standard_errors']:.3f}"
            print(f"  {name:50} {row['rows']:6} rows   AUC {row['auc']:.4f}   found at 5 % {text}")
        print(f"{rate:,.0f} accounts/s on one core")
    print(json.dumps({"accounts": results, "accounts_per_s": round(rate)}))


if __name__ == "__main__":
    main()
