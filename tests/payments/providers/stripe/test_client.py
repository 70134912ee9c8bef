"""What a failed call to Stripe means, above all one that gives money back."""

from __future__ import annotations

import pytest
import stripe

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.stripe.client import _failures


def fail(error: stripe.StripeError, *, moves_money: bool) -> ProviderError:
    with pytest.raises(ProviderError) as failed, _failures(moves_money=moves_money):
        raise error
    return failed.value


@pytest.mark.parametrize(
    "error",
    [
        stripe.RateLimitError("slow down", http_status=429),
        stripe.InvalidRequestError("locked", "x", code="lock_timeout", http_status=400),
        stripe.IdempotencyError("in use", http_status=409),
        stripe.APIConnectionError("timed out"),
        stripe.APIError("oops", http_status=500),
    ],
    ids=["rate", "lock", "key in use", "no answer", "their fault"],
)
def test_a_refund_that_stripe_is_too_busy_for_is_looked_for_and_asked_again(error: stripe.StripeError) -> None:
    """It was left to staff as refused, although the same request might have been under way."""
    assert isinstance(fail(error, moves_money=True), OutcomeUnknown)
    asked = fail(error, moves_money=False)
    assert not asked.permanent
    assert not isinstance(asked, OutcomeUnknown)


def test_a_clear_no_is_final() -> None:
    error = stripe.InvalidRequestError("no", "charge", code="charge_already_refunded", http_status=400)
    said = fail(error, moves_money=True)
    assert said.permanent
    assert not isinstance(said, OutcomeUnknown)
