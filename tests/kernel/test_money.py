"""Money is whole minor units; whatever could be read in two ways is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.kernel.errors import BadInput
from xinka.kernel.money import MAX_MINOR, parse_amount, plain_amount


@pytest.mark.parametrize(("text", "minor"), [("1", 100), ("1.0", 100), ("49.00", 4900), ("0.01", 1), ("12.3000", 1230)])
def test_a_plain_decimal_is_read(text: str, minor: int) -> None:
    assert parse_amount(text) == minor


UNREADABLE = ["-1", "+1", "1.001", "1e3", "NaN", "Infinity", "0x10", "1,000", "１.００", "٤٩.٠٠", ".5", "5.", "1_000"]
TOO_LARGE = ["1000000000.01", "9999999999999"]
ODD = ["", " 1", "1 ", "1\n", "1\x00", "--1", "1.2.3"]


@pytest.mark.parametrize("text", UNREADABLE + TOO_LARGE + ODD)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_amount(text)


def test_a_currency_without_minor_units_takes_no_decimals() -> None:
    assert parse_amount("100", "JPY") == 100
    with pytest.raises(BadInput):
        parse_amount("100.5", "JPY")
    assert plain_amount(100, "JPY") == "100"


@given(st.integers(min_value=0, max_value=MAX_MINOR))
def test_what_is_written_is_read_back(minor: int) -> None:
    assert parse_amount(plain_amount(minor)) == minor


def test_a_negative_amount_is_written_with_one_sign_in_front() -> None:
    assert plain_amount(-5) == "-0.05"
