"""The cashier's pages say in both languages that no real money moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from xinka.payments.providers.epay.provider import EpayProvider
from xinka.sandbox import endings
from xinka.sandbox.models import SandboxTrade


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ["沙盒", "不是真钱", "93.10", "Ada", "让它失败", "付款"]),
        ("en", ["Sandbox: no real money.", "93.10", "Ada", "Let it fail", "Pay twice"]),
    ],
)
def test_the_cashier_shows_payee_amount_and_every_ending(
    client: Client, trade: SandboxTrade, language: str, words: list[str]
) -> None:
    client.cookies["xk_lang"] = language
    page = client.get(f"/sandbox/pay/{trade.token}").content.decode()
    for word in words:
        assert word in page
    for code in endings.ENDINGS:
        assert f'action="/sandbox/pay/{trade.token}/{code}"' in page


def test_the_page_keeps_to_the_strict_policy(client: Client, trade: SandboxTrade) -> None:
    response = client.get(f"/sandbox/pay/{trade.token}")
    page = response.content.decode()
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    assert " style=" not in page
    assert " onclick=" not in page


def test_an_ended_trade_shows_its_notices_and_no_buttons(
    client: Client, trade: SandboxTrade, end: Callable[..., str]
) -> None:
    client.cookies["xk_lang"] = "en"
    end("pay")
    page = client.get(f"/sandbox/pay/{trade.token}").content.decode()
    assert "Notices to the shop" in page
    assert "planned" in page
    assert f"/sandbox/pay/{trade.token}/" not in page


def test_what_a_title_holds_is_text(client: Client, trade: SandboxTrade) -> None:
    SandboxTrade.objects.update(name="<script>alert(1)</script>")
    page = client.get(f"/sandbox/pay/{trade.token}").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_eve_cannot_open_a_cashier_without_its_token(client: Client, trade: SandboxTrade) -> None:
    for guess in ("x", trade.trade_no, trade.out_trade_no, trade.token[:-1]):
        assert client.get(f"/sandbox/pay/{guess}").status_code == 404


def test_pressing_a_button_takes_the_pages_own_form(trade: SandboxTrade) -> None:
    eve = Client(enforce_csrf_checks=True)
    assert eve.post(f"/sandbox/pay/{trade.token}/pay").status_code == 403
    assert eve.get(f"/sandbox/pay/{trade.token}/pay").status_code == 405


def test_a_declined_request_has_a_page_of_its_own(client: Client, provider: EpayProvider) -> None:
    client.cookies["xk_lang"] = "en"
    response = client.get("/sandbox/submit.php", {"pid": "1"})
    assert response.status_code == 400
    assert "The gateway declined this request" in response.content.decode()
