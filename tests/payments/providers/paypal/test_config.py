"""A PayPal channel's settings: what is unsafe is refused, and secrets are never printed."""

from __future__ import annotations

import pytest

from tests.payments.providers.paypal.conftest import SECRET, SETTINGS
from xinka.kernel.errors import BadInput
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.paypal.amounts import from_paypal, to_paypal
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.registry import class_of


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": ""},
        {"client_id": "short"},
        {"client_secret": "with spaces in it, and more"},
        {"webhook_id": "a/b"},
        {"mode": "test"},
        {"currency": "CNY"},
        {"currency": "XXX"},
        {"api_url": "https://x.example"},
        {"root": "-----BEGIN"},
        {"api_url": "http://x.example", "root": "x"},
        {"asks_paypal": "yes"},
        {"unknown": "x"},
    ],
)
def test_unsafe_settings_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(BadChannel):
        PayPalConfig.from_settings({**SETTINGS, **changed})


def test_secrets_are_not_printed() -> None:
    assert SECRET not in repr(class_of("paypal").from_settings(SETTINGS))


def test_the_office_asks_for_every_setting_that_is_needed() -> None:
    fields = {field.name: field for field in class_of("paypal").setting_fields()}
    assert {name for name, field in fields.items() if field.required} == {"client_id", "client_secret", "webhook_id"}
    assert {name for name, field in fields.items() if field.secret} == {"client_secret"}


def test_live_and_sandbox_have_their_own_addresses_and_signers() -> None:
    live = PayPalConfig.from_settings({**SETTINGS, "mode": "live"})
    assert live.address("/x") == "https://api-m.paypal.com/x"
    assert live.may_fetch("https://api.paypal.com/v1/notifications/certs/CERT-1")
    assert not live.may_fetch("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1")
    assert live.signer == "messageverificationcerts.paypal.com"


def test_the_shops_own_sandbox_hands_out_certificates_only_from_its_own_address() -> None:
    own = PayPalConfig.from_settings({**SETTINGS, "api_url": "https://s.example/sandbox/paypal", "root": "x"})
    assert own.may_fetch("https://s.example/sandbox/paypal/v1/notifications/certs/CERT-1")
    for url in (
        "https://s.example/v1/notifications/certs/CERT-1",
        "https://s.example/sandbox/paypal/v1/notifications/certs/../x",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://s.example.evil.example/sandbox/paypal/v1/notifications/certs/CERT-1",
    ):
        assert not own.may_fetch(url)


def test_amounts_are_exact() -> None:
    assert to_paypal(1990, "USD") == {"currency_code": "USD", "value": "19.90"}
    assert to_paypal(1990, "JPY") == {"currency_code": "JPY", "value": "1990"}
    assert to_paypal(30_000, "TWD") == {"currency_code": "TWD", "value": "300"}
    assert from_paypal({"currency_code": "TWD", "value": "300"}) == (30_000, "TWD")
    assert from_paypal({"currency_code": "USD", "value": "-5.00"}) == (-500, "USD")
    with pytest.raises(BadInput):
        to_paypal(30_050, "TWD")
