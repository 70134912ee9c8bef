"""What is said to an epusdt gateway, how its answers are read, and which settings are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.payments.providers.epusdt.conftest import NUMBER, SETTINGS, TOKEN, channel
from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.epusdt import replies, wire
from xinka.payments.providers.epusdt.provider import EpusdtProvider
from xinka.payments.providers.errors import BadChannel, MethodUnavailable, NotOffered, WeakKey
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import AS_ASKED, Can, PaymentRequest, RefundRequest, TradeStatus


def changed(payment: PaymentRequest, **other: object) -> PaymentRequest:
    """Return another request."""
    return PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | other)


def answer(http: int = 200, /, **fields: object) -> Reply:
    """Return an answer."""
    return Reply(http, json.dumps(fields).encode())


def created(**data: object) -> Reply:
    """Return the answer to a request for a payment."""
    facts = {"trade_id": "T2026", "order_id": NUMBER, "amount": "93.1", "payment_url": "https://usdt.example/pay/T2026"}
    return answer(status_code=200, data={**facts, **data})


def test_a_payment_is_asked_for_with_the_amount_in_its_shortest_form(
    usdt: EpusdtProvider, payment: PaymentRequest
) -> None:
    call = wire.create_call(usdt.config, payment)
    assert b'"amount":93.1,' in call.content
    sent = json.loads(call.content, parse_float=str, parse_int=str)
    assert usdt.config.signer.agrees(sent)
    assert b'"amount":100,' in wire.create_call(usdt.config, changed(payment, amount_minor=10_000)).content


@pytest.mark.parametrize(
    ("minor", "text"), [(1, "0.01"), (10, "0.1"), (100, "1"), (9310, "93.1"), (1_000_000, "10000")]
)
def test_amounts_are_written_shortest(minor: int, text: str) -> None:
    assert wire.shortest(minor, "CNY") == text


def test_each_dialect_names_coins_in_its_own_way(payment: PaymentRequest) -> None:
    wanted = changed(payment, method="usdt-bep20")
    assert json.loads(wire.create_call(channel("bepusdt").config, wanted).content)["trade_type"] == "usdt.bep20"
    sent = json.loads(wire.create_call(channel("gmpay").config, wanted).content)
    assert (sent["pid"], sent["token"], sent["network"], sent["currency"]) == ("1001", "usdt", "bsc", "cny")
    for dialect, method in (("epusdt", "usdt-bep20"), ("bepusdt", "doge"), ("gmpay", "doge")):
        with pytest.raises(MethodUnavailable):
            wire.create_call(channel(dialect).config, changed(payment, method=method))


@pytest.mark.parametrize("other", [{"amount_minor": 0}, {"currency": "USD"}, {"out_trade_no": "x" * 33}])
def test_what_the_gateway_cannot_take_is_refused(
    usdt: EpusdtProvider, payment: PaymentRequest, other: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        wire.create_call(usdt.config, changed(payment, **other))


def test_the_answer_names_the_page_and_the_trade(usdt: EpusdtProvider, payment: PaymentRequest) -> None:
    way = replies.judge_created(usdt.config, created(), payment)
    assert (way.target, way.handle) == ("https://usdt.example/pay/T2026", "T2026")
    relative = replies.judge_created(usdt.config, created(payment_url="/pay/T2026"), payment)
    assert relative.target == "https://usdt.example/pay/T2026"


@pytest.mark.parametrize(
    "reply",
    [
        created(amount="93.2"),
        created(amount="NaN"),
        created(order_id="pay_other"),
        created(trade_id=""),
        created(payment_url=""),
        created(payment_url="javascript:alert(1)"),
        created(payment_url="http://usdt.example/pay/T2026"),
        answer(status_code=400, message="no"),
        answer(500),
        Reply(200, b"<html>"),
        Reply(302, b""),
    ],
)
def test_an_answer_about_anything_else_is_an_error(usdt: EpusdtProvider, payment: PaymentRequest, reply: Reply) -> None:
    with pytest.raises(ProviderError):
        replies.judge_created(usdt.config, reply, payment)


@pytest.mark.parametrize(
    ("number", "means"),
    [(1, "unpaid"), (2, "paid"), (3, "unpaid"), (4, "unpaid"), (5, "unpaid"), (6, "unpaid"), (9, "other")],
)
def test_each_status_has_its_meaning(usdt: EpusdtProvider, number: int, means: str) -> None:
    for reply in (
        answer(trade_id="T2026", status=number, trade_hash="abc"),
        answer(status_code=200, data={"trade_id": "T2026", "status": number}),
    ):
        found = replies.judge_status(usdt.config, reply, NUMBER, "T2026")
        assert found.status is TradeStatus(means)
        assert found.amount_minor == (AS_ASKED if means == "paid" else 0)


@pytest.mark.parametrize(
    "reply",
    [
        answer(trade_id="T2026", status=2, trade_hash=""),
        answer(trade_id="T2026", status=2, trade_hash="T2026"),
        answer(trade_id="T9999", status=2, trade_hash="abc"),
        answer(trade_id="T2026", status=2, trade_hash="abc", order_id="pay_other"),
        answer(status_code=400, message="busy"),
        Reply(200, b"ok"),
        answer(502),
    ],
)
def test_a_status_that_is_not_certain_is_an_error(usdt: EpusdtProvider, reply: Reply) -> None:
    with pytest.raises(ProviderError):
        replies.judge_status(usdt.config, reply, NUMBER, "T2026")


def test_an_unknown_trade_is_unknown_and_one_never_shown_too(usdt: EpusdtProvider) -> None:
    reply = answer(status_code=400, message="订单不存在")
    assert replies.judge_status(usdt.config, reply, NUMBER, "T2026").status is TradeStatus.NOT_FOUND
    assert usdt.query(NUMBER).status is TradeStatus.NOT_FOUND
    for bad in ("../../x", "a/b", "..", ""):
        with pytest.raises(BadInput):
            wire.status_call(usdt.config, bad)


def test_coins_go_back_by_hand(usdt: EpusdtProvider) -> None:
    refund = RefundRequest(NUMBER, 9310, "CNY", "T2026", "ref_1", 9310)
    with pytest.raises(NotOffered) as refused:
        usdt.refund(refund)
    assert refused.value.permanent
    assert "by hand" in str(refused.value)
    assert Can.REFUND not in usdt.can
    with pytest.raises(NotOffered):
        usdt.refund_query(refund)


@pytest.mark.parametrize(
    "bad",
    [
        {"base_url": "http://usdt.example"},
        {"base_url": "https://a:b@usdt.example"},
        {"base_url": ""},
        {"dialect": "other"},
        {"currency": "JPY"},
        {"currency": "XXX"},
        {"dialect": "gmpay"},
        {"dialect": "bepusdt", "pid": "1001"},
        {"dialect": "epusdt", "currency": "USD"},
        {"dialect": "gmpay", "pid": "a b"},
        {"unknown": "x"},
    ],
)
def test_unsafe_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadChannel):
        EpusdtProvider.from_settings({**SETTINGS, **bad})


@pytest.mark.parametrize("token", ["666", "epusdt_password", "a" * 40, "12345678901234567890"])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(WeakKey):
        EpusdtProvider.from_settings({**SETTINGS, "token": token})


def test_the_token_is_never_printed_and_weakness_is_said_in_the_settings(
    usdt: EpusdtProvider, payment: PaymentRequest
) -> None:
    assert TOKEN not in repr(usdt) + repr(wire.create_call(usdt.config, payment))
    echo = answer(status_code=400, message=f"bad token {TOKEN}")
    with pytest.raises(ProviderError) as error:
        replies.judge_created(usdt.config, echo, payment)
    assert TOKEN not in str(error.value)
    helps = [field.help_en for field in usdt.setting_fields() if field.name == "dialect"]
    assert "MD5" in helps[0]
