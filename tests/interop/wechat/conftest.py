"""Two implementations by other people as the other side: wechatpayv3 (Python) and wechatpay-axios-plugin (Node)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.interop.sides import OtherSide, node_side, python_side
from xinka.payments.providers.protocol import PaymentRequest
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant

_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def sdk() -> Iterator[OtherSide]:
    """The Python SDK."""
    with python_side(_HERE / "sdk_side.py", "wechatpayv3") as side:
        yield side


@pytest.fixture(scope="session")
def plugin() -> Iterator[OtherSide]:
    """The Node plugin."""
    with node_side(_HERE / "plugin_side.cjs") as side:
        yield side


@pytest.fixture
def base_url(live_server: LiveServer, settings: Settings) -> str:
    """Where our gateway is; the shop it belongs to has the same address."""
    settings.SITE_URL = live_server.url
    return f"{live_server.url}/sandbox/wechat"


@pytest.fixture
def merchant(base_url: str, transactional_db: None) -> SandboxMerchant:
    """Ada's account at our gateway."""
    from xinka.sandbox.wechat.accounts import open_merchant

    return open_merchant("Ada")


@pytest.fixture
def account(merchant: SandboxMerchant, base_url: str) -> dict[str, Any]:
    """What anybody needs to act for Ada."""
    from xinka.sandbox.wechat.accounts import shop_settings

    return shop_settings(merchant, base_url)


@pytest.fixture
def provider(account: dict[str, Any]) -> WechatProvider:
    """Our own side of that account."""
    return WechatProvider.from_settings(account)


@pytest.fixture
def payment(base_url: str) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    shop = base_url.removesuffix("/sandbox/wechat")
    return PaymentRequest(
        "pay_01jd3v5w8qk2m4n6p8r0s2t4v6", 9310, "CNY", "云听音乐", "native", f"{shop}/pay/notify/wechat", shop
    )
