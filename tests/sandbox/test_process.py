"""The gateway as a process of its own: a payment, its notice from the background thread, a question and a refund."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import SignType
from xinka.payments.providers.protocol import PayBy, PaymentRequest, RawNotice, RefundRequest, TradeStatus

OPEN = (
    "from xinka.sandbox.epay.accounts import open_merchant as o; "
    "m = o('Ada', sign_type='HMAC-SHA256'); print(m.pid, m.secrets['key'])"
)


@pytest.fixture
def gateway(shop_database: str, shop: object) -> Iterator[EpayConfig]:
    """A running gateway whose shop is the one of this test, and the shop's channel there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": shop_database, "XINKA_SITE_URL": shop.url}  # type: ignore[attr-defined]
    django = [sys.executable, "-m", "django"]
    account = [*django, "shell", "--verbosity", "0", "--command", OPEN]
    opened = subprocess.run(account, env=environment, check=True, capture_output=True, text=True, timeout=60)
    pid, key = opened.stdout.split()
    command = [*django, "runserver", "--noreload", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        base = f"http://127.0.0.1:{port}/sandbox/"
        try:
            wait_until(lambda: _answers(f"{base}api.php"))
            yield EpayConfig(base, pid, key, SignType.HMAC_SHA256, by_api=True, plain_http=True)
        finally:
            process.terminate()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as something is so; fail after two minutes."""
    give_up = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def press_pay(page: str) -> httpx.Response:
    """Open a cashier page and press its first button, as a browser would."""
    with httpx.Client(timeout=10) as browser:
        assert browser.get(page).status_code == 200
        token = browser.cookies["xk_csrf"]
        form = browser.get(page).text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        assert token
        return browser.post(f"{page}/pay", data={"csrfmiddlewaretoken": form})


def test_a_payment_goes_round_the_whole_wire(gateway: EpayConfig, shop: object, payment: PaymentRequest) -> None:
    provider = EpayProvider(gateway)
    way = provider.prepare(payment)
    assert way.by is PayBy.QR
    assert provider.query(payment.out_trade_no).status is TradeStatus.UNPAID
    page = gateway.address(f"pay/{way.target.rpartition('/')[2]}")
    sent_back = press_pay(page)
    assert sent_back.headers["Location"].startswith(f"{payment.return_url}?")
    heard: list[RawNotice] = shop.heard  # type: ignore[attr-defined]
    wait_until(lambda: len(heard) > 0)
    verified = provider.judge_notice(heard[0])
    assert (verified.out_trade_no, verified.trade_no, verified.amount_minor, verified.is_paid) == (
        payment.out_trade_no,
        way.trade_no,
        9310,
        True,
    )
    assert provider.query(payment.out_trade_no).paid
    provider.refund(RefundRequest(payment.out_trade_no, 9310, "CNY"))
    assert provider.query(payment.out_trade_no).status is TradeStatus.REFUNDED
    assert len(heard) == 1
