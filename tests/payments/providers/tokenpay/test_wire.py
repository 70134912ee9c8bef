"""What is said to TokenPay, how its answers are read, and which settings are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.payments.providers.tokenpay.conftest import GUID, NUMBER, SETTINGS, TOKEN
from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.errors import BadChannel, MethodUnavailable, NotOffered, WeakKey
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import Can, PaymentRequest, RefundRequest, TradeStatus
from xinka.payments.providers.tokenpay import replies, wire
from xinka.payments.providers.tokenpay.provider import TokenPayProvider


def changed(payment: PaymentRequest, **other: object) -> PaymentRequest:
    """Return another request."""
    return PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | other)


def answer(http: int = 200, /, **fields: object) -> Reply:
    """Return an answer."""
    return Reply(http, json.dumps(fields).encode())


def created(**info: object) -> Reply:
    """Return the answer to a request for a payment."""
    facts = {"Id": GUID, "OutOrderId": NUMBER, "ActualAmount": "93.1", "BaseCurrency": "CNY"}
    return answer(success=True, data=f"https://coins.example/Pay?Id={GUID}", info={**facts, **info})


def record(**fields: object) -> Reply:
    """Return the record of a paid order."""
    facts = {"id": GUID, "outOrderId": NUMBER, "actualAmount": 93.1, "status": 1, "blockTransactionId": "37"}
    return answer(success=True, message="", data={**facts, **fields})


def test_a_payment_is_asked_for_with_an_address_of_its_own(tokenpay: TokenPayProvider, payment: PaymentRequest) -> None:
    call = wire.create_call(tokenpay.config, payment)
    assert b'"ActualAmount":93.1,' in call.content
    sent = json.loads(call.content, parse_float=str)
    assert sent["Signature"] == wire.sign(sent, TOKEN)
    assert (sent["OrderUserKey"], sent["Currency"]) == (NUMBER, "USDT_TRC20")


def test_coins_are_named_by_the_method_or_by_the_channel(payment: PaymentRequest) -> None:
    own = TokenPayProvider.from_settings({**SETTINGS, "coin": "EVM_BSC_BNB"})
    assert b'"EVM_BSC_BNB"' in wire.create_call(own.config, payment).content
    plain = TokenPayProvider.from_settings(SETTINGS)
    assert b'"TRX"' in wire.create_call(plain.config, changed(payment, method="trx")).content
    with pytest.raises(MethodUnavailable):
        wire.create_call(plain.config, changed(payment, method="doge"))


@pytest.mark.parametrize("other", [{"amount_minor": 0}, {"currency": "USD"}])
def test_what_it_cannot_take_is_refused(
    tokenpay: TokenPayProvider, payment: PaymentRequest, other: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        wire.create_call(tokenpay.config, changed(payment, **other))


def test_the_answer_names_the_page_and_the_number(tokenpay: TokenPayProvider, payment: PaymentRequest) -> None:
    way = replies.judge_created(tokenpay.config, created(), payment)
    assert (way.target, way.handle) == (f"https://coins.example/Pay?Id={GUID}", GUID)


@pytest.mark.parametrize(
    "reply",
    [
        created(ActualAmount="93.2"),
        created(OutOrderId="pay_other"),
        created(BaseCurrency="USD"),
        created(Id="7"),
        answer(
            success=True, data="javascript:alert(1)", info={"Id": GUID, "OutOrderId": NUMBER, "ActualAmount": "93.1"}
        ),
        answer(
            success=True, data="http://coins.example/", info={"Id": GUID, "OutOrderId": NUMBER, "ActualAmount": "93.1"}
        ),
        answer(success=False, message="签名验证失败！"),
        answer(success="true"),
        answer(500),
        Reply(200, b"<html>"),
    ],
)
def test_an_answer_about_anything_else_is_an_error(
    tokenpay: TokenPayProvider, payment: PaymentRequest, reply: Reply
) -> None:
    with pytest.raises(ProviderError):
        replies.judge_created(tokenpay.config, reply, payment)


@pytest.mark.parametrize(
    ("status", "means"),
    [(0, "unpaid"), (1, "paid"), (2, "unpaid"), ("Paid", "paid"), ("Pending", "unpaid"), (7, "other")],
)
def test_each_status_has_its_meaning(tokenpay: TokenPayProvider, status: object, means: str) -> None:
    found = replies.judge_queried(tokenpay.config, record(status=status), NUMBER, GUID)
    assert (found.status, found.amount_minor) == (TradeStatus(means), 9310 if means == "paid" else 0)


def test_a_record_of_less_coins_counts_less(tokenpay: TokenPayProvider) -> None:
    less = record(isDynamicAmount=True, amount=34.91, payAmount=31.419)
    assert replies.judge_queried(tokenpay.config, less, NUMBER, GUID).amount_minor == 8379


@pytest.mark.parametrize(
    "reply",
    [
        record(blockTransactionId=None),
        record(blockTransactionId=""),
        record(id="63234df7-55bf-93fc-0010-67be493c0c28"),
        record(outOrderId="pay_other"),
        record(actualAmount="x"),
        answer(success=False, message="签名验证失败！"),
        answer(success=True, data=None),
        answer(503),
    ],
)
def test_a_record_that_is_not_certain_is_an_error(tokenpay: TokenPayProvider, reply: Reply) -> None:
    with pytest.raises(ProviderError):
        replies.judge_queried(tokenpay.config, reply, NUMBER, GUID)


def test_an_unknown_order_is_unknown_and_one_never_shown_too(tokenpay: TokenPayProvider) -> None:
    reply = answer(success=False, message="订单不存在！")
    assert replies.judge_queried(tokenpay.config, reply, NUMBER, GUID).status is TradeStatus.NOT_FOUND
    assert tokenpay.query(NUMBER).status is TradeStatus.NOT_FOUND
    with pytest.raises(BadInput):
        wire.query_call(tokenpay.config, "../x")


def test_coins_go_back_by_hand(tokenpay: TokenPayProvider) -> None:
    with pytest.raises(NotOffered) as refused:
        tokenpay.refund(RefundRequest(NUMBER, 9310, "CNY", GUID, "ref_1", 9310))
    assert refused.value.permanent
    assert "by hand" in str(refused.value)
    assert tokenpay.can == {Can.NOTICE}


@pytest.mark.parametrize(
    "bad",
    [
        {"base_url": "http://x.example"},
        {"base_url": ""},
        {"currency": "JPY"},
        {"coin": "a b"},
        {"unknown": "x"},
        {"token": 7},
    ],
)
def test_unsafe_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadChannel):
        TokenPayProvider.from_settings({**SETTINGS, **bad})


@pytest.mark.parametrize("token", ["666", "a" * 40])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(WeakKey):
        TokenPayProvider.from_settings({**SETTINGS, "token": token})


def test_the_token_is_never_printed(tokenpay: TokenPayProvider, payment: PaymentRequest) -> None:
    assert TOKEN not in repr(tokenpay) + repr(wire.create_call(tokenpay.config, payment))
    with pytest.raises(ProviderError) as error:
        replies.judge_created(tokenpay.config, answer(success=False, message=f"bad {TOKEN}"), payment)
    assert TOKEN not in str(error.value)
