"""Amounts per currency, as a setting names them."""

from __future__ import annotations

import pytest

from xinka.kernel.money import MAX_MINOR
from xinka.kernel.per_currency import PerCurrency, per_currency


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("500000", {"CNY": 500_000}),
        ("CNY:500000", {"CNY": 500_000}),
        ("CNY:500000 USD:70000", {"CNY": 500_000, "USD": 70_000}),
        ("JPY:100000,KRW:0, USD:1", {"JPY": 100_000, "KRW": 0, "USD": 1}),
    ],
)
def test_what_is_named_is_read(text: str, named: dict[str, int]) -> None:
    assert per_currency(text) == PerCurrency(named)


def test_each_currency_has_its_own_and_the_others_have_what_is_for_all_others() -> None:
    found = per_currency("USD:70000", otherwise=1)
    assert (found.of("USD"), found.of("CNY"), found.of("JPY")) == (70_000, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ten",
        "-1",
        "1.5",
        "５００",
        "CNY",
        "CNY:",
        "CNY:x",
        "XXX:5",
        "cny:5",
        "CNY:5 CNY:6",
        "CNY:5 6",
        "5 6",
        f"CNY:{MAX_MINOR + 1}",
        "CNY:" + "9" * 5_000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        per_currency(text)
