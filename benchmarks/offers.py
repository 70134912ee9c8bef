"""How many bait offers are found among simulated markets, beside two simpler ways (aim: 0.78 at 0.1 % false alarms).

模拟市场里的引流商品认出多少，并列两种简单方法（目标：误报 0.1 % 时 0.78）。

    xinka bench offers [--products 500] [--seeds 3] [--json]

Method: markets of our own making, since no public data labels bait. Each has 500 goods with 4 to 29 sellers; honest
prices differ by goods and by seller, one in ten of them twice as much, a few are on sale; bait lies at 20 to 80 % of
the usual price. The kinds of market differ in how much honest prices differ, and in whether bait comes from few
sellers or from anywhere. The figures are the shares of bait found at 0.1 % and 1 % false alarms, the mean over seeds;
they say how the ways compare, not what a real market would give. Checked: every offer has its verdict. The last line
is JSON.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.arguments import Arguments, whole
from xinka.engines.textguard.market import Market
from xinka.engines.textguard.market.groups import Groups

Floats = NDArray[np.float64]
AIM = 0.78


@dataclass(frozen=True)
class Kind:
    """A kind of market: natural-logarithm spreads of goods and sellers, depths of bait, sales, who baits."""

    spread: tuple[float, float] = (0.05, 0.25)
    seller_spread: float = 0.06
    depth: tuple[float, float] = (0.3, 0.8)
    on_sale: float = 0.03
    few_baiters: bool = True


KINDS = {
    "mixed": Kind(),
    "alike": Kind(spread=(0.08, 0.12)),
    "unlike": Kind(spread=(0.03, 0.3)),
    "bait from anywhere": Kind(few_baiters=False),
    "no seller levels": Kind(spread=(0.1, 0.15), seller_spread=0, few_baiters=False),
    "deep bait": Kind(depth=(0.2, 0.6)),
}


@dataclass
class Offers:
    """A market's offers, a row each."""

    product: list[int]
    seller: list[int]
    price: list[float]
    bait: list[bool]


def simulate(kind: Kind, n_products: int, seed: int) -> Offers:
    """Make a market."""
    chance = np.random.default_rng(seed)
    n_sellers = int(chance.integers(60, 200))
    level = chance.normal(0, kind.seller_spread, n_sellers)
    baiters = set(chance.choice(n_sellers, max(1, n_sellers // 20), replace=False)) if kind.few_baiters else set()
    made = Offers([], [], [], [])
    for product in range(n_products):
        base, spread = chance.uniform(0, np.log(800)), chance.uniform(*kind.spread)
        for seller in chance.choice(n_sellers, int(chance.integers(4, 30)), replace=False):
            at = base + level[seller] + chance.normal(0, spread) * (1 if chance.random() > 0.1 else 2)
            at += np.log(chance.uniform(0.6, 0.9)) if chance.random() < kind.on_sale else 0
            bait = seller in baiters and chance.random() < 0.5 if kind.few_baiters else chance.random() < 0.03
            at = base + np.log(chance.uniform(*kind.depth)) if bait else at
            made.product.append(product)
            made.seller.append(int(seller))
            made.price.append(max(0.01, round(float(np.exp(at)), 2)))
            made.bait.append(bool(bait))
    return made


def by_ratio(offers: Offers) -> Floats:
    """The logarithm of the ratio to the median of the others."""
    logs = np.log(np.array(offers.price))
    below: Floats = Groups.of(np.array(offers.product)).median_of_others(logs) - logs
    return below


def by_robust_score(offers: Offers) -> Floats:
    """The same in units of the market's median absolute deviation."""
    groups, below = Groups.of(np.array(offers.product)), by_ratio(offers)
    scores: Floats = np.divide(below, 1.4826 * groups.median_of_others(np.abs(below)) + 0.05)
    return scores


def by_market(offers: Offers) -> Floats:
    """What the engine says."""
    market = Market()
    for product, seller, price in zip(offers.product, offers.seller, offers.price, strict=True):
        market.add(product, seller, price)
    scores = np.array([verdict.price_score for verdict in market.verdicts()])
    assert len(scores) == len(offers.price), "an offer has no verdict"
    return scores


WAYS: dict[str, Callable[[Offers], Floats]] = {
    "log ratio": by_ratio,
    "robust score": by_robust_score,
    "engine": by_market,
}


def found_at(scores: Floats, bait: NDArray[np.bool_], false_alarms: float) -> float:
    """Return the share of bait above the score that this share of honest offers exceeds."""
    honest = np.sort(scores[~bait])
    return float((scores[bait] > honest[int(np.ceil(len(honest) * (1 - false_alarms))) - 1]).mean())


def measure(n_products: int, seeds: int) -> dict[str, dict[str, list[float]]]:
    """Return for each kind of market and each way the shares found at 0.1 % and at 1 % false alarms."""
    results: dict[str, dict[str, list[float]]] = {}
    for name, kind in KINDS.items():
        markets = [simulate(kind, n_products, seed) for seed in range(seeds)]
        results[name] = {}
        for way, judge in WAYS.items():
            shares = [
                [found_at(scores, np.array(offers.bait), rate) for rate in (0.001, 0.01)]
                for offers, scores in ((offers, judge(offers)) for offers in markets)
            ]
            results[name][way] = [round(float(share), 3) for share in np.mean(shares, 0)]
    return results


def speed(n_products: int) -> float:
    """Return offers judged per second on one core, verdicts with their reasons included."""
    offers = simulate(Kind(), n_products, 99)
    started = time.process_time()
    by_market(offers)
    return len(offers.price) / (time.process_time() - started)


def main() -> None:
    """Measure, print, and end with a line of JSON."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--products", type=whole(1), default=500, help="goods of each market / 每个市场的商品数")
    parser.add_argument("--seeds", type=whole(1), default=3, help="markets of each kind / 每种市场几个")
    parser.add_argument("--json", action="store_true", help="print the last line only / 只输出最后一行")
    options = parser.parse_args()
    results, rate = measure(options.products, options.seeds), speed(options.products)
    if not options.json:
        print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
        print(f"bait found at 0.1 % / 1 % false alarms, {options.products} goods, {options.seeds} seeds; aim {AIM}")
        for name, ways in results.items():
            row = "   ".join(f"{way} {shares[0]:.3f} / {shares[1]:.3f}" for way, shares in ways.items())
            print(f"  {name:20} {row}")
        print(f"{rate:,.0f} offers/s on one core")
    summary: dict[str, Any] = {"found": results, "offers_per_s": round(rate), "aim_at_0.1_percent": AIM}
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
