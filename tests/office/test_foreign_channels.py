"""Dee sets up cards, PayPal and coins: one currency a channel, and no key comes out again."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from tests.payments.providers.epusdt import conftest as coins
from tests.payments.providers.paypal import conftest as paypal
from tests.payments.providers.stripe import conftest as stripe
from xinka.accounts.models import User
from xinka.payments.actions import settings_of
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel

pytestmark = pytest.mark.django_db

ASKED = {
    "stripe": {"secret_key": stripe.KEY, "webhook_secret": f"{stripe.SECRET}\n{stripe.OLD_SECRET}"},
    "paypal": {"client_id": "AClientClientClientClient", "client_secret": paypal.SECRET, "webhook_id": paypal.WEBHOOK},
    "epusdt": {"base_url": "https://usdt.example/", "dialect": "gmpay", "token": coins.TOKEN, "pid": "1001"},
    "tokenpay": {"base_url": "https://coins.example/", "token": coins.TOKEN},
}
SECRETS = (stripe.KEY, stripe.SECRET, stripe.OLD_SECRET, paypal.SECRET, coins.TOKEN)


@pytest.fixture
def fresh(office: Client, dee: User) -> Client:
    """Dee's browser, in which she has just proved again who she is."""
    office.post("/account/reauthenticate/", {"password": cast.PASSWORD, "next": "/office/"})
    return office


def form(kind: str, currency: str = "USD") -> dict[str, str]:
    """Return what Dee fills in."""
    facts = {
        "slug": kind,
        "name": kind,
        "name_en": kind,
        "glyph": "card",
        "method": "",
        "currency": currency,
        "on": "on",
    }
    limits = {"min_amount": "1", "max_amount": "500", "devices": "all", "fee_percent": "2.9", "fee_fixed": "0.30"}
    return facts | limits | {f"setting-{name}": value for name, value in ASKED[kind].items()}


@pytest.mark.parametrize("kind", sorted(ASKED))
def test_a_channel_in_dollars_is_set_up_once_and_shows_no_key(fresh: Client, kind: str) -> None:
    answer = fresh.post(f"/office/channels/new/{kind}", form(kind))
    assert answer.status_code == 303, answer.content.decode()
    made = Channel.objects.get()
    assert (made.currency, made.max_amount, settings_of(made)["currency"]) == ("USD", 50_000, "USD")
    assert provider_of(made).judge_notice
    page = fresh.get(f"/office/channels/{made.id}").content.decode()
    assert not [secret for secret in SECRETS if secret in page or secret.encode() in bytes(made.config)]
    assert f"/pay/notify/{kind}" in page


def test_paypal_takes_no_yuan_and_says_so(fresh: Client) -> None:
    answer = fresh.post("/office/channels/new/paypal", form("paypal", "CNY"))
    assert answer.status_code == 422
    assert "currency" in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_channel_that_changes_its_currency_changes_it_at_the_gateway_too(fresh: Client) -> None:
    fresh.post("/office/channels/new/stripe", form("stripe"))
    made = Channel.objects.get()
    assert fresh.post(f"/office/channels/{made.id}", form("stripe", "CNY")).status_code == 303
    made.refresh_from_db()
    assert (made.currency, settings_of(made)["currency"]) == ("CNY", "CNY")
