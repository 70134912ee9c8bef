"""Fees are whole minor units, and the most that can be withdrawn is really the most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.payouts.fees import Fee


@pytest.mark.parametrize(
    ("fee", "amount", "costs"), [(Fee(), 10_000, 0), (Fee(200, 0), 10_000, 200), (Fee(100, 60), 9_999, 159)]
)
def test_a_fee_is_a_fixed_part_and_a_share_rounded_down(fee: Fee, amount: int, costs: int) -> None:
    assert fee.of(amount) == costs


@given(st.integers(0, 10**12), st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_most_fits_and_one_more_does_not(balance: int, fixed: int, bps: int) -> None:
    fee = Fee(fixed, bps)
    most = fee.most(balance)
    assert most == 0 or most + fee.of(most) <= balance
    assert most + 1 + fee.of(most + 1) > balance
