"""Webhooks: the genuine one says what was captured or agreed to, and every other is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.payments.providers.paypal.conftest import NUMBER, SETTINGS, capture, event, eves, notice
from xinka.payments.providers.errors import (
    BadSignature,
    KeyMissing,
    MalformedNotice,
    NoticeRefused,
    WrongAlgorithm,
)
from xinka.payments.providers.paypal.provider import PayPalProvider
from xinka.payments.providers.protocol import NoticeAbout


def order(**changed: object) -> dict[str, Any]:
    """Return an order that a buyer agreed to."""
    unit = {"custom_id": NUMBER, "amount": {"currency_code": "USD", "value": "19.90"}}
    return {"id": "5O190127TN364715T", "status": "APPROVED", "purchase_units": [unit], **changed}


def test_a_completed_capture_is_money(paypal: PayPalProvider) -> None:
    said = paypal.judge_notice(notice(event(capture())))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.currency) == (
        NUMBER,
        "2GG279541U471931P",
        1990,
        "USD",
    )
    assert (said.is_paid, said.is_hint, said.event_id) == (True, False, "WH-1-A")


def test_an_agreement_is_a_hint_and_no_money(paypal: PayPalProvider) -> None:
    said = paypal.judge_notice(notice(event(order(), "CHECKOUT.ORDER.APPROVED")))
    assert (said.is_paid, said.is_hint, said.out_trade_no) == (False, True, NUMBER)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("PAYMENT.CAPTURE.PENDING", "PENDING"),
        ("PAYMENT.CAPTURE.DENIED", "DECLINED"),
        ("PAYMENT.CAPTURE.COMPLETED", "PENDING"),
    ],
)
def test_a_capture_that_is_not_complete_is_no_money(paypal: PayPalProvider, kind: str, status: str) -> None:
    said = paypal.judge_notice(notice(event(capture(status=status), kind)))
    assert (said.is_paid, said.is_hint, said.status) == (False, False, status)


@pytest.mark.parametrize("kind", ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"])
def test_refunds_name_their_capture(paypal: PayPalProvider, kind: str) -> None:
    up = {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/2GG279541U471931P"}
    refund = capture(id="1JU08902781691411", amount={"currency_code": "USD", "value": "5.00"}, links=[up])
    said = paypal.judge_notice(notice(event(refund, kind)))
    assert (said.about, said.subject_no, said.trade_no) == (
        NoticeAbout.REFUND,
        "1JU08902781691411",
        "2GG279541U471931P",
    )
    assert (said.amount_minor, said.is_paid) == (500, False)


def test_disputes_name_theirs(paypal: PayPalProvider) -> None:
    facts = {
        "dispute_id": "PP-D-12345",
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": {"currency_code": "USD", "value": "19.90"},
        "disputed_transactions": [{"seller_transaction_id": "2GG279541U471931P", "custom": NUMBER}],
    }
    said = paypal.judge_notice(notice(event(facts, "CUSTOMER.DISPUTE.CREATED")))
    assert (said.about, said.subject_no, said.trade_no, said.out_trade_no) == (
        NoticeAbout.DISPUTE,
        "PP-D-12345",
        "2GG279541U471931P",
        NUMBER,
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("RESOLVED_BUYER_FAVOUR", "RESOLVED_BUYER_FAVOUR"),
        ("RESOLVED_SELLER_FAVOUR", "RESOLVED_SELLER_FAVOUR"),
        ("CANCELED_BY_BUYER", "RESOLVED_SELLER_FAVOUR"),
        ("RESOLVED_WITH_PAYOUT", "RESOLVED_SELLER_FAVOUR"),
        ("ACCEPTED", "ACCEPTED"),
    ],
)
def test_a_resolved_dispute_says_who_won(paypal: PayPalProvider, code: str, status: str) -> None:
    facts = {
        "dispute_id": "PP-D-12345",
        "status": "RESOLVED",
        "dispute_amount": {"currency_code": "USD", "value": "19.90"},
        "dispute_outcome": {"outcome_code": code},
    }
    assert paypal.judge_notice(notice(event(facts, "CUSTOMER.DISPUTE.RESOLVED"))).status == status


@pytest.mark.parametrize(
    ("due", "is_told"),
    [("2026-12-01T12:00:00.000Z", True), ("", False), ("soon", False), ("2026-12-01T12:00:00", False)],
)
def test_a_dispute_says_until_when_it_waits(paypal: PayPalProvider, due: str, is_told: bool) -> None:
    facts = {
        "dispute_id": "PP-D-12345",
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": {"currency_code": "USD", "value": "19.90"},
        "seller_response_due_date": due,
    }
    said = paypal.judge_notice(notice(event(facts, "CUSTOMER.DISPUTE.CREATED")))
    assert (said.due_at is not None) is is_told


def test_what_is_not_ours_is_acknowledged_and_no_more(paypal: PayPalProvider) -> None:
    for body in (event({"id": "x"}, "BILLING.PLAN.CREATED"), event(capture(custom_id=None))):
        said = paypal.judge_notice(notice(body))
        assert (said.about, said.is_paid, said.is_hint) == (NoticeAbout.OTHER, False, False)


def test_any_flipped_byte_is_refused(paypal: PayPalProvider) -> None:
    good = notice(event(capture()))
    for place in range(0, len(good.body), 7):
        changed = bytearray(good.body)
        changed[place] ^= 1
        with pytest.raises(BadSignature):
            paypal.judge_notice(good._replace(body=bytes(changed)))


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"paypal_transmission_id": "11111111-d67a-11e5-baa3-778b53f4ae55"}, BadSignature),
        ({"paypal_transmission_id": ""}, MalformedNotice),
        ({"paypal_transmission_id": "a|b"}, MalformedNotice),
        ({"paypal_transmission_time": ""}, MalformedNotice),
        ({"paypal_transmission_time": "yesterday"}, MalformedNotice),
        ({"paypal_transmission_time": "2026-13-45T00:00:00Z"}, MalformedNotice),
        ({"paypal_transmission_sig": ""}, MalformedNotice),
        ({"paypal_transmission_sig": "AAAA"}, BadSignature),
        ({"paypal_transmission_sig": "not base64!"}, MalformedNotice),
        ({"paypal_transmission_sig": "é"}, MalformedNotice),
        ({"paypal_auth_algo": "SHA1withRSA"}, WrongAlgorithm),
        ({"paypal_auth_algo": "none"}, WrongAlgorithm),
        ({"paypal_auth_algo": ""}, WrongAlgorithm),
    ],
)
def test_a_changed_or_missing_header_is_refused(
    paypal: PayPalProvider, headers: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        paypal.judge_notice(notice(event(capture()), **headers))


@pytest.mark.parametrize("age", [timedelta(days=4), timedelta(days=10), -timedelta(minutes=10)])
def test_a_stale_webhook_is_refused_however_well_it_is_signed(paypal: PayPalProvider, age: timedelta) -> None:
    with pytest.raises(MalformedNotice):
        paypal.judge_notice(notice(event(capture()), age=age))


def test_another_key_a_weaker_hash_or_another_webhook_is_refused(paypal: PayPalProvider) -> None:
    with pytest.raises(BadSignature):
        paypal.judge_notice(notice(event(capture()), key=eves().key))
    with pytest.raises(BadSignature):
        paypal.judge_notice(notice(event(capture()), sha1=True))
    other = PayPalProvider.from_settings({**SETTINGS, "webhook_id": "9XX597110X687430LKGECATA"})
    other.shelf.keep(notice(b"{}").headers["paypal-cert-url"], paypal.shelf._keys.popitem()[1][0])
    with pytest.raises(BadSignature):
        other.judge_notice(notice(event(capture())))


FOREIGN = [
    "https://evil.example/v1/notifications/certs/CERT-1",
    "http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com@evil.example/v1/notifications/certs/CERT-1",
    "https://user@api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com/v1/notifications/certs/../../evil",
    "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1?to=evil",
    "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1#x",
    "https://api.sandbox.paypal.com/evil.pem",
    "https://api.paypal.com/v1/notifications/certs/CERT-1",
    "https://127.0.0.1/v1/notifications/certs/CERT-1",
    "file:///etc/passwd",
    "https://api.sandbox.paypal.com:x/v1/notifications/certs/CERT-1",
    "",
]


@pytest.mark.parametrize("url", FOREIGN)
def test_a_certificate_from_anywhere_else_is_refused_before_anything_is_fetched(
    paypal: PayPalProvider, url: str
) -> None:
    with pytest.raises(MalformedNotice):
        paypal.judge_notice(notice(event(capture()), paypal_cert_url=url))


def test_an_unknown_certificate_of_paypals_is_asked_for_first() -> None:
    with pytest.raises(KeyMissing):
        PayPalProvider.from_settings(SETTINGS).judge_notice(notice(event(capture())))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        event(None),
        event(capture(), id=""),
        event(capture(), id="a/b"),
        event(capture(amount=None)),
        event(capture(amount={"currency_code": "USD", "value": 19})),
        event(capture(amount={"currency_code": "USD", "value": "19.901"})),
        event(capture(amount={"currency_code": "USD", "value": "-19.90"})),
        event(capture(amount={"currency_code": "USD", "value": "0.00"})),
        event(capture(amount={"currency_code": "JPY", "value": "19.90"})),
        event(capture(amount={"currency_code": "XXX", "value": "1"})),
        event(capture(custom_id="a&b=c")),
        event(capture(custom_id=["x"])),
        event(capture(id="")),
        event(capture()).replace(b'"id": "WH-1-A"', b'"id": "WH-1-A", "id": "WH-2"'),
        event(order(purchase_units=[]), "CHECKOUT.ORDER.APPROVED"),
        event(order(purchase_units=[{}, {}]), "CHECKOUT.ORDER.APPROVED"),
        event({"dispute_id": "1", "disputed_transactions": ["x"]}, "CUSTOMER.DISPUTE.CREATED"),
    ],
)
def test_a_signed_body_that_can_be_misread_is_refused(paypal: PayPalProvider, body: bytes) -> None:
    with pytest.raises(NoticeRefused):
        paypal.judge_notice(notice(body))


def test_a_get_a_query_or_ten_megabytes_are_refused(paypal: PayPalProvider) -> None:
    good = notice(event(capture()))
    for other in (good._replace(method="GET"), good._replace(query=b"a=1"), good._replace(body=b" " * 10_000_000)):
        with pytest.raises(MalformedNotice):
            paypal.judge_notice(other)


def test_braces_and_chinese_in_texts_change_nothing(paypal: PayPalProvider) -> None:
    assert paypal.judge_notice(notice(event(capture(note="}{ 会员 ✓")))).is_paid


def test_yen_come_without_decimals(paypal: PayPalProvider) -> None:
    said = paypal.judge_notice(notice(event(capture(amount={"currency_code": "JPY", "value": "1990"}))))
    assert (said.amount_minor, said.currency) == (1990, "JPY")
