"""What PayPal's answers mean; what is not certain is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.payments.providers.paypal.conftest import NUMBER, PAID, SETTINGS, capture
from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Reply
from xinka.payments.providers.paypal import replies, wire
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.protocol import BillKind, PaymentRequest, RefundRequest, RefundStatus, TradeStatus

CONFIG = PayPalConfig.from_settings(SETTINGS)
REFUND = RefundRequest(NUMBER, 500, "USD", "2GG279541U471931P", "ref_1", 1990)


def order(status: str, **unit: object) -> dict[str, Any]:
    """Return an order of one unit."""
    return {"id": "5O190127TN364715T", "status": status, "purchase_units": [{"custom_id": NUMBER, **unit}]}


@pytest.mark.parametrize("status", ["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"])
def test_an_order_that_was_not_captured_is_unpaid(status: str) -> None:
    assert replies.of_order(order(status), NUMBER, "USD").status is TradeStatus.UNPAID


def test_a_voided_order_will_never_be_paid() -> None:
    assert replies.of_order(order("VOIDED"), NUMBER, "USD").status is TradeStatus.CLOSED


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("COMPLETED", TradeStatus.PAID),
        ("PARTIALLY_REFUNDED", TradeStatus.PAID),
        ("REFUNDED", TradeStatus.REFUNDED),
        ("DECLINED", TradeStatus.UNPAID),
        ("PENDING", TradeStatus.OTHER),
        ("NEW", TradeStatus.OTHER),
    ],
)
def test_each_state_of_a_capture_has_its_meaning(status: str, means: TradeStatus) -> None:
    found = replies.of_order(order("COMPLETED", payments={"captures": [capture(status=status)]}), NUMBER, "USD")
    assert (found.status, found.amount_minor, found.trade_no) == (means, 1990, "2GG279541U471931P")


@pytest.mark.parametrize(
    "found",
    [
        order("COMPLETED"),
        order("COMPLETED", payments={"captures": []}),
        order("COMPLETED", payments={"captures": [capture(), capture()]}),
        order("COMPLETED", custom_id="pay_other"),
        order("COMPLETED", payments={"captures": [capture(custom_id="pay_other")]}),
        order("COMPLETED", payments={"captures": [capture(amount=None)]}),
        order("SOMETHING"),
        {"status": "COMPLETED", "purchase_units": []},
    ],
)
def test_an_order_that_is_not_certain_is_an_error(found: dict[str, Any]) -> None:
    with pytest.raises(ProviderError):
        replies.of_order(found, NUMBER, "USD")


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (404, True), (422, True), (409, False), (429, False), (500, False), (302, False)],
)
def test_a_refusal_says_whether_trying_again_can_help(status: int, permanent: bool) -> None:
    body = json.dumps({"name": "X", "details": [{"issue": "ORDER_NOT_APPROVED"}]}).encode()
    with pytest.raises(replies.Refused) as refused:
        replies.read(Reply(status, body))
    assert (refused.value.permanent, refused.value.issue) == (permanent, "ORDER_NOT_APPROVED")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff", b'{"a":1,"a":2}'])
def test_an_unreadable_yes_is_an_error(body: bytes) -> None:
    with pytest.raises(ProviderError):
        replies.read(Reply(200, body))


def test_a_refund_is_found_by_our_number_only() -> None:
    one = {
        "id": "1R",
        "status": "COMPLETED",
        "amount": {"currency_code": "USD", "value": "5.00"},
        "invoice_id": "ref_1",
    }
    found = replies.refund_among(order("COMPLETED", payments={"refunds": [one]}), REFUND)
    assert (found.status, found.amount_minor) == (RefundStatus.DONE, 500)
    other = order("COMPLETED", payments={"refunds": [{**one, "invoice_id": "ref_2"}]})
    assert replies.refund_among(other, REFUND).status is RefundStatus.NOT_FOUND


def test_a_report_becomes_lines_of_a_bill() -> None:
    back = PAID | {
        "transaction_id": "1R1",
        "transaction_event_code": "T1107",
        "paypal_reference_id": "2C1",
        "invoice_id": "ref_1",
        "transaction_amount": {"currency_code": "USD", "value": "-5.00"},
    }
    odd = PAID | {"transaction_event_code": "T0400"}
    pending = PAID | {"transaction_status": "P"}
    page = {"transaction_details": [{"transaction_info": facts} for facts in (PAID, back, odd, pending)]}
    first, second, third = replies.bill_rows(page)
    assert (first.kind, first.trade_no, first.out_trade_no, first.amount_minor, first.fee_minor) == (
        BillKind.PAYMENT,
        "2C1",
        NUMBER,
        1990,
        97,
    )
    assert (second.kind, second.trade_no, second.refund_no, second.amount_minor) == (
        BillKind.REFUND,
        "2C1",
        "ref_1",
        500,
    )
    assert third.kind is BillKind.OTHER


def test_a_payment_is_asked_for_in_the_same_words_each_time(payment: PaymentRequest) -> None:
    call = wire.create_call(CONFIG, payment)
    assert call == wire.create_call(CONFIG, payment)
    assert call.headers["PayPal-Request-Id"] == NUMBER
    assert json.loads(call.content)["purchase_units"][0]["amount"] == {"currency_code": "USD", "value": "19.90"}


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"method": "card"}, MethodUnavailable), ({"amount_minor": 0}, BadInput), ({"currency": "EUR"}, BadInput)],
)
def test_what_paypal_cannot_take_is_refused(
    payment: PaymentRequest, changed: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        wire.create_call(
            CONFIG, PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | changed)
        )


def test_a_refund_and_a_capture_carry_our_numbers() -> None:
    assert wire.refund_call(CONFIG, REFUND).headers["PayPal-Request-Id"] == "ref_1"
    assert wire.capture_call(CONFIG, "5O1", NUMBER).headers["PayPal-Request-Id"] == f"capture-{NUMBER}"
    for bad in ("../../v1/oauth2/token", "a/b", "", "a?b"):
        with pytest.raises(BadInput):
            wire.order_call(CONFIG, bad)


def test_calls_never_print_what_is_secret() -> None:
    assert SETTINGS["client_secret"] not in repr(wire.token_call(CONFIG))
    assert "Basic" not in repr(wire.token_call(CONFIG))
