"""Bait among honest offers."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.engines.textguard.market import Market
from xinka.engines.textguard.market.groups import Groups


def _judged(*offers: tuple[str, str, float] | tuple[str, str, float, float]) -> list[float]:
    market = Market()
    for offer in offers:
        market.add(*offer)
    return [verdict.score for verdict in market.verdicts()]


def _market(n: int = 12) -> list[tuple[str, str, float]]:
    """Offers of two goods that differ as honest offers do."""
    return [
        (goods, f"seller-{i}", base * (1 + 0.02 * (i % 5 - 2)))
        for goods, base in (("a", 30), ("b", 8))
        for i in range(n)
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=1, max_size=30))
def test_the_median_of_others_is_the_median_without_the_row_itself(rows: list[tuple[int, float]]) -> None:
    keys = np.unique([key for key, _ in rows], return_inverse=True)[1]
    values = np.array([value for _, value in rows])
    found = Groups.of(keys).median_of_others(values)
    for at, key in enumerate(keys):
        others = [value for n, value in enumerate(values) if keys[n] == key and n != at]
        assert found[at] == pytest.approx(np.median(others) if others else values[at])


def test_an_offer_at_a_third_of_the_price_is_bait_and_the_others_are_not() -> None:
    scores = _judged(*_market(), ("a", "eve", 10.0))
    assert scores[-1] > 0.9
    assert max(scores[:-1]) < 0.1


def test_a_dear_offer_is_no_bait() -> None:
    assert _judged(*_market(), ("a", "eve", 90.0))[-1] < 0.01


def test_without_a_market_nothing_is_said() -> None:
    market = Market()
    market.add("a", "ada", 1.0)
    market.add("a", "bo", 100.0)
    for verdict in market.verdicts():
        assert (verdict.score, verdict.usual_price, verdict.others) == (0.0, None, 1)
        assert verdict.reasons[0][1] == "too few other offers of these goods to compare with"


def test_the_same_discount_weighs_more_when_the_seller_is_that_cheap_on_other_goods_too() -> None:
    alone = _judged(*_market(), ("a", "eve", 24.0))[-1]
    again = _judged(*_market(), ("b", "eve", 4.0), ("a", "eve", 24.0))[-1]
    assert again > alone


def test_a_large_stock_is_doubted_only_where_the_price_is_low() -> None:
    honest = [(goods, seller, price, 50.0) for goods, seller, price in _market()]
    cheap = _judged(*honest, ("a", "eve", 24.0, 500_000.0))[-1]
    modest = _judged(*honest, ("a", "eve", 24.0, 50.0))[-1]
    fair = _judged(*honest, ("a", "ada", 30.5, 500_000.0))[-1]
    assert cheap > modest + 0.2
    assert fair < 0.05


def test_the_reason_names_the_price_and_the_market() -> None:
    market = Market()
    for offer in (*_market(), ("a", "eve", 10.0)):
        market.add(*offer)
    *_, verdict = market.verdicts()
    assert verdict.reasons[0] == (
        "价格 10 比其他 12 个报价的中位数 29.7 低 66%",
        "the price 10 is 66 % below 29.7, the middle of 12 other offers",
    )


@given(st.permutations(range(25)))
def test_the_order_of_the_offers_does_not_matter(order: list[int]) -> None:
    offers = [*_market(), ("a", "eve", 12.0)]
    plain, mixed = _judged(*offers), _judged(*(offers[n] for n in order))
    assert [mixed[order.index(n)] for n in range(25)] == pytest.approx(plain)


@pytest.mark.parametrize("price", [0, -1, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused_and_nothing_is_added(price: float) -> None:
    market = Market()
    with pytest.raises(ValueError, match="price must be a number above 0"):
        market.add("a", "ada", price)
    assert list(market.verdicts()) == []


def _run(*lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "xinka.config.cli", "guard", "prices"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_answers_each_offer_and_names_the_wrong_lines() -> None:
    offers = [
        json.dumps({"id": n, "product": p, "seller": s, "price": str(x)}) for n, (p, s, x) in enumerate(_market())
    ]
    done = _run(
        *offers,
        '{"product": "a", "seller": "x", "price": "free"}',
        "nonsense",
        '{"id": 99, "product": "a", "seller": "eve", "price": 9}',
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [*range(24), 99]
    assert answers[-1]["score"] > 0.9
    assert done.returncode == 1
    assert "line 25 / 第 25 行: `price` must be a number" in done.stderr
    assert "line 26 / 第 26 行: not JSON" in done.stderr


def test_an_empty_market_gives_an_empty_answer() -> None:
    done = _run("")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
