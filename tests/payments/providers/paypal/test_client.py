"""What a failed call to PayPal means when it gives money back."""

from __future__ import annotations

import pytest

from tests.payments.providers.paypal.conftest import NUMBER, SETTINGS
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import Call, HttpClient, Reply
from xinka.payments.providers.paypal.provider import PayPalProvider
from xinka.payments.providers.protocol import RefundRequest

REFUND = RefundRequest(NUMBER, 500, "USD", trade_no="2C1", refund_no="ref_1", total_minor=1990)


def refund_answered(monkeypatch: pytest.MonkeyPatch, status: int) -> ProviderError:
    """Ask for a refund that PayPal answers with a status; return what it raised."""

    async def answer(_client: HttpClient, call: Call) -> Reply:
        if call.url.endswith("/oauth2/token"):
            return Reply(200, b'{"access_token": "t", "expires_in": 300}')
        return Reply(status, b'{"name": "X"}')

    monkeypatch.setattr(HttpClient, "call", answer)
    with pytest.raises(ProviderError) as failed:
        PayPalProvider.from_settings(SETTINGS).refund(REFUND)
    return failed.value


@pytest.mark.parametrize("status", [409, 429, 408, 500, 503])
def test_a_refund_that_paypal_is_too_busy_for_is_looked_for_and_asked_again(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """It was left to staff as refused, although the same request might have been under way."""
    assert isinstance(refund_answered(monkeypatch, status), OutcomeUnknown)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_clear_no_is_final(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    said = refund_answered(monkeypatch, status)
    assert said.permanent
    assert not isinstance(said, OutcomeUnknown)
