"""Ada's PayPal channel, and the webhook that says Cy's money was captured. Certificates are made once for all tests."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from xinka.payments.providers.paypal.certificates import judged_key
from xinka.payments.providers.paypal.provider import PayPalProvider
from xinka.payments.providers.protocol import PaymentRequest, RawNotice
from xinka.sandbox.paypal.certificates import Issued, issue

NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
#: A payment as a report tells it.
PAID: dict[str, Any] = {
    "transaction_id": "2C1",
    "transaction_event_code": "T0006",
    "transaction_initiation_date": "2026-01-01T00:00:00+0000",
    "transaction_status": "S",
    "transaction_amount": {"currency_code": "USD", "value": "19.90"},
    "fee_amount": {"currency_code": "USD", "value": "-0.97"},
    "custom_field": NUMBER,
}
SECRET = "ESecretSecretSecretSecret"
WEBHOOK = "8PT597110X687430LKGECATA"
SETTINGS: dict[str, object] = {
    "client_id": "AClientClientClientClient",
    "client_secret": SECRET,
    "webhook_id": WEBHOOK,
    "currency": "USD",
    "mode": "sandbox",
}
CERTIFICATE = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"


@cache
def issued() -> Issued:
    """Return PayPal's certificate and key, made once."""
    return issue()


@cache
def eves() -> Issued:
    """Return what Eve made for herself, with PayPal's name on it."""
    return issue()


def capture(**changed: object) -> dict[str, Any]:
    """Return a capture that is complete."""
    return {
        "id": "2GG279541U471931P",
        "status": "COMPLETED",
        "amount": {"currency_code": "USD", "value": "19.90"},
        "custom_id": NUMBER,
        "supplementary_data": {"related_ids": {"order_id": "5O190127TN364715T"}},
        **changed,
    }


def event(resource: object, kind: str = "PAYMENT.CAPTURE.COMPLETED", **changed: object) -> bytes:
    """Return an event as PayPal writes it."""
    facts = {"id": "WH-1-A", "event_version": "1.0", "event_type": kind, "resource": resource, **changed}
    return json.dumps(facts, ensure_ascii=False).encode()


def notice(
    body: bytes, *, key: str = "", age: timedelta = timedelta(), sha1: bool = False, **headers: str
) -> RawNotice:
    """Return a signed webhook; ``headers`` replace some of it, with underscores for hyphens."""
    number, at = "69cd13f0-d67a-11e5-baa3-778b53f4ae55", f"{datetime.now(UTC) - age:%Y-%m-%dT%H:%M:%SZ}"
    loaded = load_pem_private_key((key or issued().key).encode(), password=None)
    assert isinstance(loaded, RSAPrivateKey)
    message = f"{number}|{at}|{WEBHOOK}|{zlib.crc32(body)}".encode()
    signed = loaded.sign(message, PKCS1v15(), SHA1() if sha1 else SHA256())  # noqa: S303 - to be refused
    told = {
        "paypal-transmission-id": number,
        "paypal-transmission-time": at,
        "paypal-transmission-sig": base64.b64encode(signed).decode(),
        "paypal-cert-url": CERTIFICATE,
        "paypal-auth-algo": "SHA256withRSA",
    }
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    return RawNotice("POST", b"", body, "application/json", {name: value for name, value in told.items() if value})


@pytest.fixture
def paypal() -> PayPalProvider:
    """Ada's channel, in a process that knows PayPal's certificate already."""
    provider = PayPalProvider.from_settings(SETTINGS)
    key = judged_key(issued().certificate.encode(), signer=provider.config.signer, root=issued().root)
    provider.shelf.keep(CERTIFICATE, key)
    return provider


@pytest.fixture
def payment() -> PaymentRequest:
    """What Cy is to pay: 19.90 dollars."""
    return PaymentRequest(
        NUMBER, 1990, "USD", "Member card x1", "", "https://x.example/n", "https://x.example/pay/return/paypal"
    )
