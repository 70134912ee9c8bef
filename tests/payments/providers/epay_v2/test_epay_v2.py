"""Ada's epay V2 channel: what it sends, which notices and answers it believes, and which it refuses."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.epay_v2 import replies, wire
from xinka.payments.providers.epay_v2.config import EpayV2Config
from xinka.payments.providers.epay_v2.provider import EpayV2Provider
from xinka.payments.providers.errors import (
    BadChannel,
    BadSignature,
    MalformedNotice,
    MethodUnavailable,
    NoticeRefused,
    NotOffered,
    StaleNotice,
    WrongAlgorithm,
    WrongMerchant,
)
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import (
    Can,
    PayBy,
    PaymentRequest,
    RawNotice,
    RefundRequest,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.registry import provider_for

OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PLATFORM = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EVE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
NOTICE = {
    "pid": "1001",
    "trade_no": "2026112112345678901",
    "out_trade_no": NUMBER,
    "api_trade_no": "4200001",
    "type": "alipay",
    "name": "云听音乐 年度会员 x1",
    "money": "93.10",
    "trade_status": "TRADE_SUCCESS",
}
PAYMENT = PaymentRequest(
    NUMBER,
    9310,
    "CNY",
    "云听 & 会员=1",
    "alipay",
    "https://shop.example/n",
    "https://shop.example/r",
    "203.0.113.7",
    "pc",
)


def pem(key: rsa.RSAPrivateKey, style: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, style, NoEncryption()).decode()


def bare_public(key: rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(fields: dict[str, str], key: rsa.RSAPrivateKey = PLATFORM, algorithm: HashAlgorithm | None = None) -> str:
    """Sign as the protocol says, with code of the test's own."""
    text = "&".join(f"{k}={fields[k]}" for k in sorted(fields) if fields[k].strip() and k not in {"sign", "sign_type"})
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), algorithm or SHA256())).decode()


def sealed(fields: dict[str, str], **more: str) -> dict[str, str]:
    stamped = {"timestamp": str(int(time.time())), **fields, **more}
    return {**stamped, "sign": sign(stamped), "sign_type": "RSA"}


def by_get(fields: dict[str, str]) -> RawNotice:
    return RawNotice("GET", urlencode(fields).encode(), b"", "")


def by_post(fields: dict[str, str]) -> RawNotice:
    return RawNotice("POST", b"", urlencode(fields).encode(), "application/x-www-form-urlencoded")


@pytest.fixture
def settings_of_channel() -> dict[str, object]:
    return {
        "base_url": "https://pay.example/",
        "pid": "1001",
        "merchant_private_key": pem(OURS),
        "platform_public_key": bare_public(PLATFORM),
    }


@pytest.fixture
def provider(settings_of_channel: dict[str, object]) -> EpayV2Provider:
    found = provider_for("epay_v2", settings_of_channel)
    assert isinstance(found, EpayV2Provider)
    return found


@pytest.fixture
def config(provider: EpayV2Provider) -> EpayV2Config:
    return provider.config


@pytest.mark.parametrize("deliver", [by_get, by_post])
def test_a_genuine_notice_is_believed(provider: EpayV2Provider, deliver: Callable[[dict[str, str]], RawNotice]) -> None:
    said = provider.judge_notice(deliver(sealed(NOTICE)))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.currency, said.is_paid) == (
        NUMBER, "2026112112345678901", 9310, "CNY", True,
    )  # fmt: skip


def test_two_keys_of_the_platform_are_believed_while_it_replaces_one(settings_of_channel: dict[str, object]) -> None:
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    both = "".join(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        for key in (PLATFORM, new)
    )
    provider = provider_for("epay_v2", settings_of_channel | {"platform_public_key": both})
    assert isinstance(provider, EpayV2Provider)
    stamped = {"timestamp": str(int(time.time())), **NOTICE}
    for key in (PLATFORM, new):
        assert provider.judge_notice(by_get({**stamped, "sign": sign(stamped, key), "sign_type": "RSA"})).is_paid
    with pytest.raises(BadSignature):
        provider.judge_notice(by_get({**stamped, "sign": sign(stamped, EVE), "sign_type": "RSA"}))
    own = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(BadChannel):
        provider_for("epay_v2", settings_of_channel | {"platform_public_key": both + own})


def test_fields_a_gateway_adds_are_signed_too(provider: EpayV2Provider) -> None:
    assert provider.judge_notice(
        by_get(sealed(NOTICE, buyer="cy***@example.com", addtime="2026-11-21 12:00:00"))
    ).is_paid


@pytest.mark.parametrize("status", ["WAIT_BUYER_PAY", "TRADE_CLOSED", "trade_success", "SUCCESS"])
def test_another_status_is_not_money(provider: EpayV2Provider, status: str) -> None:
    assert not provider.judge_notice(by_get(sealed(NOTICE, trade_status=status))).is_paid


@pytest.mark.parametrize("name", ["money", "out_trade_no", "trade_no", "trade_status", "pid", "timestamp", "name"])
def test_a_changed_field_breaks_the_signature(provider: EpayV2Provider, name: str) -> None:
    fields = sealed(NOTICE)
    fields[name] = {"money": "0.01", "trade_status": "TRADE_SUCCES", "timestamp": str(int(time.time()) - 1)}.get(
        name, "x1"
    )
    with pytest.raises(BadSignature):
        provider.judge_notice(by_get(fields))


def test_a_flipped_byte_of_the_signature_is_refused(provider: EpayV2Provider) -> None:
    fields = sealed(NOTICE)
    raw = bytearray(base64.b64decode(fields["sign"]))
    raw[17] ^= 1
    with pytest.raises(BadSignature):
        provider.judge_notice(by_get(fields | {"sign": base64.b64encode(raw).decode()}))


@pytest.mark.parametrize("key", [OURS, EVE])
def test_a_notice_signed_with_another_key_is_refused(provider: EpayV2Provider, key: rsa.RSAPrivateKey) -> None:
    fields = sealed(NOTICE)
    with pytest.raises(BadSignature):
        provider.judge_notice(by_get(fields | {"sign": sign(fields, key)}))


def test_sha1_is_no_signature_here(provider: EpayV2Provider) -> None:
    fields = sealed(NOTICE)
    with pytest.raises(BadSignature):
        provider.judge_notice(by_get(fields | {"sign": sign(fields, algorithm=SHA1())}))  # noqa: S303 - what a forger tries


@pytest.mark.parametrize("sign_type", ["MD5", "rsa", "RSA2"])
def test_the_algorithm_is_not_taken_from_the_message(provider: EpayV2Provider, sign_type: str) -> None:
    with pytest.raises(WrongAlgorithm):
        provider.judge_notice(by_get(sealed(NOTICE) | {"sign_type": sign_type}))


def test_another_merchants_notice_is_refused(provider: EpayV2Provider) -> None:
    with pytest.raises(WrongMerchant):
        provider.judge_notice(by_get(sealed(NOTICE, pid="1002")))


@pytest.mark.parametrize("age", [-3600, 27 * 3600, 10 * 86400])
def test_a_notice_kept_for_long_or_from_the_future_is_refused(provider: EpayV2Provider, age: int) -> None:
    with pytest.raises(StaleNotice):
        provider.judge_notice(by_get(sealed(NOTICE, timestamp=str(int(time.time()) - age))))


def test_a_retry_with_the_first_timestamp_is_believed_for_hours(provider: EpayV2Provider) -> None:
    assert provider.judge_notice(by_get(sealed(NOTICE, timestamp=str(int(time.time()) - 4 * 3600)))).is_paid


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"pid=1001",
        b"pid=1001&pid=1001",
        b"pid[]=1001",
        b"pid=%zz",
        b"name=%ff",
        b"a=" + b"x" * 20_000,
        b"&".join(b"f%d=1" % n for n in range(60)),
    ],
)
def test_what_is_malformed_is_refused(provider: EpayV2Provider, raw: bytes) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(RawNotice("GET", raw, b"", ""))


def test_a_value_that_looks_like_fields_is_refused(provider: EpayV2Provider) -> None:
    honest = sealed(NOTICE)
    smuggled = {k: v for k, v in honest.items() if k != "out_trade_no"}
    smuggled["name"] = f"{honest['name']}&out_trade_no={honest['out_trade_no']}"
    query = "&".join(f"{k}={quote_plus(v)}" for k, v in smuggled.items()) + "&out_trade_no="
    with pytest.raises(NoticeRefused):
        provider.judge_notice(RawNotice("GET", query.encode(), b"", ""))


@pytest.mark.parametrize("money", ["0", "0.00", "-1", "1e3", "93.101", "９３", ""])
def test_an_amount_that_is_not_plain_is_refused(provider: EpayV2Provider, money: str) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(by_get(sealed(NOTICE, money=money)))


def test_a_payment_is_asked_for_signed_and_with_a_plain_title(config: EpayV2Config) -> None:
    call = wire.create_call(config, PAYMENT, 1_795_300_000)
    assert call.url == "https://pay.example/api/pay/create"
    fields = dict(call.form)
    assert fields.pop("sign") == sign(fields, OURS)
    assert fields == {
        "pid": "1001", "type": "alipay", "out_trade_no": NUMBER, "notify_url": "https://shop.example/n",
        "return_url": "https://shop.example/r", "name": "云听 ＆ 会员＝1", "money": "93.10", "method": "web",
        "clientip": "203.0.113.7", "device": "pc", "timestamp": "1795300000", "sign_type": "RSA",
    }  # fmt: skip


def test_the_gateways_page_has_a_signed_address(settings_of_channel: dict[str, object]) -> None:
    how = provider_for("epay_v2", settings_of_channel | {"way": "page"}).prepare(PAYMENT)
    assert how.by is PayBy.REDIRECT
    assert how.target.startswith("https://pay.example/api/pay/submit?")
    fields = dict(parse_qsl(urlsplit(how.target).query))
    assert fields.pop("sign") == sign(fields, OURS)


def test_refunds_and_questions_carry_our_numbers(config: EpayV2Config) -> None:
    refund = RefundRequest(NUMBER, 100, "CNY", trade_no="T1", refund_no="ref_1")
    asked = dict(wire.refund_call(config, refund, 1_795_300_000).form)
    assert (asked["trade_no"], asked["money"], asked["out_refund_no"]) == ("T1", "1.00", "ref_1")
    assert dict(wire.refund_query_call(config, refund, 0).form)["out_refund_no"] == "ref_1"
    assert dict(wire.close_call(config, 0, NUMBER).form)["out_trade_no"] == NUMBER


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"method": "bitcoin"}, MethodUnavailable),
        ({"amount_minor": 0}, BadInput),
        ({"currency": "USD"}, BadInput),
        ({"out_trade_no": "a&b"}, BadInput),
        ({"notify_url": "https://shop.example/n?a=b"}, BadInput),
    ],
)
def test_what_would_be_ambiguous_is_not_sent(config: EpayV2Config, change: dict[str, object], error: type) -> None:
    payment = PaymentRequest(**{name: getattr(PAYMENT, name) for name in PAYMENT.__slots__} | change)
    with pytest.raises(error):
        wire.create_call(config, payment, 0)


def answer(fields: dict[str, object], *, key: rsa.RSAPrivateKey | None = PLATFORM, age: int = 0) -> Reply:
    """Return a gateway's answer, signed unless ``key`` is missing."""
    said = {**fields, "timestamp": str(int(time.time()) - age)}
    if key is not None:
        scalars = {k: str(v) for k, v in said.items() if not isinstance(v, list | dict) and v is not None}
        said |= {"sign": sign(scalars, key), "sign_type": "RSA"}
    return Reply(200, json.dumps(said, ensure_ascii=False).encode())


ORDER: dict[str, object] = {
    "code": 0, "msg": "succ", "pid": 1001, "trade_no": "T1", "out_trade_no": NUMBER, "money": "93.10", "status": 1,
    "param": None, "name": "云听", "list": [1],
}  # fmt: skip


def test_a_signed_answer_says_whether_it_was_paid(config: EpayV2Config) -> None:
    found = replies.judge_order(config, answer(ORDER), NUMBER, "T1", time.time())
    assert (found.paid, found.amount_minor, found.trade_no) == (True, 9310, "T1")
    for status, meaning in ((0, TradeStatus.UNPAID), (2, TradeStatus.REFUNDED), (3, TradeStatus.OTHER)):
        said = replies.judge_order(config, answer(ORDER | {"status": status}), NUMBER, "", time.time())
        assert said.status is meaning


@pytest.mark.parametrize(
    "reply",
    [
        answer(ORDER, key=None),
        answer(ORDER, key=EVE),
        answer(ORDER, key=OURS),
        answer(ORDER, age=3600),
        answer(ORDER | {"out_trade_no": "pay_other"}),
        answer(ORDER | {"trade_no": "T2"}),
        answer(ORDER | {"pid": 1002}),
        answer(ORDER | {"money": "all"}),
        Reply(200, answer(ORDER).body.replace(b"93.10", b"93.11")),
        Reply(200, b"<html>"),
        Reply(200, b'{"code":0,"code":0}'),
        Reply(502, b""),
        Reply(200, b'{"code":-1,"msg":"try later"}'),
    ],
)
def test_an_answer_that_is_not_certain_is_no_answer(config: EpayV2Config, reply: Reply) -> None:
    with pytest.raises(ProviderError):
        replies.judge_order(config, reply, NUMBER, "T1", time.time())


@pytest.mark.parametrize("body", [b"{}", b'{"error": "upstream timed out"}', b'{"code": null, "msg": "ok"}'])
def test_an_answer_without_yes_or_no_refuses_nothing(config: EpayV2Config, body: bytes) -> None:
    """A proxy's error page in JSON was taken for a no, and a refund that may have gone through for refused."""
    with pytest.raises(ProviderError) as failed:
        replies.accepted(config, Reply(200, body), time.time())
    assert not failed.value.permanent


def test_an_unknown_order_and_refund_are_known_to_be_unknown(config: EpayV2Config) -> None:
    reply = Reply(200, json.dumps({"code": -1, "msg": "订单号不存在"}).encode())
    assert replies.judge_order(config, reply, NUMBER, "", time.time()).status is TradeStatus.NOT_FOUND
    reply = Reply(200, json.dumps({"code": -1, "msg": "退款单号不存在"}).encode())
    refund = RefundRequest(NUMBER, 1, "CNY", refund_no="r1")
    assert replies.judge_refund(config, reply, refund, time.time()).status is RefundStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("kind", "info", "by"),
    [
        ("qrcode", "https://qr.example/1", PayBy.QR),
        ("jump", "https://pay.example/x?y=1", PayBy.REDIRECT),
        ("urlscheme", "weixin://dl/business/?t=1", PayBy.APP_LINK),
        ("html", "<form>", None),
        ("jsapi", "{}", None),
    ],
)
def test_how_to_pay_is_taken_from_a_signed_answer(config: EpayV2Config, kind: str, info: str, by: PayBy | None) -> None:
    reply = answer({"code": 0, "trade_no": "T1", "pay_type": kind, "pay_info": info})
    how = replies.judge_created(config, reply, time.time())
    assert (how and how.by) == by


@pytest.mark.parametrize(("kind", "info"), [("jump", "javascript:alert(1)"), ("urlscheme", "data://x"), ("qrcode", "")])
def test_a_dangerous_way_to_pay_is_not_shown(config: EpayV2Config, kind: str, info: str) -> None:
    with pytest.raises(ProviderError):
        replies.judge_created(config, answer({"code": 0, "pay_type": kind, "pay_info": info}), time.time())


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://pay.example/"},
        {"pid": ""},
        {"merchant_private_key": "x"},
        {"platform_public_key": bare_public(OURS)},
        {"platform_public_key": pem(PLATFORM)},
        {"way": "carrier pigeon"},
        {"colour": "red"},
        {"types": {"alipay": "a b"}},
        {"currency": "XXX"},
    ],
)
def test_unsafe_settings_are_refused(settings_of_channel: dict[str, object], change: dict[str, object]) -> None:
    with pytest.raises(BadChannel):
        provider_for("epay_v2", settings_of_channel | change)


def test_keys_may_be_pkcs1_and_are_never_printed(settings_of_channel: dict[str, object]) -> None:
    key = pem(OURS, PrivateFormat.TraditionalOpenSSL)
    found = provider_for("epay_v2", settings_of_channel | {"merchant_private_key": key})
    assert key.splitlines()[3] not in repr(found)


def test_it_says_what_it_offers(provider: EpayV2Provider) -> None:
    assert provider.can == {Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY}
    assert not provider.is_weak
    with pytest.raises(NotOffered):
        provider.bill(__import__("datetime").date(2026, 11, 21))
    names = {field.name for field in provider.setting_fields()}
    assert {"base_url", "pid", "merchant_private_key", "platform_public_key"} <= names
