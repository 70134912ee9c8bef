"""Ada's epay channel, and what Cy is to pay."""

from __future__ import annotations

import pytest

from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import SignType
from xinka.payments.providers.protocol import PaymentRequest

KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
PAID_NOTICE = {
    "pid": "1001",
    "trade_no": "2026112112345678901",
    "out_trade_no": "pay_01jd3v5w8qk2m4n6p8r0s2t4v6",
    "type": "alipay",
    "name": "云听音乐 年度会员 x1",
    "money": "93.10",
    "trade_status": "TRADE_SUCCESS",
}


@pytest.fixture
def strong() -> EpayProvider:
    """Ada's channel, signed with HMAC-SHA256."""
    return EpayProvider(EpayConfig("https://pay.example/", "1001", KEY, SignType.HMAC_SHA256))


@pytest.fixture
def weak() -> EpayProvider:
    """Ada's channel, signed with MD5."""
    return EpayProvider(EpayConfig("https://pay.example/", "1001", KEY, SignType.MD5))


@pytest.fixture
def paid_notice() -> dict[str, str]:
    """The fields of a notice that says Cy paid, not signed yet."""
    return dict(PAID_NOTICE)


@pytest.fixture
def payment() -> PaymentRequest:
    """What Cy is to pay."""
    return PaymentRequest(
        out_trade_no="pay_01jd3v5w8qk2m4n6p8r0s2t4v6",
        amount_minor=9310,
        currency="CNY",
        title="云听音乐 年度会员 x1",
        method="alipay",
        notify_url="https://shop.example/pay/notify/epay",
        return_url="https://shop.example/order/ord_1",
        client_ip="203.0.113.7",
    )
