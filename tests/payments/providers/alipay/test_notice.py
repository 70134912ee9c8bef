"""What a genuine notice of Alipay's says; that only genuine ones are believed is tested with its SDKs (interop)."""

from __future__ import annotations

import base64
import time
from datetime import datetime
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from xinka.payments.providers import keys
from xinka.payments.providers.alipay.config import AlipayConfig
from xinka.payments.providers.alipay.notice import judge
from xinka.payments.providers.alipay.wire import BEIJING
from xinka.payments.providers.protocol import NoticeAbout, RawNotice, VerifiedNotice
from xinka.sandbox import rsa

APP, ALIPAY = rsa.new_pair(), rsa.new_pair()
CONFIG = AlipayConfig("2021000000000001", APP[0], ALIPAY[1])


def said(**more: str) -> VerifiedNotice:
    """Return what a notice signed by Alipay says that a payment of 93.10 came, with these fields added."""
    fields = {
        "app_id": CONFIG.app_id,
        "out_trade_no": "pay_1",
        "trade_no": "T1",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "93.10",
        "notify_time": f"{datetime.now(BEIJING):%Y-%m-%d %H:%M:%S}",
        "notify_id": "n1",
        **more,
    }
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    private = keys.private_key(ALIPAY[0], keys.Named("", ""))
    signature = base64.b64encode(private.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    body = urlencode(fields | {"sign": signature, "sign_type": "RSA2"}).encode()
    return judge(CONFIG, RawNotice("POST", b"", body, "application/x-www-form-urlencoded"), time.time())


@pytest.mark.parametrize("nothing", ["0.00", "0", ""])
def test_a_payment_of_which_nothing_went_back_is_a_payment(nothing: str) -> None:
    """It was taken for a notice of a refund, and the buyer waited until the gateway was asked."""
    found = said(refund_fee=nothing)
    assert (found.is_paid, found.about, found.amount_minor) == (True, NoticeAbout.PAYMENT, 9310)


@pytest.mark.parametrize("back", ["0.01", "10.00", "93.10"])
def test_a_notice_of_a_refund_is_no_payment(back: str) -> None:
    found = said(refund_fee=back)
    assert (found.is_paid, found.about) == (False, NoticeAbout.REFUND)
