"""Stripe's smallest units against ours."""

from __future__ import annotations

import pytest

from xinka.kernel.errors import BadInput
from xinka.kernel.money import MINOR_DIGITS
from xinka.payments.providers.stripe.amounts import from_stripe, stripe_digits, to_stripe


@pytest.mark.parametrize("currency", sorted(MINOR_DIGITS))
def test_every_amount_comes_back_as_it_went(currency: str) -> None:
    for minor in (10, 100, 12340, 10_000_000):
        assert from_stripe(to_stripe(minor, currency), currency) == minor


def test_yen_have_no_cents_and_dinars_have_three_decimals() -> None:
    assert [stripe_digits(code) for code in ("JPY", "KRW", "USD", "KWD", "ISK", "UGX", "XOF")] == [0, 0, 2, 3, 2, 2, 0]
    assert (to_stripe(500, "JPY"), to_stripe(500, "USD"), to_stripe(5120, "KWD")) == (500, 500, 5120)


def test_a_dinar_amount_that_does_not_end_in_zero_is_refused() -> None:
    with pytest.raises(BadInput):
        to_stripe(5124, "KWD")


def test_a_currency_that_stripe_counts_more_finely_than_iso_is_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MINOR_DIGITS, "ISK", 0)
    assert to_stripe(1500, "ISK") == 150_000
    assert from_stripe(150_000, "ISK") == 1500
    with pytest.raises(ValueError):
        from_stripe(150_001, "ISK")
