"""What an order costs: by table, by what must hold for any facts, and the same in SQL."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinka.flows import checkout
from xinka.promotions.pricing import PRICE, Facts, Price, price_of

TABLE: list[tuple[str, Facts, tuple[int, ...]]] = [
    # unit, goods, off by the sale, off by the level, subtotal, off by the code, total
    ("plain", Facts(1, 4900), (4900, 4900, 0, 0, 4900, 0, 4900)),
    ("by quantity", Facts(3, 4900), (4900, 14700, 0, 0, 14700, 0, 14700)),
    ("a tier replaces the price", Facts(5, 4900, tier=4750), (4750, 23750, 0, 0, 23750, 0, 23750)),
    ("a sale replaces the tier", Facts(5, 4900, tier=4750, flash=3900), (3900, 19500, 4250, 0, 19500, 0, 19500)),
    ("a sale dearer than the tier", Facts(5, 4900, tier=3000, flash=3900), (3900, 19500, 0, 0, 19500, 0, 19500)),
    ("a level, rounded down", Facts(1, 999, level_bps=500), (999, 999, 0, 49, 950, 0, 950)),
    ("the premium after the level", Facts(1, 1000, level_bps=1000, premium=300), (1000, 1000, 0, 100, 1200, 0, 1200)),
    ("an amount", Facts(1, 4900, off_fixed=500), (4900, 4900, 0, 0, 4900, 500, 4400)),
    ("a share, rounded down", Facts(1, 4999, off_bps=1000), (4999, 4999, 0, 0, 4999, 499, 4500)),
    ("a share and its cap", Facts(1, 4900, off_bps=5000, off_most=1000), (4900, 4900, 0, 0, 4900, 1000, 3900)),
    ("a share below its cap", Facts(1, 4900, off_bps=1000, off_most=1000), (4900, 4900, 0, 0, 4900, 490, 4410)),
    ("one unit is left", Facts(1, 4900, off_fixed=9900), (4900, 4900, 0, 0, 4900, 4899, 1)),
    ("all of it", Facts(1, 4900, off_bps=10_000), (4900, 4900, 0, 0, 4900, 4899, 1)),
    ("nothing to take off", Facts(1, 1, off_fixed=500), (1, 1, 0, 0, 1, 0, 1)),
    (
        "everything",
        Facts(2, 4900, tier=4800, flash=3999, level_bps=500, premium=300, off_bps=1000, off_most=700),
        (3999, 7998, 1602, 399, 7899, 700, 7199),
    ),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_price_and_how_it_came_about(facts: Facts, expected: tuple[int, ...]) -> None:
    assert price_of(facts) == Price(*expected)


_AMOUNTS = st.integers(1, 10**11)
_FACTS = st.builds(
    Facts,
    quantity=st.integers(1, 500),
    price=_AMOUNTS,
    tier=st.none() | _AMOUNTS,
    flash=st.none() | _AMOUNTS,
    level_bps=st.integers(0, 5000),
    premium=st.integers(0, 10**6),
    off_fixed=st.integers(0, 10**12),
    off_bps=st.integers(0, 10_000),
    off_most=st.none() | st.integers(0, 10**9),
)


@given(facts=_FACTS)
def test_whatever_the_facts_something_is_left_to_pay_and_the_parts_add_up(facts: Facts) -> None:
    price = price_of(facts)
    assert price.total >= 1
    assert min(price.flash_off, price.level_off, price.code_off) >= 0
    assert price.total == price.goods - price.level_off + facts.premium - price.code_off


_NAMES = ("quantity", "price", "tier", "flash", "level_bps", "premium", "off_fixed", "off_bps", "off_most")


@pytest.mark.django_db
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=_FACTS)
def test_the_database_reckons_the_same(facts: Facts) -> None:
    statement = PRICE.format(**{name: f"%({name})s::bigint" for name in _NAMES})
    with connection.cursor() as cursor:
        cursor.execute(statement, {name: getattr(facts, name) for name in _NAMES})
        assert cursor.fetchone() == (price_of(facts).total,)


def test_checkout_places_wishes_at_that_price_and_plain_requests_at_the_plain_one() -> None:
    for plain, wished in (
        (checkout.PLACE_NEXT, checkout.PLACE_NEXT_WISHED),
        (checkout.PLACE_CHOSEN, checkout.PLACE_CHOSEN_WISHED),
    ):
        assert plain.count(checkout._PLAIN_PRICE) == 1
        assert wished == plain.replace(checkout._PLAIN_PRICE, checkout._WISHED_PRICE)
        assert wished.count("$20::bigint") == 1
        assert "$20" not in plain
