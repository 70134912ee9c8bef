"""A merchant at the gateway, a shop on a real socket that hears notices, and no background thread unless asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django import Settings

from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import SignType
from xinka.payments.providers.protocol import PaymentRequest, RawNotice

if TYPE_CHECKING:  # models can only be read once the settings are, which is after the conftests
    from xinka.sandbox.models import SandboxMerchant, SandboxTrade


class Shop:
    """Ada's shop as far as a gateway sees it: an address that hears notices and says what a test wants."""

    def __init__(self) -> None:
        self.heard: list[RawNotice] = []
        self.says = b"success"
        self.status = 200
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                query = self.path.partition("?")[2].encode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                shop.heard.append(RawNotice(self.command, query, body, headers.get("content-type", ""), headers))
                self.send_response(shop.status)
                if shop.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(shop.says)))
                self.end_headers()
                self.wfile.write(shop.says)

            do_POST = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    """A shop that hears notices at its own address."""
    shop = Shop()
    settings.SITE_URL = shop.url
    thread = threading.Thread(target=shop.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Keep the background thread asleep; a test sends what is due by itself, and sees that the thread was called."""
    from xinka.sandbox import notifier

    calls: list[bool] = []
    monkeypatch.setattr(notifier._thread, "wake", lambda: calls.append(True))
    return calls


@pytest.fixture(params=["MD5", "HMAC-SHA256"])
def merchant(request: pytest.FixtureRequest, db: None) -> SandboxMerchant:
    """Ada's account at the gateway, with each kind of signature."""
    from xinka.sandbox.epay.accounts import open_merchant

    return open_merchant("Ada", sign_type=request.param)


@pytest.fixture
def provider(merchant: SandboxMerchant, shop: Shop) -> EpayProvider:
    """The shop's own side of that account, which shares no code with the gateway."""
    key, sign_type = merchant.secrets["key"], SignType(merchant.secrets["sign_type"])
    return EpayProvider(EpayConfig(f"{shop.url}/sandbox/", merchant.pid, key, sign_type, plain_http=True))


@pytest.fixture
def payment(shop: Shop) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    return PaymentRequest(
        out_trade_no="pay_01jd3v5w8qk2m4n6p8r0s2t4v6",
        amount_minor=9310,
        currency="CNY",
        title="云听音乐 & 年度会员=x1",
        method="alipay",
        notify_url=f"{shop.url}/pay/notify/sandbox",
        return_url=f"{shop.url}/order/ord_1",
        client_ip="203.0.113.7",
    )


@pytest.fixture
def trade(client: Client, provider: EpayProvider, payment: PaymentRequest) -> SandboxTrade:
    """The trade after Cy was sent to the gateway."""
    from xinka.sandbox.models import SandboxTrade

    target = provider.prepare(payment).target
    assert client.get(target.removeprefix(provider.config.base_url.removesuffix("/sandbox/"))).status_code == 302
    return SandboxTrade.objects.get()


@pytest.fixture
def end(client: Client, trade: SandboxTrade) -> Callable[..., str]:
    """Press one of the cashier's buttons; returns where the buyer is sent."""

    def press(ending: str, **form: str) -> str:
        response = client.post(f"/sandbox/pay/{trade.token}/{ending}", form)
        trade.refresh_from_db()
        return response.headers.get("Location", f"HTTP {response.status_code}")

    return press
