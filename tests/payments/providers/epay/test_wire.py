"""What is said to a gateway: fields that cannot be mistaken, in one form for every caller."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinka.kernel.errors import BadInput
from xinka.payments.providers.epay import wire
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.protocol import PayBy, PaymentRequest, RefundRequest

#: A busy machine is no fault of the code.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_buyer_is_sent_to_the_cashier_with_signed_fields(strong: EpayProvider, payment: PaymentRequest) -> None:
    way = strong.prepare(payment)
    fields = dict(parse_qsl(urlsplit(way.target).query))
    assert way.by is PayBy.REDIRECT
    assert way.target.startswith("https://pay.example/submit.php?")
    assert set(fields) == {
        "pid", "type", "out_trade_no", "notify_url", "return_url", "name", "money", "sign", "sign_type",
    }  # fmt: skip
    assert (fields["money"], fields["name"]) == ("93.10", "云听音乐 年度会员 x1")
    assert strong.config.signer.agrees(fields)


def test_the_same_request_can_be_a_form(strong: EpayProvider, payment: PaymentRequest) -> None:
    way = strong.prepare_form(payment)
    assert (way.by, way.target) == (PayBy.FORM, "https://pay.example/submit.php")
    assert dict(parse_qsl(urlsplit(strong.prepare(payment).target).query)) == dict(way.fields)


def test_the_api_request_signs_the_buyers_address_too(strong: EpayProvider, payment: PaymentRequest) -> None:
    call = wire.create_call(strong.config, replace(payment, device="mobile"))
    assert (call.form["clientip"], call.form["device"]) == ("203.0.113.7", "mobile")
    assert strong.config.signer.agrees(call.form)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"method": "cheque"}, MethodUnavailable),
        ({"amount_minor": 0}, BadInput),
        ({"amount_minor": -1}, BadInput),
        ({"currency": "USD"}, BadInput),
        ({"out_trade_no": "a b"}, BadInput),
        ({"out_trade_no": "a&b=c"}, BadInput),
        ({"out_trade_no": ""}, BadInput),
        ({"notify_url": "https://shop.example/n?a=1"}, BadInput),
        ({"notify_url": "https://shop.example/a&b"}, BadInput),
        ({"return_url": "javascript:alert(1)"}, BadInput),
        ({"return_url": "https://shop.example/r#x"}, BadInput),
    ],
)
def test_what_would_be_ambiguous_is_refused(
    strong: EpayProvider, payment: PaymentRequest, change: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        strong.prepare(replace(payment, **change))  # type: ignore[arg-type]  # the wrong values are the point


@PATIENT
@given(st.text(max_size=300))
def test_no_title_can_pass_for_other_fields(title: str) -> None:
    name = wire.plain_title(title.encode("utf-8", "ignore").decode())
    assert name
    assert not set(name) & set("&=\n\r\0")
    assert len(name.encode()) <= 127


def test_a_refund_names_the_gateways_number_where_there_is_one(strong: EpayProvider) -> None:
    by_ours = wire.refund_call(strong.config, RefundRequest("pay_1", 100, "CNY"))
    by_theirs = wire.refund_call(strong.config, RefundRequest("pay_1", 100, "CNY", trade_no="T1"))
    assert (by_ours.form["out_trade_no"], by_ours.form["money"]) == ("pay_1", "1.00")
    assert by_theirs.form["trade_no"] == "T1"
    assert "out_trade_no" not in by_theirs.form
    with pytest.raises(BadInput):
        wire.refund_call(strong.config, RefundRequest("pay_1", 0, "CNY"))


def test_a_call_does_not_print_the_key(strong: EpayProvider) -> None:
    for call in (wire.order_call(strong.config, "pay_1"), wire.merchant_call(strong.config)):
        assert strong.config.key not in repr(call)
