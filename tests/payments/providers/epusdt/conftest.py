"""Ada's channels of the epusdt family, and the notice that says Cy's coins came."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from xinka.payments.providers.epusdt.provider import EpusdtProvider
from xinka.payments.providers.protocol import PaymentRequest, RawNotice

TOKEN = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
SETTINGS: dict[str, object] = {"base_url": "https://usdt.example/", "token": TOKEN, "currency": "CNY"}
#: Values as they are written in JSON; the signature is over these very letters.
PAID: Mapping[str, str] = {
    "trade_id": '"T2026"',
    "order_id": f'"{NUMBER}"',
    "amount": "93.1",
    "actual_amount": '"12.93"',
    "token": '"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"',
    "block_transaction_id": '"12ef6267b42e43959795cf31808d0cc7"',
    "status": "2",
}


def channel(dialect: str, **changed: object) -> EpusdtProvider:
    """Return a channel of one dialect."""
    pid = {"pid": "1001"} if dialect == "gmpay" else {}
    return EpusdtProvider.from_settings({**SETTINGS, "dialect": dialect, **pid, **changed})


def notice(provider: EpusdtProvider, written: Mapping[str, str], *, signature: str | None = None) -> RawNotice:
    """Return a notice with values as they are written, signed unless a signature is given."""
    if provider.config.pid and "pid" not in written:
        written = {**written, "pid": '"1001"'}
    texts = {
        name: "" if text == "null" else json.loads(text) if text[0] == '"' else text for name, text in written.items()
    }
    signed = provider.config.signer.sign(texts) if signature is None else signature
    fields = {**written, "signature": json.dumps(signed)}
    body = "{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}"
    return RawNotice("POST", b"", body.encode(), "application/json; charset=utf-8")


@pytest.fixture(params=["epusdt", "bepusdt", "gmpay"])
def usdt(request: pytest.FixtureRequest) -> EpusdtProvider:
    """Ada's channel in each dialect."""
    return channel(request.param)


@pytest.fixture
def payment() -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    return PaymentRequest(
        NUMBER, 9310, "CNY", "会员 x1", "", "https://x.example/pay/notify/usdt", "https://x.example/pay/return/usdt"
    )
