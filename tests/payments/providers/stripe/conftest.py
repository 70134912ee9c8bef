"""Ada's Stripe channel in dollars, and the webhook that says Cy paid."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from xinka.payments.providers.protocol import PaymentRequest, RawNotice
from xinka.payments.providers.stripe.provider import StripeProvider
from xinka.payments.providers.stripe.signing import signature

SECRET = "whsec_" + "k3Yt9Rw2" * 4
OLD_SECRET = "whsec_" + "p7Qs4Vn6" * 4
KEY = "sk_test_" + "A1b2C3d4" * 4
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
SETTINGS = {"secret_key": KEY, "webhook_secret": SECRET, "currency": "USD"}


def session(**changed: object) -> dict[str, Any]:
    """Return a Checkout Session that was paid."""
    return {
        "id": "cs_test_a1",
        "object": "checkout.session",
        "mode": "payment",
        "amount_total": 1990,
        "currency": "usd",
        "client_reference_id": NUMBER,
        "metadata": {"out_trade_no": NUMBER},
        "payment_intent": "pi_3Q",
        "payment_status": "paid",
        "status": "complete",
        **changed,
    }


def event(subject: Mapping[str, object], kind: str = "checkout.session.completed", **changed: object) -> bytes:
    """Return an event as Stripe writes it."""
    facts = {"id": "evt_1Q", "object": "event", "type": kind, "livemode": False, "data": {"object": subject}, **changed}
    return json.dumps(facts, ensure_ascii=False).encode()


def notice(body: bytes, header: str | None = None, *, secret: str = SECRET, age: int = 0) -> RawNotice:
    """Return a webhook, signed unless a header is given."""
    at = int(time.time()) - age
    header = f"t={at},v1={signature(secret, at, body)}" if header is None else header
    return RawNotice("POST", b"", body, "application/json", {"stripe-signature": header})


@pytest.fixture
def stripe() -> StripeProvider:
    """Ada's channel."""
    return StripeProvider.from_settings(SETTINGS)


@pytest.fixture
def payment() -> PaymentRequest:
    """What Cy is to pay: 19.90 dollars."""
    return PaymentRequest(
        NUMBER, 1990, "USD", "Member card x1", "", "https://x.example/n", "https://x.example/pay/return/stripe"
    )
