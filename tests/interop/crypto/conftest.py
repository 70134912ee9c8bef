"""The pretend coin gateways on a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.kernel import ids
from xinka.payments.providers.protocol import PaymentRequest, RawNotice

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxTrade


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch, live_server: LiveServer, settings: Settings) -> None:
    """Send no notice by itself, and let the gateway be where it is."""
    from xinka.sandbox import notifier

    monkeypatch.setattr(notifier._thread, "wake", lambda: None)
    settings.SITE_URL = live_server.url


@pytest.fixture
def payment(live_server: LiveServer) -> PaymentRequest:
    """What Cy is to pay, asked for just now."""
    number = ids.show("pay", ids.new_uuid())
    notify, back = f"{live_server.url}/pay/notify/coins", f"{live_server.url}/pay/return/coins"
    return PaymentRequest(number, 9310, "CNY", "云听会员 & Co <1>", "", notify, back)


def trade_of(payment: PaymentRequest) -> SandboxTrade:
    """Return the gateway's record."""
    from xinka.sandbox.models import SandboxTrade

    return SandboxTrade.objects.select_related("merchant").get(out_trade_no=payment.out_trade_no)


def press(payment: PaymentRequest, ending: str = "pay") -> SandboxTrade:
    """Press a button of the cashier's."""
    from xinka.sandbox import endings

    trade = trade_of(payment)
    assert endings.bring_about(trade, ending, now=timezone.now())
    return trade


def sent(payment: PaymentRequest) -> RawNotice:
    """Return the last notice about a payment as the shop would hear it."""
    attempt = trade_of(payment).attempts.latest("id")
    return RawNotice(attempt.method, b"", attempt.body.encode(), attempt.headers["Content-Type"])
