"""PayPal's own server SDK against our gateway, and our provider about what the SDK did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.interop.sides import OtherSide, python_side
from xinka.kernel import ids
from xinka.payments.providers.paypal.provider import PayPalProvider
from xinka.payments.providers.protocol import RefundRequest, TradeStatus

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def sdk() -> Iterator[OtherSide]:
    """paypal-server-sdk."""
    with python_side(Path(__file__).parent / "sdk_side.py", "paypal-server-sdk") as side:
        yield side


def test_their_client_makes_captures_and_gives_back_and_ours_sees_the_same(
    sdk: OtherSide, live_server: LiveServer, settings: Settings
) -> None:
    from xinka.sandbox import endings
    from xinka.sandbox.models import SandboxTrade
    from xinka.sandbox.paypal.accounts import open_merchant

    settings.SITE_URL = live_server.url
    merchant = open_merchant("Ada", f"{live_server.url}/n")
    keys = {name: merchant.secrets[name] for name in ("client_id", "client_secret", "webhook_id", "root")}
    account = keys | {"url": f"{live_server.url}/sandbox/paypal"}
    there = {"mode": "sandbox", "api_url": account["url"], "plain_http": True, "currency": "USD"}
    provider = PayPalProvider.from_settings(keys | there)
    number = ids.show("pay", ids.new_uuid())

    made = sdk.ask("create", account=account, number=number, value="19.90")
    assert made["purchase_units"][0]["custom_id"] == number
    assert sdk.ask("create", account=account, number=number, value="19.90")["id"] == made["id"]
    assert sdk.ask("capture", account=account, number=made["id"]) == {"refused": 422}, "nobody agreed yet"
    assert provider.query(number, f"order/{made['id']}").status is TradeStatus.UNPAID
    trade = SandboxTrade.objects.select_related("merchant").get(out_trade_no=number)
    assert endings.bring_about(trade, "pay", now=timezone.now())
    assert sdk.ask("order", account=account, number=made["id"])["status"] == "APPROVED"
    done = sdk.ask("capture", account=account, number=made["id"])
    (capture,) = done["purchase_units"][0]["payments"]["captures"]
    found = provider.query(number, f"order/{made['id']}")
    assert (found.status, found.trade_no, found.amount_minor) == (TradeStatus.PAID, capture["id"], 1990)
    for _ in range(2):
        back = sdk.ask("refund", account=account, number=capture["id"], value="5.00", key="ref_1")
        assert back["status"] == "COMPLETED"
    assert provider.refund_query(RefundRequest(number, 500, "USD", capture["id"], "ref_1", 1990)).amount_minor == 500
    assert sdk.ask("captured", account=account, number=capture["id"])["status"] == "PARTIALLY_REFUNDED"
    assert sdk.ask("refund", account=account, number=capture["id"], value="15.00", key="ref_2") == {"refused": 422}
    wrong = account | {"client_secret": "E" + "0" * 40}
    with pytest.raises(AssertionError, match="OAuthToken is undefined"):
        sdk.ask("order", account=wrong, number=made["id"])
