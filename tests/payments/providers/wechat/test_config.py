"""Settings: what WeChat hands out is accepted in every form it comes, what is not safe is refused in words."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

from tests.payments.providers.wechat.wechat_side import API_KEY, PUBLIC_KEY_ID, Platform, private_pem, public_pem
from xinka.payments.providers.errors import BadChannel, WeakKey
from xinka.payments.providers.protocol import Can
from xinka.payments.providers.registry import class_of, provider_for
from xinka.payments.providers.splitting import ProviderSplit
from xinka.payments.providers.wechat.config import WechatConfig


def test_the_registry_makes_a_channel(settings_of_ada: dict[str, object]) -> None:
    channel = provider_for("wechat", settings_of_ada)
    assert channel.can == {Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY, Can.BILL}
    assert not channel.is_weak
    held = provider_for("wechat", settings_of_ada | {"profit_sharing": True})
    assert Can.SPLIT in held.can
    assert isinstance(held, ProviderSplit)


def test_the_office_asks_for_what_the_settings_know(settings_of_ada: dict[str, object]) -> None:
    fields = class_of("wechat").setting_fields()
    assert {field.name for field in fields if field.required} == {
        "mchid", "appid", "serial_no", "private_key", "api_v3_key",
    }  # fmt: skip
    assert {field.name for field in fields if field.secret} == {"private_key", "api_v3_key", "app_secret"}
    entered = {field.name: False if field.is_flag else "" for field in fields}
    assert WechatConfig.from_settings(entered | settings_of_ada).mchid == settings_of_ada["mchid"]


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_the_private_key_may_come_in_either_form(
    settings_of_ada: dict[str, object], keys: list[rsa.RSAPrivateKey], form: PrivateFormat
) -> None:
    pem = private_pem(keys[0], form)
    bare = "".join(line for line in pem.splitlines() if not line.startswith("---"))
    for text in (pem, bare):
        config = WechatConfig.from_settings(settings_of_ada | {"private_key": text})
        assert config.merchant.key.private_numbers() == keys[0].private_numbers()


def test_either_of_wechats_keys_is_enough_and_both_may_hold(settings_of_ada: dict[str, object]) -> None:
    certificate = {"public_key_id": "", "public_key": ""}
    assert list(WechatConfig.from_settings(settings_of_ada | certificate).platform.keys) == [
        "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    ]
    assert list(WechatConfig.from_settings(settings_of_ada | {"certificates": ""}).platform.keys) == [PUBLIC_KEY_ID]
    assert len(WechatConfig.from_settings(settings_of_ada).platform.keys) == 2


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"mchid": "12345"}, "merchant number"),
        ({"mchid": "19000091９1"}, "merchant number"),
        ({"appid": "d678efh567hg6787"}, "AppID"),
        ({"serial_no": "no hex"}, "hexadecimal"),
        ({"private_key": "nothing"}, "private key"),
        ({"api_v3_key": "short"}, "APIv3 key"),
        ({"api_v3_key": "钥" * 32}, "APIv3 key"),
        ({"public_key_id": ""}, "belong together"),
        ({"public_key": ""}, "belong together"),
        ({"public_key_id": "0119000091912024110400000000000000"}, "PUB_KEY_ID_"),
        ({"public_key_id": "", "public_key": "", "certificates": ""}, "is needed"),
        ({"certificates": "-----BEGIN CERTIFICATE-----"}, "certificate"),
        ({"base_url": "http://api.mch.weixin.qq.com"}, "https"),
        ({"base_url": "https://api.mch.weixin.qq.com?x=1"}, "malformed"),
        ({"base_url": "https://:0/"}, "malformed"),
        ({"unheard_of": "x"}, "not known"),
        ({"h5": "yes"}, "not known"),
        ({"mchid": 1900009191}, "not known"),
    ],
)
def test_what_cannot_be_right_is_refused(
    settings_of_ada: dict[str, object], changed: dict[str, object], word: str
) -> None:
    with pytest.raises(BadChannel) as refused:
        WechatConfig.from_settings(settings_of_ada | changed)
    assert word in refused.value.message("en")


@pytest.mark.parametrize("key", ["a" * 32, "abcdabcd" * 4, "0123456789abcdef" * 2])
def test_a_key_that_only_repeats_itself_is_refused(settings_of_ada: dict[str, object], key: str) -> None:
    with pytest.raises(WeakKey):
        WechatConfig.from_settings(settings_of_ada | {"api_v3_key": key})


def test_a_missing_setting_is_refused(settings_of_ada: dict[str, object]) -> None:
    for name in ("mchid", "appid", "serial_no", "private_key", "api_v3_key"):
        with pytest.raises(BadChannel):
            WechatConfig.from_settings({other: value for other, value in settings_of_ada.items() if other != name})


def test_our_own_certificate_is_not_taken_for_wechats(
    settings_of_ada: dict[str, object], keys: list[rsa.RSAPrivateKey]
) -> None:
    with pytest.raises(BadChannel, match="your own"):
        WechatConfig.from_settings(settings_of_ada | {"public_key": public_pem(keys[0])})


def test_secrets_are_not_printed(config: WechatConfig, keys: list[rsa.RSAPrivateKey], platform: Platform) -> None:
    printed = repr(config)
    assert API_KEY not in printed
    assert "BEGIN" not in printed
    der = keys[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert der.hex()[40:60] not in printed
    assert repr(config.merchant) == "MerchantKey(mchid='1900009191', serial='1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C')"
