"""Which settings of an Alipay channel are accepted, and in what words others are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xinka.payments.providers import keys
from xinka.payments.providers.alipay import signing, wire
from xinka.payments.providers.alipay.provider import AlipayProvider
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.keys import Named
from xinka.payments.providers.protocol import Can, PaymentRequest
from xinka.payments.providers.registry import provider_for
from xinka.sandbox import rsa
from xinka.sandbox.alipay import certificates

APP, ALIPAY, NEXT = rsa.new_pair(), rsa.new_pair(), rsa.new_pair()
ISSUED, OTHERS = certificates.issue(APP[0], ALIPAY[0]), certificates.issue(ALIPAY[0], APP[0])
RENEWED = certificates.issue(APP[0], NEXT[0])
KEYS: dict[str, object] = {
    "app_id": "2021000000000001",
    "app_private_key": APP[0],
    "alipay_public_key": ALIPAY[1],
}
CERTIFIED: dict[str, object] = {
    "app_id": "2021000000000001",
    "app_private_key": APP[0],
    "app_cert": ISSUED.app,
    "alipay_cert": ISSUED.alipay,
    "alipay_root_cert": ISSUED.root,
}


@pytest.mark.parametrize("settings", [KEYS, CERTIFIED])
def test_both_modes_are_understood(settings: dict[str, object]) -> None:
    found = provider_for("alipay", settings)
    assert isinstance(found, AlipayProvider)
    assert found.config.gateway_url == "https://openapi.alipay.com/gateway.do"
    assert found.can == {Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY, Can.BILL}
    assert not found.is_weak
    assert APP[0][100:140] not in repr(found)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (KEYS | {"app_id": "x"}, "APPID"),
        (KEYS | {"app_private_key": ""}, "app_private_key is missing"),
        (KEYS | {"alipay_public_key": ""}, "Alipay public key: it is missing"),
        (KEYS | {"alipay_public_key": APP[1]}, "application's own"),
        (KEYS | {"alipay_public_key": ALIPAY[0]}, "private key; the public"),
        (KEYS | {"app_private_key": APP[1]}, "public key; the private"),
        (KEYS | {"seller_id": "12"}, "PID"),
        (KEYS | {"gateway_url": "http://openapi.alipay.com/gateway.do"}, "https"),
        (KEYS | {"desktop": "telegram"}, "way to pay"),
        (KEYS | {"colour": "red"}, "colour"),
        (CERTIFIED | {"alipay_cert": ""}, "Alipay certificate: it is missing"),
        (CERTIFIED | {"app_cert": OTHERS.app}, "does not belong"),
        (CERTIFIED | {"alipay_root_cert": "x"}, "neither PEM nor base64"),
    ],
)
def test_unusable_settings_are_refused_in_plain_words(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BadChannel) as refused:
        provider_for("alipay", settings)
    assert words in refused.value.message("en")
    assert refused.value.message("zh-hans").startswith("支付通道设置有误")


def test_alipays_certificates_are_several_while_one_is_replaced_and_its_authoritys_is_none_of_them() -> None:
    found = provider_for("alipay", CERTIFIED | {"alipay_cert": ISSUED.alipay + OTHERS.root + RENEWED.alipay})
    assert isinstance(found, AlipayProvider)
    assert found.config.certificates is not None
    assert found.config.certificates.alipay_serials == {
        certificates.serial_of(one) for one in (ISSUED.alipay, RENEWED.alipay)
    }
    raw = '{"code":"10000"}'
    for private in (ALIPAY[0], NEXT[0]):
        assert signing.answer_agrees(found.config, raw, signed(private, raw))
    assert not signing.answer_agrees(found.config, raw, signed(APP[0], raw))


def test_alipays_keys_are_several_while_one_is_replaced() -> None:
    both = "".join(f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n" for key in (ALIPAY[1], NEXT[1]))
    found = provider_for("alipay", KEYS | {"alipay_public_key": both})
    assert isinstance(found, AlipayProvider)
    raw = '{"code":"10000"}'
    for private in (ALIPAY[0], NEXT[0]):
        assert signing.answer_agrees(found.config, raw, signed(private, raw))
    assert not signing.answer_agrees(found.config, raw, signed(APP[0], raw))


def signed(private: str, raw: str) -> str:
    return keys.sign(keys.private_key(private, Named("", "")), raw.encode())


@pytest.mark.parametrize(
    ("device", "more", "method"),
    [
        ("pc", {}, wire.PRECREATE),
        ("mobile", {}, wire.PRECREATE),
        ("pc", {"desktop": "page"}, wire.PAGE),
        ("mobile", {"desktop": "page"}, wire.PAGE),
        ("pc", {"phone": "wap"}, wire.PRECREATE),
        ("mobile", {"phone": "wap"}, wire.WAP),
        ("", {"phone": "wap", "desktop": "page"}, wire.PAGE),
    ],
)
def test_the_product_fits_the_device(device: str, more: dict[str, object], method: str) -> None:
    found = provider_for("alipay", KEYS | more)
    assert isinstance(found, AlipayProvider)
    assert wire.product_for(found.config, device) == method


def test_a_request_says_beijings_time_and_drops_what_is_empty() -> None:
    found = provider_for("alipay", KEYS | {"profit_sharing": True})
    assert isinstance(found, AlipayProvider)
    assert Can.SPLIT in found.can
    payment = PaymentRequest("pay_1", 9310, "CNY", "云听 & x=1\n", "", "", "")
    moment = datetime(2026, 11, 21, 20, 30, tzinfo=UTC).timestamp()
    form = dict(wire.precreate_call(found.config, payment, moment).form)
    assert form["timestamp"] == "2026-11-22 04:30:00"
    assert "notify_url" not in form
    assert form["biz_content"] == (
        '{"out_trade_no":"pay_1","total_amount":"93.10","subject":"云听 ＆ x＝1","timeout_express":"15m",'
        '"extend_params":{"royalty_freeze":"true"}}'
    )
