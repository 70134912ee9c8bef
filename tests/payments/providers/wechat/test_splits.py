"""Profit sharing: each answer must be about the split that was asked for, and no answer is uncertain, never a no."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.payments.providers.wechat.wechat_side import APPID, NUMBER, PUBLIC_KEY_ID, TRADE, Gateway
from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.splitting import SplitRequest, SplitResult, SplitStatus
from xinka.payments.providers.wechat.provider import WechatProvider

Make = Callable[..., WechatProvider]
SHARE = SplitRequest(NUMBER, TRADE, "spl_0001", 8000, "CNY", "1900000109", note="ord_1")
BACK = replace(SHARE, split_no="spl_0002", origin_no="spl_0001", amount_minor=3000)
REST = SplitRequest(NUMBER, TRADE, "spl_0003", 1310, "CNY", "1900000109")
PART = {"type": "MERCHANT_ID", "account": "1900000109", "amount": 8000, "result": "SUCCESS"}
SHARED = {
    "transaction_id": TRADE, "out_order_no": "spl_0001", "order_id": "3008", "state": "FINISHED", "receivers": [PART],
}  # fmt: skip
RETURNED = {
    "order_id": "3008", "out_order_no": "spl_0001", "out_return_no": "spl_0002", "return_no": "3009",
    "return_mchid": "1900000109", "amount": 3000, "result": "SUCCESS",
}  # fmt: skip


def test_a_share_names_receiver_and_amount(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(SHARED)
    assert at_gateway().share(SHARE) == SplitResult(SplitStatus.DONE, 8000, "3008")
    assert json.loads(gateway.asked[0][2]) == {
        "appid": APPID,
        "transaction_id": TRADE,
        "out_order_no": "spl_0001",
        "receivers": [{"type": "MERCHANT_ID", "account": "1900000109", "amount": 8000, "description": "ord_1"}],
        "unfreeze_unsplit": False,
    }


def test_a_receiver_with_a_name_is_registered_first_under_wechats_key(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"type": "MERCHANT_ID", "account": "1900000109"})
    gateway.will_say(SHARED)
    at_gateway(certificates="").share(replace(SHARE, receiver_name="艾达卡铺"))
    (_, first, body, headers), (_, second, _, _) = gateway.asked
    assert (first, second) == ("/v3/profitsharing/receivers/add", "/v3/profitsharing/orders")
    assert headers["wechatpay-serial"] == PUBLIC_KEY_ID
    sealed = base64.b64decode(json.loads(body)["name"])
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - prescribed by WeChat
    assert gateway.platform.key.decrypt(sealed, oaep).decode() == "艾达卡铺"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"state": "PROCESSING"}, SplitStatus.PENDING),
        ({"receivers": [PART | {"result": "PENDING"}]}, SplitStatus.PENDING),
        ({"receivers": [PART | {"result": "CLOSED", "fail_reason": "ACCOUNT_ABNORMAL"}]}, SplitStatus.FAILED),
        ({"receivers": [PART | {"result": "SOMETHING_NEW"}]}, SplitStatus.PENDING),
    ],
)
def test_a_share_is_done_only_when_its_receiver_has_it(
    gateway: Gateway, at_gateway: Make, changed: dict[str, object], expected: SplitStatus
) -> None:
    gateway.will_say(SHARED | changed)
    found = at_gateway().share(SHARE)
    assert found.status is expected
    assert found.reason == ("ACCOUNT_ABNORMAL" if expected is SplitStatus.FAILED else "")


@pytest.mark.parametrize(
    "changed",
    [
        {"out_order_no": "spl_9999"},
        {"transaction_id": "4200"},
        {"receivers": []},
        {"receivers": [PART | {"account": "1900000110"}]},
        {"receivers": [PART | {"amount": 1}]},
        {"receivers": "x"},
    ],
)
def test_an_answer_about_another_share_is_uncertain(
    gateway: Gateway, at_gateway: Make, changed: dict[str, object]
) -> None:
    gateway.will_say(SHARED | changed)
    with pytest.raises(ProviderError) as failed:
        at_gateway().share(SHARE)
    assert isinstance(failed.value, OutcomeUnknown) or not failed.value.permanent


def test_a_refusal_is_final_and_no_answer_is_uncertain(gateway: Gateway, at_gateway: Make) -> None:
    with pytest.raises(OutcomeUnknown):  # hangs up
        at_gateway().share(SHARE)
    gateway.will_say({"code": "SYSTEM_ERROR", "message": ""}, 500)
    gateway.will_say(SHARED, signed=False)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            at_gateway().share(SHARE)
    gateway.will_say({"code": "NOT_ENOUGH", "message": "分账金额超过剩余待分"}, 403)
    with pytest.raises(ProviderError, match="NOT_ENOUGH") as failed:
        at_gateway().share(SHARE)
    assert failed.value.permanent
    assert not isinstance(failed.value, OutcomeUnknown)


def test_a_return_is_asked_for_by_the_share_it_takes_from(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say(RETURNED)
    assert at_gateway().split_return(BACK) == SplitResult(SplitStatus.DONE, 3000, "3009")
    body = json.loads(gateway.asked[0][2])
    assert (body["out_order_no"], body["out_return_no"], body["amount"]) == ("spl_0001", "spl_0002", 3000)


@pytest.mark.parametrize(
    ("result", "expected"),
    [("PROCESSING", SplitStatus.PENDING), ("FAILED", SplitStatus.FAILED), ("FAIL", SplitStatus.FAILED)],
)
def test_a_return_may_take_its_time_or_fail(
    gateway: Gateway, at_gateway: Make, result: str, expected: SplitStatus
) -> None:
    gateway.will_say(RETURNED | {"result": result})
    assert at_gateway().split_return(BACK).status is expected


@pytest.mark.parametrize(
    "changed", [{"out_return_no": "spl_9"}, {"return_mchid": "1"}, {"amount": 1}, {"amount": "3000"}]
)
def test_an_answer_about_another_return_is_no_answer(
    gateway: Gateway, at_gateway: Make, changed: dict[str, object]
) -> None:
    gateway.will_say(RETURNED | changed)
    with pytest.raises(ProviderError):
        at_gateway().split_query(BACK)


def test_the_rest_is_let_go(gateway: Gateway, at_gateway: Make) -> None:
    ours = {"type": "MERCHANT_ID", "account": "1900009191", "amount": 1310, "result": "SUCCESS"}
    answer = SHARED | {"out_order_no": "spl_0003", "receivers": [ours]}
    gateway.will_say(answer)
    gateway.will_say(answer)
    for found in (at_gateway().unfreeze(REST), at_gateway().split_query(REST)):
        assert (found.status, found.amount_minor) == (SplitStatus.DONE, 0)
    assert [target.partition("?")[0] for _, target, _, _ in gateway.asked] == [
        "/v3/profitsharing/orders/unfreeze", "/v3/profitsharing/orders/spl_0003",
    ]  # fmt: skip


def test_what_wechat_never_heard_of_is_an_answer(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"code": "RESOURCE_NOT_EXISTS", "message": ""}, 404)
    assert at_gateway().split_query(SHARE) == SplitResult(SplitStatus.NOT_FOUND)


@pytest.mark.parametrize("changed", [{"amount_minor": 0}, {"currency": "USD"}, {"split_no": "x"}, {"trade_no": ""}])
def test_a_split_that_cannot_be_right_is_not_sent(
    gateway: Gateway, at_gateway: Make, changed: dict[str, object]
) -> None:
    with pytest.raises(BadInput):
        at_gateway().share(replace(SHARE, **changed))  # type: ignore[arg-type]
    assert gateway.asked == []
