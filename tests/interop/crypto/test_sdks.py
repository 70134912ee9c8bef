"""Two SDKs by other people as the other side: bepusdt, and epusdt for GMPay; no SDK of TokenPay is published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.interop.crypto.conftest import press, sent
from tests.interop.sides import OtherSide, python_side
from xinka.kernel import ids
from xinka.payments.providers.epusdt.provider import EpusdtProvider
from xinka.payments.providers.errors import BadSignature, MalformedNotice
from xinka.payments.providers.protocol import PaymentRequest, RawNotice

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]
_HERE = Path(__file__).parent
_COIN = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


@pytest.fixture(scope="module")
def bepusdt() -> Iterator[OtherSide]:
    """The SDK of BEpusdt."""
    with python_side(_HERE / "bepusdt_side.py", "bepusdt") as side:
        yield side


@pytest.fixture(scope="module")
def gmpay() -> Iterator[OtherSide]:
    """The SDK of the new epusdt."""
    with python_side(_HERE / "gmpay_side.py", "epusdt") as side:
        yield side


def account_of(dialect: str) -> dict[str, str]:
    """Return a fresh account at our gateway."""
    from xinka.sandbox.epusdt.accounts import base_url, open_merchant

    merchant = open_merchant("Ada", dialect)
    url = base_url(merchant).rstrip("/")
    return {"url": url, "token": merchant.secrets["token"], "pid": merchant.pid}


def channel_of(account: dict[str, str], dialect: str) -> EpusdtProvider:
    """Return our own side of an account."""
    pid = {"pid": account["pid"]} if dialect == "gmpay" else {}
    settings = {"base_url": account["url"], "token": account["token"], "dialect": dialect, "plain_http": True}
    return EpusdtProvider.from_settings({**settings, **pid})


def notice_of(fields: dict[str, Any]) -> RawNotice:
    """Return fields as a notice."""
    return RawNotice("POST", b"", json.dumps(fields).encode(), "application/json")


def paid(**changed: object) -> dict[str, Any]:
    """Return what a gateway says of a paid trade."""
    return {
        "trade_id": "T2026",
        "order_id": ids.show("pay", ids.new_uuid()),
        "amount": 28.88,
        "actual_amount": "4.01",
        "token": _COIN,
        "block_transaction_id": "12ef6267b42e43959795cf31808d0cc7",
        "status": 2,
        **changed,
    }


def test_their_bepusdt_client_works_against_our_gateway(
    bepusdt: OtherSide, live_server: LiveServer, settings: Settings
) -> None:
    account, number = account_of("bepusdt"), ids.show("pay", ids.new_uuid())
    settings.SITE_URL = live_server.url.replace("http:", "https:")  # the SDK insists on it for notices
    shop = settings.SITE_URL
    order = {
        "order_id": number,
        "amount": 28.88,
        "notify_url": f"{shop}/n",
        "redirect_url": f"{shop}/r",
        "name": "会员",
    }
    made = bepusdt.ask("create", account=account, order=order)
    assert (made["order_id"], float(made["amount"])) == (number, 28.88)
    assert bepusdt.ask("status", account=account, trade_id=made["trade_id"]) == 1
    assert bepusdt.ask("cancel", account=account, trade_id=made["trade_id"]) == {"trade_id": made["trade_id"]}
    assert bepusdt.ask("status", account=account, trade_id=made["trade_id"]) == 4
    with pytest.raises(AssertionError, match="HTTP 400"):
        bepusdt.ask("create", account=account | {"token": "0" * 32}, order=order | {"order_id": f"{number[:-1]}x"})


def test_their_gmpay_client_works_against_our_gateway(gmpay: OtherSide, live_server: LiveServer) -> None:
    from xinka.sandbox import endings
    from xinka.sandbox.models import SandboxTrade

    account, number = account_of("gmpay"), ids.show("pay", ids.new_uuid())
    order = {"order_id": number, "amount": 100, "currency": "cny", "token": "usdt", "network": "tron"}
    order |= {"notify_url": f"{live_server.url}/n", "redirect_url": f"{live_server.url}/r"}
    made = gmpay.ask("create", account=account, order=order)
    assert made["order_id"] == number
    assert gmpay.ask("status", account=account, trade_id=made["trade_id"]) == 1
    trade = SandboxTrade.objects.select_related("merchant").get()
    assert (trade.money, trade.currency) == (10_000, "CNY")
    assert endings.bring_about(trade, "pay", now=timezone.now())
    assert gmpay.ask("status", account=account, trade_id=made["trade_id"]) == 2


@pytest.mark.parametrize("dialect", ["bepusdt", "gmpay"])
def test_our_gateways_notice_satisfies_their_verifier_and_ours(
    request: pytest.FixtureRequest, payment: PaymentRequest, dialect: str
) -> None:
    side: OtherSide = request.getfixturevalue(dialect)
    account = account_of(dialect)
    provider = channel_of(account, dialect)
    provider.prepare(payment)
    press(payment)
    heard = sent(payment)
    assert side.ask("believes", account=account, body=heard.body.decode()) is True
    assert provider.judge_notice(heard).amount_minor == 9310
    changed = heard._replace(body=heard.body.replace(b"93.1", b"0.01"))
    assert side.ask("believes", account=account, body=changed.body.decode()) is False
    with pytest.raises(BadSignature):
        provider.judge_notice(changed)


@pytest.mark.parametrize("dialect", ["bepusdt", "gmpay"])
@pytest.mark.parametrize("amount", [28.88, 100, 0.1, 12345.6])
def test_their_signature_is_ours(request: pytest.FixtureRequest, dialect: str, amount: float) -> None:
    side: OtherSide = request.getfixturevalue(dialect)
    account = account_of(dialect)
    fields = paid(amount=amount) | ({"pid": account["pid"]} if dialect == "gmpay" else {})
    fields["signature"] = side.ask("sign", account=account, fields=fields)
    said = channel_of(account, dialect).judge_notice(notice_of(fields))
    assert said.amount_minor == round(amount * 100)


def test_paid_without_a_transaction_is_refused_by_us_where_the_sdk_accepts_it(bepusdt: OtherSide) -> None:
    account = account_of("bepusdt")
    for transaction in ("", "T2026"):
        fields = paid(block_transaction_id=transaction)
        fields["signature"] = bepusdt.ask("sign", account=account, fields=fields)
        assert bepusdt.ask("believes", account=account, body=json.dumps(fields)) is True
        with pytest.raises(MalformedNotice):
            channel_of(account, "bepusdt").judge_notice(notice_of(fields))


def test_a_field_that_comes_twice_is_refused_by_us_where_the_sdk_accepts_it(bepusdt: OtherSide) -> None:
    account = account_of("bepusdt")
    fields = paid()
    fields["signature"] = bepusdt.ask("sign", account=account, fields=fields)
    body = json.dumps(fields).replace('{"trade_id"', '{"amount": 0.01, "trade_id"', 1)
    assert bepusdt.ask("believes", account=account, body=body) is True
    with pytest.raises(MalformedNotice):
        channel_of(account, "bepusdt").judge_notice(RawNotice("POST", b"", body.encode(), "application/json"))
