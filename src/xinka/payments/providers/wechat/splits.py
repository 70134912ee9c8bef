"""Profit sharing (分账): WeChat freezes a payment's money; we share it out, call it back, or let the rest go."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from xinka.kernel.errors import BadInput, ProviderError, sentence
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import Call, ask
from xinka.payments.providers.splitting import SplitRequest, SplitResult, SplitStatus
from xinka.payments.providers.wechat import replies, wire
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.notice import CURRENCY
from xinka.payments.providers.wechat.replies import Declined

_MERCHANT = "MERCHANT_ID"
_RELATION = "STORE_OWNER"
_MAX_NOTE = 80
_PARTS = {"SUCCESS": SplitStatus.DONE, "PENDING": SplitStatus.PENDING, "CLOSED": SplitStatus.FAILED}
_RETURNS = {
    "SUCCESS": SplitStatus.DONE,
    "PROCESSING": SplitStatus.PENDING,
    "FAILED": SplitStatus.FAILED,
    "FAIL": SplitStatus.FAILED,
}
_NO_SUCH = {"RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXIST", "ORDER_NOT_EXIST"}


class Splits:
    """The profit sharing of one channel, for code without an event loop."""

    def __init__(self, config: WechatConfig) -> None:
        self._config = config

    def share(self, split: SplitRequest) -> SplitResult:
        """Give a receiver a part of the frozen money; one whose name is given is registered first."""
        _check_amount(split)
        if split.receiver_name:
            self._register(split)
        receiver: dict[str, object] = {
            "type": split.receiver_kind or _MERCHANT,
            "account": split.receiver,
            "amount": split.amount_minor,
            "description": _note(split),
        }
        body = {
            "appid": self._config.appid,
            "transaction_id": wire.number(split.trade_no),
            "out_order_no": wire.number(split.split_no),
            "receivers": [receiver],
            "unfreeze_unsplit": False,
        }
        found = _judge_order(self._move("/v3/profitsharing/orders", body), split)
        if found.amount_minor != split.amount_minor:
            raise OutcomeUnknown("profit sharing", quote=sentence("the answer does not name the receiver's share"))
        return found

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Let go what is still frozen."""
        body = {
            "transaction_id": wire.number(split.trade_no),
            "out_order_no": wire.number(split.split_no),
            "description": _note(split),
        }
        return _judge_order(self._move("/v3/profitsharing/orders/unfreeze", body), split)

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Call back (a part of) what a receiver got."""
        _check_amount(split)
        body = {
            "out_order_no": wire.number(split.origin_no),
            "out_return_no": wire.number(split.split_no),
            "return_mchid": split.receiver,
            "amount": split.amount_minor,
            "description": _note(split),
        }
        return _judge_return(self._move("/v3/profitsharing/return-orders", body), split)

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Ask about one sharing or, with ``origin_no``, about one return."""
        if split.origin_no:
            kind, about = "return-orders", f"out_order_no={wire.number(split.origin_no)}"
        else:
            kind, about = "orders", f"transaction_id={wire.number(split.trade_no)}"
        target = f"/v3/profitsharing/{kind}/{wire.number(split.split_no)}?{about}"
        reply = ask(wire.signed(self._config, "GET", target, now=time.time()))
        try:
            answer = replies.accepted(self._config, reply, now=time.time())
        except Declined as refusal:
            if refusal.code in _NO_SUCH:
                return SplitResult(SplitStatus.NOT_FOUND)
            raise
        return _judge_return(answer, split) if split.origin_no else _judge_order(answer, split)

    def _move(self, target: str, body: Mapping[str, object]) -> dict[str, object]:
        """Make a call that moves money; without a certain answer it is an ``OutcomeUnknown``."""
        call = wire.signed(self._config, "POST", target, body, now=time.time())
        try:
            return replies.accepted(self._config, ask(call), now=time.time())
        except ProviderError as error:
            if error.permanent:
                raise
            raise OutcomeUnknown("profit sharing", quote=str(error)) from None

    def _register(self, split: SplitRequest) -> None:
        """Name the receiver to WeChat, which only shares with those it knows; doing it again changes nothing."""
        serial, key = self._config.platform.newest()
        sealed = key.encrypt(split.receiver_name.encode(), OAEP(MGF1(SHA1()), SHA1(), None))  # noqa: S303 - prescribed
        body = {
            "appid": self._config.appid,
            "type": split.receiver_kind or _MERCHANT,
            "account": split.receiver,
            "name": base64.b64encode(sealed).decode(),
            "relation_type": _RELATION,
        }
        call = wire.signed(self._config, "POST", "/v3/profitsharing/receivers/add", body, now=time.time())
        call = Call(call.method, call.url, headers={**call.headers, "wechatpay-serial": serial}, content=call.content)
        replies.accepted(self._config, ask(call), now=time.time())


def _judge_order(answer: Mapping[str, object], split: SplitRequest) -> SplitResult:
    """Return what became of one sharing or unfreezing; it must be the one that was asked for.

    A sharing names its receiver. An unfreezing names nobody, or the merchant number that the money stays with.
    """
    if answer.get("out_order_no") != split.split_no or answer.get("transaction_id") != split.trade_no:
        raise ProviderError("WeChat Pay answered about another profit sharing")
    number, parts = str(answer.get("order_id", "")), answer.get("receivers") or []
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ProviderError("WeChat Pay's answer about a profit sharing is not readable")
    parts = [part for part in parts if split.receiver and part.get("account") == split.receiver]
    amount = sum(part["amount"] for part in parts if type(part.get("amount")) is int)
    if answer.get("state") != "FINISHED":
        return SplitResult(SplitStatus.PENDING, amount, number)
    found = {_PARTS.get(str(part.get("result")), SplitStatus.PENDING) for part in parts}
    for status in (SplitStatus.FAILED, SplitStatus.PENDING):
        if status in found:
            reasons = [str(part["fail_reason"]) for part in parts if part.get("fail_reason")]
            return SplitResult(status, amount, number, ", ".join(reasons)[:120])
    return SplitResult(SplitStatus.DONE, amount, number)


def _judge_return(answer: Mapping[str, object], split: SplitRequest) -> SplitResult:
    if answer.get("out_return_no") != split.split_no or answer.get("return_mchid") != split.receiver:
        raise ProviderError("WeChat Pay answered about another return")
    amount = answer.get("amount")
    if type(amount) is not int or amount != split.amount_minor:
        raise ProviderError("WeChat Pay answered about a return of another amount")
    status = _RETURNS.get(str(answer.get("result")), SplitStatus.PENDING)
    return SplitResult(status, amount, str(answer.get("return_no", "")), str(answer.get("fail_reason") or "")[:120])


def _check_amount(split: SplitRequest) -> None:
    if split.amount_minor <= 0 or split.currency != CURRENCY:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")


def _note(split: SplitRequest) -> str:
    return wire.plain_title(split.note or split.split_no)[:_MAX_NOTE]
