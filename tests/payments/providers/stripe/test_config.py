"""A Stripe channel's settings: what is unsafe is refused, and secrets are never printed."""

from __future__ import annotations

import pytest

from tests.payments.providers.stripe.conftest import KEY, SECRET, SETTINGS
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.registry import class_of
from xinka.payments.providers.stripe.config import StripeConfig


@pytest.mark.parametrize(
    "changed",
    [
        {"secret_key": ""},
        {"secret_key": "pk_test_" + "a" * 24},
        {"secret_key": "sk_test_short"},
        {"secret_key": 7},
        {"webhook_secret": ""},
        {"webhook_secret": "secret"},
        {"webhook_secret": f"{SECRET} {SECRET} {SECRET} {SECRET}"},
        {"currency": "XXX"},
        {"api_url": "http://api.stripe.com"},
        {"api_url": "https://a:b@api.stripe.com"},
        {"api_url": "https://api.stripe.com/?x=1"},
        {"unknown": "x"},
    ],
)
def test_unsafe_settings_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(BadChannel):
        StripeConfig.from_settings({**SETTINGS, **changed})


@pytest.mark.parametrize("name", ["secret_key", "webhook_secret"])
def test_a_missing_setting_is_named(name: str) -> None:
    settings = {key: value for key, value in SETTINGS.items() if key != name}
    with pytest.raises(BadChannel) as refused:
        StripeConfig.from_settings(settings)
    assert name in refused.value.message("en")


def test_secrets_are_not_printed() -> None:
    shown = repr(class_of("stripe").from_settings(SETTINGS))
    assert KEY not in shown
    assert SECRET not in shown


def test_the_office_asks_for_every_setting_that_is_needed() -> None:
    fields = {field.name: field for field in class_of("stripe").setting_fields()}
    assert {name for name, field in fields.items() if field.required} == {"secret_key", "webhook_secret"}
    assert {name for name, field in fields.items() if field.secret} == {"secret_key", "webhook_secret"}
