"""Ada's WeChat Pay account at the gateway, and her shop's own side of it, over real HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.payments.providers.protocol import PaymentRequest
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant


@pytest.fixture
def base_url(live_server: LiveServer, settings: Settings) -> str:
    """Where the gateway is; the shop it belongs to has the same address."""
    settings.SITE_URL = live_server.url
    return f"{live_server.url}/sandbox/wechat"


@pytest.fixture
def merchant(base_url: str, transactional_db: None) -> SandboxMerchant:
    """Ada's account, signed for with either of the gateway's keys at random."""
    from xinka.sandbox.wechat.accounts import open_merchant

    return open_merchant("Ada")


@pytest.fixture
def provider(merchant: SandboxMerchant, base_url: str) -> WechatProvider:
    """The shop's side of the account, which shares no code with the gateway."""
    from xinka.sandbox.wechat.accounts import shop_settings

    return WechatProvider.from_settings(shop_settings(merchant, base_url) | {"profit_sharing": True})


@pytest.fixture
def payment(base_url: str) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    shop = base_url.removesuffix("/sandbox/wechat")
    return PaymentRequest(
        out_trade_no="pay_01jd3v5w8qk2m4n6p8r0s2t4v6",
        amount_minor=9310,
        currency="CNY",
        title="云听音乐, 年度会员 x1",
        method="wxpay",
        notify_url=f"{shop}/pay/notify/wechat",
        return_url=f"{shop}/pay/return/wechat",
        client_ip="203.0.113.7",
        device="pc",
    )


@pytest.fixture
def phone_payment(payment: PaymentRequest) -> PaymentRequest:
    """The same on a phone."""
    return replace(payment, device="mobile")
