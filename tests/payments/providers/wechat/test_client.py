"""Calls over a real socket: signed by us, answered with WeChat's signature, and no answer taken for a yes."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.payments.providers.wechat.wechat_side import (
    API_KEY,
    APPID,
    MCHID,
    NUMBER,
    PAID,
    PUBLIC_KEY_ID,
    SERIAL,
    TRADE,
    Gateway,
)
from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.errors import AlreadyPaid, MethodUnavailable, OutcomeUnknown
from xinka.payments.providers.protocol import (
    PayBy,
    PaymentRequest,
    QueryResult,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.wechat.provider import WechatProvider

Make = Callable[..., WechatProvider]
REFUND = RefundRequest(NUMBER, 310, "CNY", TRADE, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310, "https://shop.example/n")
REFUND_ANSWER = {
    "refund_id": "50200207182018070300011301001",
    "out_refund_no": REFUND.refund_no,
    "transaction_id": TRADE,
    "out_trade_no": NUMBER,
    "status": "SUCCESS",
    "amount": {"total": 9310, "refund": 310, "currency": "CNY"},
}
NO_SUCH = {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}


def authorized(gateway: Gateway, key: rsa.RSAPrivateKey) -> None:
    """Check the signature of the last call as the protocol describes it."""
    method, target, body, headers = gateway.asked[-1]
    scheme, _, rest = headers["authorization"].partition(" ")
    fields = dict(re.findall(r'([a-z_]+)="([^"]*)"', rest))
    assert (scheme, fields["mchid"], fields["serial_no"]) == ("WECHATPAY2-SHA256-RSA2048", MCHID, SERIAL)
    assert abs(int(fields["timestamp"]) - time.time()) < 10
    message = f"{method}\n{target}\n{fields['timestamp']}\n{fields['nonce_str']}\n".encode() + body + b"\n"
    key.public_key().verify(base64.b64decode(fields["signature"]), message, padding.PKCS1v15(), hashes.SHA256())


def test_a_payment_on_a_computer_is_a_qr_code(
    gateway: Gateway, at_gateway: Make, payment: PaymentRequest, keys: list[rsa.RSAPrivateKey]
) -> None:
    gateway.will_say({"code_url": "weixin://wxpay/bizpayurl?pr=NwY5Mz9"})
    how = at_gateway(h5=True).prepare(replace(payment, device="pc"))
    assert (how.by, how.target) == (PayBy.QR, "weixin://wxpay/bizpayurl?pr=NwY5Mz9")
    authorized(gateway, keys[0])
    ((method, target, body, headers),) = gateway.asked
    assert (method, target) == ("POST", "/v3/pay/transactions/native")
    assert (headers["content-type"], headers["wechatpay-serial"]) == ("application/json", PUBLIC_KEY_ID)
    assert json.loads(body) == {
        "appid": APPID,
        "mchid": MCHID,
        "description": payment.title,
        "out_trade_no": NUMBER,
        "notify_url": payment.notify_url,
        "amount": {"total": 9310, "currency": "CNY"},
    }


def test_a_payment_on_a_phone_opens_wechats_page_and_comes_back(
    gateway: Gateway, at_gateway: Make, payment: PaymentRequest
) -> None:
    gateway.will_say({"h5_url": "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=2"})
    how = at_gateway(h5=True).prepare(replace(payment, device="mobile"))
    assert how.by is PayBy.REDIRECT
    assert parse_qs(urlsplit(how.target).query)["redirect_url"] == [f"{payment.return_url}?out_trade_no={NUMBER}"]
    assert json.loads(gateway.asked[0][2])["scene_info"] == {
        "payer_client_ip": "203.0.113.7",
        "h5_info": {"type": "Wap"},
    }


def test_without_h5_a_phone_gets_the_qr_code_too(gateway: Gateway, at_gateway: Make, payment: PaymentRequest) -> None:
    gateway.will_say({"code_url": "weixin://wxpay/bizpayurl?pr=1"})
    assert at_gateway().prepare(replace(payment, device="mobile")).by is PayBy.QR


def test_money_to_be_shared_out_is_held(gateway: Gateway, at_gateway: Make, payment: PaymentRequest) -> None:
    gateway.will_say({"code_url": "weixin://wxpay/bizpayurl?pr=1"})
    at_gateway(profit_sharing=True).prepare(payment)
    assert json.loads(gateway.asked[0][2])["settle_info"] == {"profit_sharing": True}


def test_jsapi_is_offered_only_where_an_openid_is_known(
    gateway: Gateway, at_gateway: Make, payment: PaymentRequest, keys: list[rsa.RSAPrivateKey]
) -> None:
    inside = replace(payment, method="jsapi", payer_id="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
    for unknown in ("", "not an openid"):
        with pytest.raises(MethodUnavailable):
            at_gateway().prepare(replace(inside, payer_id=unknown))
    assert gateway.asked == []
    gateway.will_say({"prepay_id": "wx201410272009395522657a690389285100"})
    how = at_gateway().prepare(inside)
    assert json.loads(gateway.asked[0][2])["payer"] == {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
    fields = how.fields
    assert (how.by, fields["package"]) == (PayBy.BRIDGE, "prepay_id=wx201410272009395522657a690389285100")
    message = "\n".join((APPID, fields["timeStamp"], fields["nonceStr"], fields["package"], ""))
    keys[0].public_key().verify(
        base64.b64decode(fields["paySign"]), message.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


def test_a_way_that_is_not_set_up_is_refused(gateway: Gateway, at_gateway: Make, payment: PaymentRequest) -> None:
    for method in ("h5", "app", "alipay"):
        with pytest.raises(MethodUnavailable):
            at_gateway().prepare(replace(payment, method=method))
    assert gateway.asked == []


@pytest.mark.parametrize("changed", [{"amount_minor": 0}, {"currency": "USD"}, {"out_trade_no": "a/../b"}])
def test_what_wechat_cannot_take_is_not_asked(
    gateway: Gateway, at_gateway: Make, payment: PaymentRequest, changed: dict[str, object]
) -> None:
    with pytest.raises(BadInput):
        at_gateway().prepare(replace(payment, **changed))  # type: ignore[arg-type]
    assert gateway.asked == []


@pytest.mark.parametrize(
    "answer", [{}, {"code_url": ""}, {"code_url": "javascript:alert(1)"}, {"code_url": 1}, [], b"x"]
)
def test_an_answer_without_a_way_to_pay_is_an_error(
    gateway: Gateway, at_gateway: Make, payment: PaymentRequest, answer: object
) -> None:
    gateway.will_say(answer)
    with pytest.raises(ProviderError):
        at_gateway().prepare(payment)


def test_a_payment_is_asked_about_by_either_number(
    gateway: Gateway, at_gateway: Make, keys: list[rsa.RSAPrivateKey]
) -> None:
    channel, expected = at_gateway(), QueryResult(NUMBER, TRADE, 9310, "CNY", TradeStatus.PAID)
    gateway.will_say(PAID)
    assert channel.query(NUMBER) == expected
    authorized(gateway, keys[0])
    gateway.will_say(PAID)
    assert channel.query(NUMBER, TRADE) == expected
    authorized(gateway, keys[0])
    assert [target for _, target, _, _ in gateway.asked] == [
        f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid={MCHID}",
        f"/v3/pay/transactions/id/{TRADE}?mchid={MCHID}",
    ]


def test_the_till_asks_over_one_connection(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(PAID)
    gateway.will_say(PAID)

    async def twice() -> list[QueryResult]:
        async with at_gateway().session() as session:
            return [await session.query(NUMBER), await session.query(NUMBER, TRADE)]

    assert [found.paid for found in asyncio.run(twice())] == [True, True]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("NOTPAY", TradeStatus.UNPAID),
        ("USERPAYING", TradeStatus.UNPAID),
        ("CLOSED", TradeStatus.CLOSED),
        ("PAYERROR", TradeStatus.CLOSED),
        ("REFUND", TradeStatus.REFUNDED),
        ("SOMETHING_NEW", TradeStatus.OTHER),
    ],
)
def test_states_are_told_apart(gateway: Gateway, at_gateway: Make, state: str, status: TradeStatus) -> None:
    gateway.will_say(PAID | {"trade_state": state})
    assert at_gateway().query(NUMBER).status is status


def test_an_unknown_number_is_an_answer(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(NO_SUCH, 404)
    gateway.will_say(NO_SUCH, 404, signed=False)
    for _ in range(2):
        assert at_gateway().query(NUMBER).status is TradeStatus.NOT_FOUND


@pytest.mark.parametrize(
    "changed",
    [
        {"out_trade_no": "pay_other"},
        {"mchid": "1900009192"},
        {"appid": "wx0000000000000000"},
        {"amount": {"total": 9310, "currency": "USD"}},
        {"amount": {"total": "9310"}},
        {"amount": None},
        {"transaction_id": ""},
    ],
)
def test_an_answer_about_something_else_is_no_answer(
    gateway: Gateway, at_gateway: Make, changed: dict[str, object]
) -> None:
    gateway.will_say(PAID | changed)
    with pytest.raises(ProviderError):
        at_gateway().query(NUMBER)


def test_an_answer_about_another_payment_of_the_order_is_no_answer(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(PAID)
    with pytest.raises(ProviderError, match="something else"):
        at_gateway().query(NUMBER, "4200000000000000000000000009")


def test_an_answer_that_wechat_did_not_sign_is_no_answer(
    gateway: Gateway, at_gateway: Make, keys: list[rsa.RSAPrivateKey]
) -> None:
    channel = at_gateway()
    gateway.will_say(PAID, signed=False)
    gateway.platform.signs_with = keys[3]
    gateway.will_say(PAID)
    gateway.platform.signs_with, gateway.platform.timestamp = None, str(int(time.time()) - 600)
    gateway.will_say(PAID)
    gateway.platform.timestamp, gateway.platform.serial = "", "DEADBEEF" * 5
    gateway.will_say(PAID)
    for _ in range(4):
        with pytest.raises(ProviderError, match="not signed by WeChat Pay"):
            channel.query(NUMBER)


def test_a_forged_no_is_not_believed(gateway: Gateway, at_gateway: Make, keys: list[rsa.RSAPrivateKey]) -> None:
    gateway.platform.signs_with = keys[3]
    gateway.will_say(NO_SUCH, 404)
    with pytest.raises(ProviderError, match="not signed"):
        at_gateway().query(NUMBER)


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (401, "SIGN_ERROR", True),
        (400, "PARAM_ERROR", True),
        (403, "NO_AUTH", True),
        (429, "FREQUENCY_LIMITED", False),
        (500, "SYSTEM_ERROR", False),
        (403, "RATELIMIT_EXCEEDED", False),
    ],
)
def test_refusals_tell_whether_another_try_can_help(
    gateway: Gateway, at_gateway: Make, status: int, code: str, permanent: bool
) -> None:
    gateway.will_say({"code": code, "message": f"说明 {API_KEY}"}, status, signed=False)
    with pytest.raises(ProviderError, match=code) as failed:
        at_gateway().query(NUMBER)
    assert failed.value.permanent is permanent
    assert API_KEY not in str(failed.value)


@pytest.mark.parametrize("answer", [b"<html>502</html>", b"", b'{"code":1}'])
def test_a_broken_gateway_is_asked_again(gateway: Gateway, at_gateway: Make, answer: bytes) -> None:
    gateway.will_say(answer, 502, signed=False)
    with pytest.raises(ProviderError) as failed:
        at_gateway().query(NUMBER)
    assert not failed.value.permanent


def test_an_unpaid_payment_is_closed(gateway: Gateway, at_gateway: Make, keys: list[rsa.RSAPrivateKey]) -> None:
    gateway.will_say(b"", 204)
    at_gateway().close(NUMBER)
    authorized(gateway, keys[0])
    ((method, target, body, _),) = gateway.asked
    assert (method, target) == ("POST", f"/v3/pay/transactions/out-trade-no/{NUMBER}/close")
    assert json.loads(body) == {"mchid": MCHID}


@pytest.mark.parametrize("code", ["ORDER_CLOSED", "ORDER_NOT_EXIST"])
def test_closing_twice_or_what_was_never_opened_is_fine(gateway: Gateway, at_gateway: Make, code: str) -> None:
    gateway.will_say({"code": code, "message": ""}, 400)
    at_gateway().close(NUMBER)


def test_closing_what_was_paid_says_so(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"code": "ORDERPAID", "message": "订单已支付"}, 400)
    with pytest.raises(AlreadyPaid):
        at_gateway().close(NUMBER)


def test_closing_without_a_certain_answer_is_an_error(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(b"", 204, signed=False)
    gateway.will_say({"code": "SYSTEM_ERROR", "message": ""}, 500)
    for _ in range(2):
        with pytest.raises(ProviderError):
            at_gateway().close(NUMBER)


def test_a_refund_is_sent_with_its_number(gateway: Gateway, at_gateway: Make, keys: list[rsa.RSAPrivateKey]) -> None:
    gateway.will_say(REFUND_ANSWER)
    at_gateway().refund(REFUND)
    authorized(gateway, keys[0])
    ((method, target, body, _),) = gateway.asked
    assert (method, target) == ("POST", "/v3/refund/domestic/refunds")
    assert json.loads(body) == {
        "transaction_id": TRADE,
        "out_refund_no": REFUND.refund_no,
        "amount": {"refund": 310, "total": 9310, "currency": "CNY"},
        "notify_url": "https://shop.example/n",
    }


def test_a_refund_in_progress_is_not_done_yet(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(REFUND_ANSWER | {"status": "PROCESSING"})
    with pytest.raises(OutcomeUnknown):
        at_gateway().refund(REFUND)


@pytest.mark.parametrize("state", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_got_stuck_needs_a_person(gateway: Gateway, at_gateway: Make, state: str) -> None:
    gateway.will_say(REFUND_ANSWER | {"status": state})
    with pytest.raises(ProviderError) as failed:
        at_gateway().refund(REFUND)
    assert failed.value.permanent
    assert not isinstance(failed.value, OutcomeUnknown)


def test_a_refused_refund_is_an_ordinary_error(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"code": "NOT_ENOUGH", "message": "余额不足"}, 403)
    with pytest.raises(ProviderError, match="余额不足") as failed:
        at_gateway().refund(REFUND)
    assert failed.value.permanent
    assert not isinstance(failed.value, OutcomeUnknown)


def test_a_refund_without_an_answer_is_uncertain(
    gateway: Gateway, at_gateway: Make, keys: list[rsa.RSAPrivateKey]
) -> None:
    with pytest.raises(OutcomeUnknown):  # hangs up
        at_gateway().refund(REFUND)
    gateway.will_say({"code": "SYSTEM_ERROR", "message": ""}, 500)
    gateway.will_say(REFUND_ANSWER, signed=False)
    gateway.will_say(REFUND_ANSWER | {"out_refund_no": "ref_other"})
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            at_gateway().refund(REFUND)


@pytest.mark.parametrize(
    "refund",
    [
        replace(REFUND, refund_no=""),
        replace(REFUND, amount_minor=0),
        replace(REFUND, amount_minor=9311),
        replace(REFUND, total_minor=0),
        replace(REFUND, currency="USD"),
    ],
)
def test_a_refund_that_cannot_be_right_is_not_sent(gateway: Gateway, at_gateway: Make, refund: RefundRequest) -> None:
    with pytest.raises(BadInput):
        at_gateway().refund(refund)
    assert gateway.asked == []


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("SUCCESS", RefundStatus.DONE),
        ("PROCESSING", RefundStatus.PENDING),
        ("ABNORMAL", RefundStatus.FAILED),
        ("CLOSED", RefundStatus.FAILED),
        ("SOMETHING_NEW", RefundStatus.UNKNOWN),
    ],
)
def test_a_refund_is_asked_about_by_our_number(
    gateway: Gateway, at_gateway: Make, state: str, status: RefundStatus
) -> None:
    gateway.will_say(REFUND_ANSWER | {"status": state})
    assert at_gateway().refund_query(REFUND) == RefundResult(status, 310, "50200207182018070300011301001")
    assert gateway.asked[0][1] == f"/v3/refund/domestic/refunds/{REFUND.refund_no}"


def test_a_refund_wechat_never_heard_of_is_an_answer(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"}, 404)
    assert at_gateway().refund_query(REFUND) == RefundResult(RefundStatus.NOT_FOUND)


def test_a_refund_of_another_amount_is_no_answer(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(REFUND_ANSWER | {"amount": {"total": 9310, "refund": 9310}})
    with pytest.raises(ProviderError, match="another amount"):
        at_gateway().refund_query(REFUND)


def test_the_test_button_says_who_we_are_or_what_is_wrong(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(NO_SUCH, 404)
    assert at_gateway().check() == f"mchid {MCHID}"
    gateway.will_say({"code": "SIGN_ERROR", "message": "签名错误"}, 401, signed=False)
    with pytest.raises(ProviderError, match="SIGN_ERROR"):
        at_gateway().check()
    gateway.platform.serial = "PUB_KEY_ID_0999999999"
    gateway.will_say(NO_SUCH, 404)
    with pytest.raises(ProviderError, match="unknown_serial"):
        at_gateway().check()


def test_nothing_secret_is_logged(
    gateway: Gateway, at_gateway: Make, payment: PaymentRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.will_say({"code_url": "weixin://wxpay/bizpayurl?pr=1"})
    at_gateway().prepare(payment)
    signature = gateway.asked[0][3]["authorization"].split('signature="')[1][:40]
    assert API_KEY not in caplog.text
    assert signature not in caplog.text
