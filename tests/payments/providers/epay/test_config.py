"""A channel's settings are refused loudly, and never show the key."""

from __future__ import annotations

import pytest

from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.signing import SignType
from xinka.payments.providers.errors import BadChannel, WeakKey
from xinka.payments.providers.protocol import Provider
from xinka.payments.providers.registry import provider_for

KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
GOOD: dict[str, object] = {"base_url": "https://pay.example/", "pid": "1001", "key": KEY}


def test_stored_settings_become_a_channel() -> None:
    settings = GOOD | {"sign_type": "HMAC-SHA256", "types": {"alipay": "zfb"}, "append_key_label": True}
    provider: Provider = provider_for("epay", settings)
    assert not provider.is_weak
    config = EpayConfig.from_settings(settings)
    assert (config.sign_type, dict(config.types), config.append_key_label) == (
        SignType.HMAC_SHA256,
        {"alipay": "zfb"},
        True,
    )


def test_md5_is_the_default_and_weak() -> None:
    assert provider_for("epay", GOOD).is_weak


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://pay.example/"},
        {"base_url": "ftp://pay.example/"},
        {"base_url": "pay.example"},
        {"base_url": "https://user:word@pay.example/"},
        {"base_url": "https://pay.example/?a=1"},
        {"base_url": "https://pay.example:99999/"},
        {"base_url": "https://pay.example/\n"},
        {"api_url": "http://10.0.0.1/"},
        {"pid": ""},
        {"pid": "10&01"},
        {"pid": 1001},
        {"key": None},
        {"sign_type": "NONE"},
        {"types": {"alipay": "ali&pay"}},
        {"types": {"alipay": 1}},
        {"types": {}},
        {"currency": "XXX"},
        {"append_key_label": "yes"},
        {"unknown": "setting"},
    ],
)
def test_settings_that_are_malformed_or_unsafe_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadChannel) as refused:
        provider_for("epay", GOOD | change)
    assert KEY not in str(refused.value)


def test_a_weak_key_is_refused_when_the_channel_is_set_up() -> None:
    with pytest.raises(WeakKey):
        provider_for("epay", GOOD | {"key": "123456"})


@pytest.mark.parametrize("missing", ["base_url", "pid", "key"])
def test_nothing_may_be_missing(missing: str) -> None:
    with pytest.raises(BadChannel):
        provider_for("epay", {name: value for name, value in GOOD.items() if name != missing})


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(BadChannel):
        provider_for("carrier-pigeon", GOOD)


def test_the_key_is_never_printed() -> None:
    provider = provider_for("epay", GOOD)
    assert KEY not in repr(provider)
    assert KEY not in str(provider)
