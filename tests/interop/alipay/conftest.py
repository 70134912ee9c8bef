"""Three implementations by other people as Alipay or as its customer, and an application at our sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.interop.sides import OtherSide, node_side, python_side
from xinka.payments.providers.alipay.provider import AlipayProvider
from xinka.payments.providers.protocol import PaymentRequest

if TYPE_CHECKING:  # models can only be read once the settings are, which is after the conftests
    from xinka.sandbox.models import SandboxMerchant

_HERE = Path(__file__).parent
Account = dict[str, str]


@pytest.fixture(scope="session")
def community() -> Iterator[OtherSide]:
    """python-alipay-sdk."""
    with python_side(_HERE / "community_side.py", "python-alipay-sdk") as side:
        yield side


@pytest.fixture(scope="session")
def official() -> Iterator[OtherSide]:
    """alipay-sdk-python, Alipay's own."""
    with python_side(_HERE / "official_side.py", "alipay-sdk-python") as side:
        yield side


@pytest.fixture(scope="session")
def npm() -> Iterator[OtherSide]:
    """Npm's alipay-sdk, Alipay's own for Node."""
    with node_side(_HERE / "npm_side.cjs") as side:
        yield side


@pytest.fixture
def sides(community: OtherSide, official: OtherSide, npm: OtherSide) -> dict[str, OtherSide]:
    """All three."""
    return {"community": community, "official": official, "npm": npm}


@pytest.fixture
def gateway_url(live_server: LiveServer, settings: Settings) -> str:
    """Where our gateway is; the shop it belongs to has the same address."""
    settings.SITE_URL = live_server.url
    return f"{live_server.url}/sandbox/alipay/gateway.do"


@pytest.fixture
def merchant(gateway_url: str) -> SandboxMerchant:
    """Ada's application at our gateway, in key mode."""
    from xinka.sandbox.alipay.accounts import open_merchant

    return open_merchant("Ada")


@pytest.fixture
def certified(gateway_url: str) -> SandboxMerchant:
    """Ada's application at our gateway, in certificate mode."""
    from xinka.sandbox.alipay.accounts import open_merchant

    return open_merchant("Ada", with_certificates=True)


@pytest.fixture
def provider(merchant: SandboxMerchant, gateway_url: str) -> AlipayProvider:
    """The shop's side of that application."""
    return AlipayProvider.from_settings(
        {
            "app_id": merchant.pid,
            "app_private_key": merchant.secrets["app_private"],
            "alipay_public_key": merchant.secrets["alipay_public"],
            "seller_id": merchant.secrets["seller_id"],
            "gateway_url": gateway_url,
            "plain_http": True,
        }
    )


@pytest.fixture
def payment(live_server: LiveServer) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    here = live_server.url
    return PaymentRequest(
        "pay_01jd3v5w8qk2m4n6p8r0s2t4v6",
        9310,
        "CNY",
        "云听 }{ 会员",
        "alipay",
        f"{here}/n",
        f"{here}/r",
        "203.0.113.7",
        "pc",
    )


def customer(merchant: SandboxMerchant, gateway_url: str, *, style: PrivateFormat = PrivateFormat.PKCS8) -> Account:
    """Return what an SDK needs to be the application's own side."""
    keys = merchant.secrets
    found = {"app_id": merchant.pid, "gateway": gateway_url, "public": keys["alipay_public"]}
    found["private"] = keys["app_private"] if style is PrivateFormat.PKCS8 else pkcs1(keys["app_private"])
    names = ("app_cert", "alipay_cert", "root_cert")
    return found | {name: keys[name] for name in names if name in keys}


def platform(merchant: SandboxMerchant) -> Account:
    """Return what an SDK needs to be Alipay's side."""
    return {"app_id": merchant.pid, "private": pem(merchant.secrets["alipay_private"]), "public": _public(merchant)}


def pkcs1(private: str) -> str:
    """Return a bare PKCS#8 key as bare PKCS#1, the only form Alipay's own SDK takes."""
    return base64.b64encode(
        _key(private).private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    ).decode()


def pem(private: str) -> str:
    """Return a bare key as PEM."""
    return _key(private).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(public: str) -> str:
    """Return a bare public key as PEM."""
    return f"-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----"


def _public(merchant: SandboxMerchant) -> str:
    return public_pem(merchant.secrets["app_public"])


def _key(private: str) -> RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(private), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
