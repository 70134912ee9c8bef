"""Notices: what WeChat really says is believed, and nothing else, without asking anybody."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.payments.providers.wechat.wechat_side import NUMBER, PAID, REFUNDED, TRADE, Platform, certify
from xinka.payments.providers.errors import (
    BadSignature,
    MalformedNotice,
    NoticeRefused,
    StaleNotice,
    WrongAlgorithm,
    WrongMerchant,
)
from xinka.payments.providers.protocol import NoticeAbout, RawNotice, VerifiedNotice
from xinka.payments.providers.wechat.provider import WechatProvider
from xinka.payments.providers.wechat.signing import FRESH_FOR, UnknownSerial


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No notice, however forged, makes the shop call out."""

    def refuse(*_: object) -> None:
        raise AssertionError("a notice made the shop call somebody")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_payment_comes_back_as_money(provider: WechatProvider, platform: Platform) -> None:
    said = provider.judge_notice(platform.notice(platform.envelope(PAID)))
    assert said == VerifiedNotice(
        NUMBER, TRADE, 9310, "CNY", "SUCCESS", is_paid=True, event_id="EV-2018022511223320873"
    )


def test_certificate_and_public_key_are_accepted_at_the_same_time(provider: WechatProvider, platform: Platform) -> None:
    assert provider.judge_notice(platform.notice(platform.envelope(PAID))).is_paid
    platform.use_certificate()
    assert provider.judge_notice(platform.notice(platform.envelope(PAID))).is_paid
    platform.serial = platform.serial.lower()
    assert provider.judge_notice(platform.notice(platform.envelope(PAID))).is_paid


def test_an_expired_certificate_counts_no_more(
    settings_of_ada: dict[str, object], keys: list[rsa.RSAPrivateKey], platform: Platform
) -> None:
    now = datetime.now(UTC)
    old = certify(keys[2], since=now - timedelta(days=400), until=now - timedelta(days=1), serial=0xABCDEF0123456789)
    channel = WechatProvider.from_settings(settings_of_ada | {"certificates": old.public_bytes(Encoding.PEM).decode()})
    platform.serial, platform.signs_with = "ABCDEF0123456789", keys[2]
    with pytest.raises(UnknownSerial):
        channel.judge_notice(platform.notice(platform.envelope(PAID)))


def test_a_refund_is_an_event_and_no_money(provider: WechatProvider, platform: Platform) -> None:
    said = provider.judge_notice(platform.notice(platform.envelope(REFUNDED, event_type="REFUND.SUCCESS")))
    assert said.about is NoticeAbout.REFUND
    assert (said.is_paid, said.amount_minor, said.subject_no) == (False, 310, "50200207182018070300011301001")
    assert (said.out_trade_no, said.trade_no, said.status) == (NUMBER, TRADE, "REFUND.SUCCESS")


def test_what_we_do_not_know_is_acknowledged_without_effect(provider: WechatProvider, platform: Platform) -> None:
    said = provider.judge_notice(platform.notice(platform.envelope({"x": "y"}, event_type="PROFITSHARING")))
    assert (said.about, said.is_paid, said.event_id) == (NoticeAbout.OTHER, False, "EV-2018022511223320873")


@pytest.mark.parametrize("state", ["REFUND", "NOTPAY", "CLOSED", "USERPAYING", "success", ""])
def test_only_success_is_paid(provider: WechatProvider, platform: Platform, state: str) -> None:
    assert not provider.judge_notice(platform.notice(platform.envelope(PAID | {"trade_state": state}))).is_paid


def test_a_payment_under_another_event_is_not_paid(provider: WechatProvider, platform: Platform) -> None:
    said = provider.judge_notice(platform.notice(platform.envelope(PAID, event_type="TRANSACTION.CLOSED")))
    assert not said.is_paid


@pytest.mark.parametrize("off_by", [-10 * 86400, -FRESH_FOR - 2, FRESH_FOR + 2, 86400])
def test_a_notice_signed_long_ago_or_in_the_future_is_refused(
    provider: WechatProvider, platform: Platform, off_by: int
) -> None:
    platform.timestamp = str(int(time.time()) + off_by)
    with pytest.raises(StaleNotice):
        provider.judge_notice(platform.notice(platform.envelope(PAID)))


def test_a_notice_that_was_kept_is_refused_when_it_comes_again_later(
    provider: WechatProvider, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = platform.notice(platform.envelope(PAID))
    assert provider.judge_notice(kept).is_paid
    later = time.time() + FRESH_FOR + 60
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(StaleNotice):
        provider.judge_notice(kept)


@pytest.mark.parametrize("serial", ["DEADBEEF" * 5, "PUB_KEY_ID_0000000000000000000000", "not-hex", "0", "zzzz"])
def test_an_unknown_serial_is_refused(provider: WechatProvider, platform: Platform, serial: str) -> None:
    platform.serial = serial
    with pytest.raises(NoticeRefused):
        provider.judge_notice(platform.notice(platform.envelope(PAID)))


def test_wechats_own_probe_is_refused(provider: WechatProvider, platform: Platform) -> None:
    probe = platform.notice(platform.envelope(PAID), wechatpay_signature="WECHATPAY/SIGNTEST/" + "A" * 325)
    with pytest.raises(BadSignature):
        provider.judge_notice(probe)


@pytest.mark.parametrize(
    "missing", ["wechatpay_timestamp", "wechatpay_nonce", "wechatpay_signature", "wechatpay_serial"]
)
def test_a_missing_header_is_refused(provider: WechatProvider, platform: Platform, missing: str) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(platform.notice(platform.envelope(PAID), **{missing: ""}))


@pytest.mark.parametrize(
    "kind", ["", "WECHATPAY2-SM2-WITH-SM3", "WECHATPAY2-SHA1-RSA2048", "wechatpay2-sha256-rsa2048"]
)
def test_another_signature_type_is_refused(provider: WechatProvider, platform: Platform, kind: str) -> None:
    with pytest.raises(WrongAlgorithm):
        provider.judge_notice(platform.notice(platform.envelope(PAID), wechatpay_signature_type=kind))


def test_a_sha1_signature_is_refused(provider: WechatProvider, platform: Platform) -> None:
    platform.algorithm = hashes.SHA1()  # noqa: S303 - what is refused here
    with pytest.raises(BadSignature):
        provider.judge_notice(platform.notice(platform.envelope(PAID)))


def test_another_key_is_refused(provider: WechatProvider, platform: Platform, keys: list[rsa.RSAPrivateKey]) -> None:
    platform.signs_with = keys[3]
    with pytest.raises(BadSignature):
        provider.judge_notice(platform.notice(platform.envelope(PAID)))


def test_our_own_signature_is_not_wechats(
    provider: WechatProvider, platform: Platform, keys: list[rsa.RSAPrivateKey]
) -> None:
    platform.signs_with = keys[0]
    with pytest.raises(BadSignature):
        provider.judge_notice(platform.notice(platform.envelope(PAID)))


def test_every_flipped_byte_is_refused(provider: WechatProvider, platform: Platform) -> None:
    genuine = platform.notice(platform.envelope(PAID))
    for place in range(0, len(genuine.body), 7):
        body = bytearray(genuine.body)
        body[place] ^= 1
        with pytest.raises(NoticeRefused):
            provider.judge_notice(genuine._replace(body=bytes(body)))


def test_the_same_facts_in_another_order_are_refused(provider: WechatProvider, platform: Platform) -> None:
    genuine = platform.notice(platform.envelope(PAID))
    same = json.loads(genuine.body)
    for text in (
        json.dumps(dict(reversed(same.items())), ensure_ascii=False),
        json.dumps(same, ensure_ascii=True),
        json.dumps(same, ensure_ascii=False, indent=1),
        json.dumps(same, ensure_ascii=False) + "\n",
    ):
        if text.encode() != genuine.body:
            with pytest.raises(BadSignature):
                provider.judge_notice(genuine._replace(body=text.encode()))


@pytest.mark.parametrize(
    "changed",
    [
        {"wechatpay_nonce": "other"},
        {"wechatpay_timestamp": "0"},
        {"wechatpay_timestamp": "１７３２"},
        {"wechatpay_timestamp": "-1"},
        {"wechatpay_signature": "AAAA"},
        {"wechatpay_signature": "签名"},
        {"wechatpay_nonce": "a b"},
    ],
)
def test_changed_headers_are_refused(provider: WechatProvider, platform: Platform, changed: dict[str, str]) -> None:
    with pytest.raises(NoticeRefused):
        provider.judge_notice(platform.notice(platform.envelope(PAID), **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"associated_data": "other"},
        {"associated_data": ""},
        {"associated_data": None},
        {"associated_data": 1},
        {"nonce": "000000000000"},
        {"nonce": "short"},
        {"nonce": None},
        {"algorithm": "AEAD_SM4_GCM"},
        {"ciphertext": "AAAA"},
        {"ciphertext": "not base64!"},
        {"real_key": "K8264ILTKCH16CQ2502SI8ZNMTM67VS2"},
        {"real_nonce": "0123456789abcdef"},
    ],
)
def test_what_does_not_open_as_agreed_is_refused(
    provider: WechatProvider, platform: Platform, changed: dict[str, object]
) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(platform.notice(platform.envelope(PAID, **changed)))


def test_empty_associated_data_is_as_good_as_none(provider: WechatProvider, platform: Platform) -> None:
    for given in ("", None):
        envelope = platform.envelope(PAID, real_aad="", associated_data=given)
        assert provider.judge_notice(platform.notice(envelope)).is_paid


@pytest.mark.parametrize(
    "changed", [{"mchid": "1900009192"}, {"appid": "wx0000000000000000"}, {"mchid": None}, {"appid": 1}]
)
def test_another_merchant_or_app_is_refused(
    provider: WechatProvider, platform: Platform, changed: dict[str, object]
) -> None:
    with pytest.raises(WrongMerchant):
        provider.judge_notice(platform.notice(platform.envelope(PAID | changed)))


def test_another_merchants_refund_is_refused(provider: WechatProvider, platform: Platform) -> None:
    with pytest.raises(WrongMerchant):
        provider.judge_notice(
            platform.notice(platform.envelope(REFUNDED | {"mchid": "1"}, event_type="REFUND.SUCCESS"))
        )


@pytest.mark.parametrize(
    "amount",
    [
        {"total": 0}, {"total": -1}, {"total": "9310"}, {"total": True}, {"total": None}, {}, None, [], 9310,
        {"total": 9310, "currency": "USD"}, {"total": 9310, "currency": None},
    ],
)  # fmt: skip
def test_an_amount_that_is_not_one_is_refused(provider: WechatProvider, platform: Platform, amount: object) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(platform.notice(platform.envelope(PAID | {"amount": amount})))


@pytest.mark.parametrize(
    "text",
    [
        b'{"amount":{"total":93.10}}',
        b'{"amount":{"total":1e4}}',
        b'{"amount":{"total":NaN}}',
        b'{"mchid":"1","mchid":"2"}',
        b"[]",
        b"\xff",
        b"",
        b"[" * 100_000,
    ],
)
def test_facts_that_can_be_read_in_two_ways_are_refused(
    provider: WechatProvider, platform: Platform, text: bytes
) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(platform.notice(platform.envelope(text)))


@pytest.mark.parametrize(
    "changed", [{"out_trade_no": "a b"}, {"transaction_id": ""}, {"out_trade_no": None}, {"trade_state": 1}]
)
def test_facts_without_their_numbers_are_refused(
    provider: WechatProvider, platform: Platform, changed: dict[str, object]
) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(platform.notice(platform.envelope(PAID | changed)))


@pytest.mark.parametrize(
    "envelope", [b"{}", b"[]", b"x", b'{"id":"a","id":"b"}', {"id": "EV-1", "event_type": "TRANSACTION.SUCCESS"}]
)
def test_a_signed_envelope_without_contents_is_refused(
    provider: WechatProvider, platform: Platform, envelope: object
) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(platform.notice(envelope))


def test_other_ways_to_send_are_refused(provider: WechatProvider, platform: Platform) -> None:
    genuine = platform.notice(platform.envelope(PAID))
    for other in (
        genuine._replace(method="GET"),
        genuine._replace(query=b"a=b"),
        genuine._replace(content_type="application/x-www-form-urlencoded"),
        genuine._replace(headers={}),
        RawNotice("POST", b"", b"x" * 20_000, "application/json", genuine.headers),
    ):
        with pytest.raises(NoticeRefused):
            provider.judge_notice(other)


def test_a_content_type_may_name_its_charset(provider: WechatProvider, platform: Platform) -> None:
    genuine = platform.notice(platform.envelope(PAID))
    assert provider.judge_notice(genuine._replace(content_type="application/json; charset=utf-8")).is_paid


def test_refusals_tell_the_sender_nothing(provider: WechatProvider) -> None:
    assert json.loads(provider.failure_body) == {"code": "FAIL", "message": "refused"}
    assert json.loads(provider.success_body)["code"] == "SUCCESS"
