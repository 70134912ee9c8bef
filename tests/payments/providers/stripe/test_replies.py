"""What Stripe's objects mean, and what is asked of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.payments.providers.stripe.conftest import NUMBER, SETTINGS, session
from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.protocol import (
    BillKind,
    BillRow,
    PaymentRequest,
    RefundRequest,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.stripe import replies, wire
from xinka.payments.providers.stripe.config import StripeConfig

CONFIG = StripeConfig.from_settings(SETTINGS)


def intent(**changed: object) -> dict[str, Any]:
    """Return a PaymentIntent that succeeded."""
    return {
        "id": "pi_3Q",
        "status": "succeeded",
        "amount_received": 1990,
        "currency": "usd",
        "metadata": {"out_trade_no": NUMBER},
        "latest_charge": {"refunded": False},
        **changed,
    }


def test_a_paid_session_names_its_intent_and_amount() -> None:
    found = replies.of_session(CONFIG, session(payment_intent=intent()), NUMBER)
    assert (found.status, found.trade_no, found.amount_minor) == (TradeStatus.PAID, "pi_3Q", 1990)


@pytest.mark.parametrize(
    ("status", "means"),
    [("open", TradeStatus.UNPAID), ("expired", TradeStatus.CLOSED), ("complete", TradeStatus.UNPAID)],
)
def test_an_unpaid_session_is_unpaid_and_an_expired_one_will_never_be_paid(status: str, means: TradeStatus) -> None:
    found = replies.of_session(CONFIG, session(status=status, payment_status="unpaid"), NUMBER)
    assert (found.status, found.amount_minor) == (means, 0)


def test_a_whole_refund_shows() -> None:
    found = replies.of_intent(intent(latest_charge={"refunded": True}), NUMBER)
    assert (found.status, found.amount_minor) == (TradeStatus.REFUNDED, 1990)


@pytest.mark.parametrize("status", ["processing", "canceled", "requires_payment_method"])
def test_an_intent_without_money_is_unpaid(status: str) -> None:
    assert replies.of_intent(intent(status=status), NUMBER).status is TradeStatus.UNPAID


@pytest.mark.parametrize(
    "found",
    [
        session(client_reference_id="pay_other"),
        session(client_reference_id=None),
        session(status="new", payment_status="unpaid"),
        session(payment_intent=intent(metadata={"out_trade_no": "pay_other"})),
        session(payment_intent=intent(metadata=None)),
        session(payment_intent=intent(amount_received="1990")),
        session(payment_intent=intent(currency="xyz")),
    ],
)
def test_an_answer_that_is_not_certain_is_an_error(found: dict[str, Any]) -> None:
    with pytest.raises(ProviderError):
        replies.of_session(CONFIG, found, NUMBER)


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("succeeded", RefundStatus.DONE),
        ("pending", RefundStatus.PENDING),
        ("requires_action", RefundStatus.PENDING),
        ("failed", RefundStatus.FAILED),
        ("canceled", RefundStatus.FAILED),
        ("odd", RefundStatus.UNKNOWN),
    ],
)
def test_each_state_of_a_refund_has_its_meaning(status: str, means: RefundStatus) -> None:
    assert replies.of_refund({"id": "re_1", "status": status, "amount": 5, "currency": "usd"}).status is means


def test_a_balance_transaction_is_a_line_of_the_bill() -> None:
    source = {"payment_intent": "pi_3Q", "metadata": {"out_trade_no": NUMBER}, "currency": "usd", "amount": 1990}
    entry = {"id": "txn_1", "type": "charge", "amount": 1990, "fee": 88, "currency": "usd", "created": 1767225600}
    (row,) = replies.bill_rows({**entry, "source": source})
    assert row[:7] == BillRow(BillKind.PAYMENT, "pi_3Q", NUMBER, "", 1990, 88, "USD", None)[:7]
    (row,) = replies.bill_rows({**entry, "type": "refund", "amount": -1990, "fee": 0, "source": source})
    assert (row.kind, row.amount_minor) == (BillKind.REFUND, 1990)


def test_a_payment_in_another_currency_has_its_fee_on_a_line_of_its_own() -> None:
    source = {"payment_intent": "pi_3Q", "metadata": {}, "currency": "usd", "amount": 1990}
    entry = {"id": "txn_1", "type": "charge", "amount": 15_500, "fee": 700, "currency": "hkd", "created": 1767225600}
    paid, fee = replies.bill_rows({**entry, "source": source})
    assert (paid.amount_minor, paid.currency, paid.fee_minor) == (1990, "USD", 0)
    assert (fee.kind, fee.fee_minor, fee.currency, fee.trade_no) == (BillKind.FEE, 700, "HKD", "pi_3Q")
    assert fee.amount_minor == 0


def test_a_fee_that_stripe_gives_back_with_a_refund_is_below_zero() -> None:
    """The whole day's bill could not be read then."""
    source = {"payment_intent": "pi_3Q", "metadata": {}, "currency": "usd", "amount": 1990}
    entry = {"id": "txn_1", "type": "refund", "amount": -1990, "fee": -59, "currency": "usd", "created": 1767225600}
    (row,) = replies.bill_rows({**entry, "source": source})
    assert (row.kind, row.amount_minor, row.fee_minor) == (BillKind.REFUND, 1990, -59)


@pytest.mark.parametrize(("amount", "kept"), [(-250, 250), (250, -250)])
def test_a_fee_on_its_own_keeps_its_direction(amount: int, kept: int) -> None:
    """One that was given back was entered as another cost."""
    entry = {"id": "txn_1", "type": "stripe_fee", "amount": amount, "fee": 0, "currency": "usd", "created": 1767225600}
    (row,) = replies.bill_rows({**entry, "source": None})
    assert (row.kind, row.amount_minor, row.fee_minor, row.trade_no) == (BillKind.FEE, 0, kept, "txn_1")


def test_an_account_kept_in_a_currency_we_do_not_count_still_tells_of_our_payments() -> None:
    """No bill of an account in Australian dollars could be read."""
    source = {"payment_intent": "pi_3Q", "metadata": {}, "currency": "usd", "amount": 1990}
    entry = {"id": "txn_1", "type": "charge", "amount": 3000, "fee": 90, "currency": "aud", "created": 1767225600}
    (row,) = replies.bill_rows({**entry, "source": source})
    assert (row.kind, row.amount_minor, row.currency, row.fee_minor) == (BillKind.PAYMENT, 1990, "USD", 0)
    assert not list(replies.bill_rows({**entry, "type": "payout", "amount": -9000, "source": None}))


def test_a_payment_is_asked_for_in_the_same_words_each_time(payment: PaymentRequest) -> None:
    params = wire.session_params(CONFIG, payment)
    assert params == wire.session_params(CONFIG, payment)
    assert params["line_items"][0]["price_data"]["unit_amount"] == 1990
    assert params["client_reference_id"] == params["payment_intent_data"]["metadata"]["out_trade_no"] == NUMBER
    assert params["success_url"] == f"https://x.example/pay/return/stripe?out_trade_no={NUMBER}"
    assert "payment_method_types" not in params


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"method": "carrier-pigeon"}, MethodUnavailable),
        ({"amount_minor": 0}, BadInput),
        ({"currency": "EUR"}, BadInput),
    ],
)
def test_what_stripe_cannot_take_is_refused(
    payment: PaymentRequest, changed: dict[str, Any], error: type[Exception]
) -> None:
    other = PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | changed)
    with pytest.raises(error):
        wire.session_params(CONFIG, other)


def test_a_refund_carries_our_number() -> None:
    params = wire.refund_params(RefundRequest(NUMBER, 500, "USD", "pi_3Q", "ref_1", 1990))
    assert (params["payment_intent"], params["amount"], params["metadata"]["refund_no"]) == ("pi_3Q", 500, "ref_1")
    with pytest.raises(BadInput):
        wire.refund_params(RefundRequest(NUMBER, 500, "USD"))
