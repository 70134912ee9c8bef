"""Ada's TokenPay channel, and the notice that says Cy's coins came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from xinka.payments.providers.protocol import PaymentRequest, RawNotice
from xinka.payments.providers.tokenpay.provider import TokenPayProvider
from xinka.payments.providers.tokenpay.wire import sign

TOKEN = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
GUID = "63234df7-55bf-93fc-0010-67be493c0c27"
SETTINGS: dict[str, object] = {"base_url": "https://coins.example/", "token": TOKEN, "currency": "CNY"}
PAID: Mapping[str, Any] = {
    "ActualAmount": "93.10",
    "Amount": "34.91",
    "BaseCurrency": "CNY",
    "BlockChainName": "TRON",
    "BlockTransactionId": "375859c36dc5f5d227b10912b5ec70d3",
    "Currency": "USDT_TRC20",
    "FromAddress": "TYYjzt6AWhe9hAg9DrhiYXEWKDksyohgQa",
    "Id": GUID,
    "OutOrderId": NUMBER,
    "PayTime": "2026-09-15 16:08:39",
    "Status": 1,
    "ToAddress": "TLUF41C386CMU1Wc8pTSCE4QaiZ2xkhTCb",
}


def notice(fields: Mapping[str, Any], *, token: str = TOKEN, signature: str | None = None) -> RawNotice:
    """Return a notice, signed unless a signature is given."""
    texts = {name: "" if value is None else str(value) for name, value in fields.items()}
    signed = {**fields, "Signature": sign(texts, token) if signature is None else signature}
    return RawNotice("POST", b"", json.dumps(signed, ensure_ascii=False).encode(), "application/json")


@pytest.fixture
def tokenpay() -> TokenPayProvider:
    """Ada's channel."""
    return TokenPayProvider.from_settings(SETTINGS)


@pytest.fixture
def payment() -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    return PaymentRequest(
        NUMBER, 9310, "CNY", "会员 x1", "", "https://x.example/pay/notify/coins", "https://x.example/pay/return/coins"
    )
