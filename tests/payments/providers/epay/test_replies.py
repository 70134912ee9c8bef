"""Answers are read leniently in form and strictly in meaning (attack A55)."""

from __future__ import annotations

import json

import pytest

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.replies import judge_accepted, judge_created, judge_order
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import PayBy, TradeStatus

ORDER = {
    "code": 1,
    "msg": "success",
    "pid": "1001",
    "trade_no": "T1",
    "out_trade_no": "pay_1",
    "money": "93.10",
    "status": 1,
    "endtime": None,
}


def reply(answer: object, status: int = 200) -> Reply:
    body = answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()
    return Reply(status, body)


def test_a_paid_order_is_read(strong: EpayProvider) -> None:
    result = judge_order(strong.config, reply(ORDER), "pay_1")
    assert (result.paid, result.amount_minor, result.trade_no, result.out_trade_no) == (True, 9310, "T1", "pay_1")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ORDER | {"code": "1", "status": "1"}).encode(),
        json.dumps(json.dumps(ORDER)).encode(),
        b"\xef\xbb\xbf" + json.dumps(ORDER).encode(),
        b"\n " + json.dumps(ORDER | {"money": 93.10}).encode(),
        json.dumps({name: value for name, value in ORDER.items() if name != "pid"}).encode(),
    ],
)
def test_sloppy_forms_are_understood(strong: EpayProvider, body: bytes) -> None:
    assert judge_order(strong.config, reply(body), "pay_1").paid


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, TradeStatus.UNPAID),
        ("0", TradeStatus.UNPAID),
        (2, TradeStatus.REFUNDED),
        (3, TradeStatus.OTHER),
        (True, TradeStatus.OTHER),
        (None, TradeStatus.OTHER),
        ("1 ", TradeStatus.OTHER),
        (1.0, TradeStatus.OTHER),
    ],
)
def test_only_status_one_is_paid(strong: EpayProvider, status: object, expected: TradeStatus) -> None:
    result = judge_order(strong.config, reply(ORDER | {"status": status}), "pay_1")
    assert (result.status, result.paid) == (expected, False)


def test_an_answer_about_the_orders_other_payment_is_an_error(strong: EpayProvider) -> None:
    assert judge_order(strong.config, reply(ORDER), "pay_1", "T1").paid
    with pytest.raises(ProviderError):
        judge_order(strong.config, reply(ORDER), "pay_1", "T2")


@pytest.mark.parametrize("message", ["订单号不存在", "订单不存在", "Order not found"])
def test_an_order_the_gateway_does_not_know_is_not_an_error(strong: EpayProvider, message: str) -> None:
    result = judge_order(strong.config, reply({"code": -1, "msg": message}), "pay_1")
    assert result.status is TradeStatus.NOT_FOUND


@pytest.mark.parametrize(
    "answer",
    [
        {"code": -3, "msg": "商户密钥错误"},
        {"code": -3, "msg": "商户ID不存在"},
        {"code": 0},
        {"msg": "success"},
        ORDER | {"out_trade_no": "pay_2"},
        ORDER | {"out_trade_no": None},
        ORDER | {"pid": "1002"},
        ORDER | {"money": "1e9"},
        ORDER | {"money": None},
        ORDER | {"money": "-1"},
        [ORDER],
        1,
        None,
        b"",
        b"<html>maintenance</html>",
        b'{"code":1,"code":-1}',
        b'{"code":1,"money":NaN}',
        b'{"code":1,"money":Infinity}',
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"\xff\xfe",
        json.dumps(json.dumps(json.dumps(ORDER))).encode(),
    ],
)
def test_an_uncertain_answer_is_an_error_and_never_unpaid(strong: EpayProvider, answer: object) -> None:
    with pytest.raises(ProviderError):
        judge_order(strong.config, reply(answer), "pay_1")


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (502, False), (503, False), (429, False), (408, False), (404, True), (302, True)],
)
def test_the_http_status_says_whether_trying_again_can_help(strong: EpayProvider, status: int, permanent: bool) -> None:
    with pytest.raises(ProviderError) as failed:
        judge_order(strong.config, reply(ORDER, status), "pay_1")
    assert failed.value.permanent is permanent


@pytest.mark.parametrize(
    ("way", "by"),
    [
        ({"payurl": "https://pay.example/go/1"}, PayBy.REDIRECT),
        ({"qrcode": "weixin://wxpay/bizpayurl?pr=x"}, PayBy.QR),
        ({"qrcode": "https://qr.example/x", "img": "https://qr.example/x.png"}, PayBy.QR),
        ({"urlscheme": "weixin://dl/business/?t=x"}, PayBy.APP_LINK),
    ],
)
def test_each_way_to_pay_is_understood(strong: EpayProvider, way: dict[str, str], by: PayBy) -> None:
    made = judge_created(strong.config, reply({"code": "1", "trade_no": "T1", **way}))
    assert (made.by, made.trade_no, made.target) == (by, "T1", next(iter(way.values())))


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"payurl": "javascript:alert(1)"},
        {"payurl": "/relative"},
        {"payurl": "https://pay.example/\n"},
        {"qrcode": "x" * 3000},
        {"qrcode": "a\nb"},
        {"urlscheme": "javascript://x"},
        {"urlscheme": "data://x"},
        {"urlscheme": "weixin:\u202e//x"},
        {"payurl": ["https://pay.example/"]},
    ],
)
def test_a_way_to_pay_that_could_harm_the_buyer_is_refused(strong: EpayProvider, way: dict[str, object]) -> None:
    with pytest.raises(ProviderError):
        judge_created(strong.config, reply({"code": 1, **way}))


def test_a_gateway_that_echoes_our_key_does_not_get_it_into_a_log(strong: EpayProvider) -> None:
    message = f"bad key {strong.config.key}\n\x1b[31m" + "x" * 5000
    with pytest.raises(ProviderError) as failed:
        judge_accepted(strong.config, reply({"code": -1, "msg": message}))
    assert strong.config.key not in str(failed.value)
    assert "\n" not in str(failed.value)
    assert "\x1b" not in str(failed.value)
    assert len(str(failed.value)) < 200
    assert failed.value.permanent
