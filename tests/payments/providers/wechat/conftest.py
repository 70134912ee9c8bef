"""Ada's WeChat Pay channel and a WeChat of the tests' own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.payments.providers.wechat.wechat_side import (
    API_KEY,
    APPID,
    MCHID,
    NUMBER,
    PUBLIC_KEY_ID,
    SERIAL,
    Gateway,
    Platform,
    certify,
    private_pem,
    public_pem,
)
from xinka.payments.providers.protocol import PaymentRequest
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.provider import WechatProvider


@pytest.fixture(scope="session")
def keys() -> list[rsa.RSAPrivateKey]:
    """Keys for everybody, made once: ours, WeChat's two, and Eve's."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)]


@pytest.fixture
def platform(keys: list[rsa.RSAPrivateKey]) -> Platform:
    """WeChat's side."""
    now = datetime.now(UTC)
    year = timedelta(days=365)
    certificate = certify(
        keys[2], since=now - year, until=now + year, serial=0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1
    )
    return Platform(keys[1], keys[2], certificate)


@pytest.fixture
def settings_of_ada(keys: list[rsa.RSAPrivateKey], platform: Platform) -> dict[str, object]:
    """What Ada entered in the office, in the middle of her move from the certificate to the public key."""
    return {
        "mchid": MCHID,
        "appid": APPID,
        "serial_no": SERIAL,
        "private_key": private_pem(keys[0]),
        "api_v3_key": API_KEY,
        "public_key_id": PUBLIC_KEY_ID,
        "public_key": public_pem(platform.key),
        "certificates": platform.certificate.public_bytes(Encoding.PEM).decode(),
    }


@pytest.fixture
def config(settings_of_ada: dict[str, object]) -> WechatConfig:
    """Her channel's settings, checked."""
    return WechatConfig.from_settings(settings_of_ada)


@pytest.fixture
def provider(config: WechatConfig) -> WechatProvider:
    """Her channel."""
    return WechatProvider(config)


@pytest.fixture
def payment() -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    return PaymentRequest(
        out_trade_no=NUMBER,
        amount_minor=9310,
        currency="CNY",
        title="云听音乐 年度会员 x1",
        method="wxpay",
        notify_url="https://shop.example/pay/notify/wechat",
        return_url="https://shop.example/pay/return/wechat",
        client_ip="203.0.113.7",
    )


@pytest.fixture
def gateway(platform: Platform) -> Iterator[Gateway]:
    """WeChat on a real socket."""
    found = Gateway(platform)
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def at_gateway(gateway: Gateway, settings_of_ada: dict[str, object]) -> Callable[..., WechatProvider]:
    """Make Ada's channel at that gateway, with more settings if wanted."""

    def make(**more: object) -> WechatProvider:
        return WechatProvider.from_settings(settings_of_ada | {"base_url": gateway.url, "plain_http": True} | more)

    return make
