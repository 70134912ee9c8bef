"""How far an offer lies below its market, in units of what honest sellers differ by.

The logarithm of the price is compared with the median of the other sellers' offers of the same goods. What that
distance means depends on how much honest prices of these goods differ; since most goods have few sellers, the spread of
one market is drawn to the spread of all (empirical Bayes). A seller who is dear everywhere and cheap once is measured
from his own level; one who is far too cheap on several goods is believed less on each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from xinka.engines.textguard.market.groups import Floats, Groups

#: A normal distribution's standard deviation in units of its median absolute deviation.
_SIGMA_OF_MAD = 1.4826
#: A median of n normal values has this times the variance of one value, divided by n.
_VARIANCE_OF_MEDIAN = 1.57
#: As many observations as the spread over all markets counts for beside one market's own.
_PRIOR_WEIGHT = 8.0
#: How far a market's own spread replaces the common one: 0 compares ratios, 1 compares standard scores.
_OWN_SPREAD = 0.5
#: A seller's general level counts up to this much (natural logarithm of the price ratio), and only upwards.
_MOST_LEVEL = 0.15
_LEVEL_WEIGHT = 3.0
#: What the other offers of the same seller add, from where on an offer is odd, and how much one may add at most.
_COMPANY, _ODD_FROM, _ODD_MOST, _COMPANY_PRIOR = 0.7, 2.5, 3.0, 3.0
#: Where the score is a half, and how steep it is there, in spreads.
_HALF_AT, _STEEP = 4.0, 1.6
#: No market is believed to agree better than this (natural logarithm of the price ratio): an ordinary sale is no bait.
_LEAST_SPREAD = 0.07
#: Fewer other offers than this are no market.
FEWEST_OTHERS = 2


@dataclass(frozen=True, slots=True)
class OfferVerdict:
    """What there is to say of one offer.

    Attributes:
        score: how surely the offer is bait, 0 to 1; the larger of the two below.
        price_score: the same from the price alone.
        stock_score: how unlikely the stated stock is, 0 to 1; it needs a suspicious price to reach a half.
        usual_price: the median of the other sellers' prices, in the offer's unit; None where there is no market.
        others: how many other offers that is.
        ratio: the offer's price divided by the usual price.
        reasons: what a person should know, in Chinese and in English.
    """

    score: float
    price_score: float
    stock_score: float
    usual_price: float | None
    others: int
    ratio: float | None
    reasons: tuple[tuple[str, str], ...]


class Market:
    """All offers that are to be judged against one another; about 40 bytes each are kept."""

    def __init__(self) -> None:
        self._products: dict[Hashable, int] = {}
        self._sellers: dict[Hashable, int] = {}
        self._rows: list[float] = []
        self._product_of: list[int] = []
        self._seller_of: list[int] = []
        self._stock: list[float] = []

    def add(self, product: Hashable, seller: Hashable, price: float, stock: float | None = None) -> None:
        """Add an offer.

        Args:
            product: what is sold; offers of equal products are one market.
            seller: who sells it.
            price: more than 0, in one unit for all offers of a product.
            stock: how many pieces are said to be there; None where nothing is said.

        Raises:
            ValueError: the price is not a positive number, or the stock is below zero.
        """
        if not 0 < price < float("inf"):
            raise ValueError("price must be a number above 0 / 价格必须大于 0")
        if stock is not None and not 0 <= stock < float("inf"):
            raise ValueError("stock must be 0 or more / 库存不能小于 0")
        self._rows.append(price)
        self._product_of.append(self._products.setdefault(product, len(self._products)))
        self._seller_of.append(self._sellers.setdefault(seller, len(self._sellers)))
        self._stock.append(float("nan") if stock is None else stock)

    def verdicts(self) -> Iterator[OfferVerdict]:
        """Judge every offer, in the order they were added in."""
        if not self._rows:
            return
        prices = np.array(self._rows)
        markets, sellers = Groups.of(np.array(self._product_of)), Groups.of(np.array(self._seller_of))
        cheapness, distance = _cheapness(np.log(prices), markets, sellers)
        n_odd = np.bincount(sellers.key, distance > _ODD_FROM)[sellers.key] - (distance > _ODD_FROM)
        price_scores = np.where(markets.others < FEWEST_OTHERS, 0.0, _chance(distance))
        usual = np.exp(markets.median_of_others(np.log(prices)))
        stock_scores, usual_stock = _stock_scores(np.array(self._stock), markets, cheapness, price_scores)
        for row in range(len(prices)):
            seen = _Seen(prices[row], usual[row], int(markets.others[row]), int(n_odd[row]))
            yield _verdict(seen, float(price_scores[row]), float(stock_scores[row]), self._stock[row], usual_stock[row])


@dataclass(frozen=True)
class _Seen:
    price: float
    usual: float
    others: int
    odd_elsewhere: int


def _cheapness(logs: Floats, markets: Groups, sellers: Groups) -> tuple[Floats, Floats]:
    """Return how far below the others each price is (natural logarithm), and the same in spreads with its company."""
    below = markets.median_of_others(logs) - logs
    level = -sellers.median_of_others(below) * sellers.others / (sellers.others + _LEVEL_WEIGHT)
    own = logs - level.clip(0, _MOST_LEVEL)
    below = markets.median_of_others(own) - own
    distance = below / _spreads(below, markets)
    odd = (distance - _ODD_FROM).clip(0, _ODD_MOST)
    return below, distance + np.where(distance > 0, _COMPANY * sellers.mean_of_others(odd, _COMPANY_PRIOR), 0)


def _spreads(below: Floats, markets: Groups) -> Floats:
    """Return for each row what honest offers of its goods differ by: the market's spread, drawn to the common one."""
    size = np.abs(below)
    known = size[markets.others >= FEWEST_OTHERS]
    common = max(_LEAST_SPREAD, _SIGMA_OF_MAD * float(np.median(known)) if len(known) else _LEAST_SPREAD)
    own = _SIGMA_OF_MAD * markets.median_of_others(size)
    variance = (markets.others * own**2 + _PRIOR_WEIGHT * common**2) / (markets.others + _PRIOR_WEIGHT)
    variance *= 1 + _VARIANCE_OF_MEDIAN / np.maximum(1, markets.others)
    spreads: Floats = np.sqrt(variance) ** _OWN_SPREAD * common ** (1 - _OWN_SPREAD)
    return spreads


def _chance(distance: Floats) -> Floats:
    return 1 / (1 + np.exp(-_STEEP * (distance.clip(-40, 40) - _HALF_AT)))


def _stock_scores(stock: Floats, markets: Groups, cheapness: Floats, price_scores: Floats) -> tuple[Floats, Floats]:
    """Return how unlikely each stock is (a tenfold of the others' counts as one step) and the others' usual stock."""
    known = ~np.isnan(stock)
    logs = np.log1p(np.where(known, stock, 0))
    usual = markets.median_of_others(logs)
    steps = np.where(known & (markets.others >= FEWEST_OTHERS), (logs - usual) / np.log(10), 0)
    # A large stock alone is a large merchant; a large stock of something that is also cheap is bait.
    doubt = 1 / (1 + np.exp(-2 * (steps - 2)))
    weight = np.where(cheapness > 0, np.maximum(price_scores, 0.3 * np.tanh(4 * cheapness.clip(0))), 0)
    return np.where(steps > 0, doubt * np.sqrt(weight), 0), np.expm1(usual)


def _verdict(seen: _Seen, price_score: float, stock_score: float, stock: float, usual_stock: float) -> OfferVerdict:
    if seen.others < FEWEST_OTHERS:
        few = ("同类商品的报价太少，无法比较", "too few other offers of these goods to compare with")
        return OfferVerdict(0.0, 0.0, 0.0, None, seen.others, None, (few,))
    ratio = float(seen.price / seen.usual)
    return OfferVerdict(
        score=max(price_score, stock_score),
        price_score=price_score,
        stock_score=stock_score,
        usual_price=float(seen.usual),
        others=seen.others,
        ratio=ratio,
        reasons=tuple(_reasons(seen, ratio, (price_score, stock_score), (stock, usual_stock))),
    )


def _reasons(
    seen: _Seen, ratio: float, scores: tuple[float, float], stocks: tuple[float, float]
) -> Iterator[tuple[str, str]]:
    if scores[0] >= 0.2:
        less = round(100 * (1 - ratio))
        yield (
            f"价格 {seen.price:g} 比其他 {seen.others} 个报价的中位数 {seen.usual:.4g} 低 {less}%",
            f"the price {seen.price:g} is {less} % below {seen.usual:.4g}, the middle of {seen.others} other offers",
        )
        if seen.odd_elsewhere:
            yield (
                f"该卖家另有 {seen.odd_elsewhere} 件商品也低得反常",
                f"{seen.odd_elsewhere} other offers of this seller are as oddly cheap",
            )
    if scores[1] >= 0.2:
        yield (
            f"库存 {stocks[0]:g} 远高于同类的 {stocks[1]:.0f}",
            f"a stock of {stocks[0]:g} is far above the usual {stocks[1]:.0f}",
        )
