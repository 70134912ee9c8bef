"""Profit-sharing at Alipay (分账): shares of money that ``royalty_freeze`` keeps frozen, until the trade is finished.

Alipay takes a share back only together with a refund (``refund_royalty_parameters``), so a return by itself is refused
here and left to a person. *To be confirmed with a live gateway*: that finishing needs no receiver.
"""

from __future__ import annotations

import time
from typing import Any

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount, plain_amount
from xinka.payments.providers.alipay import replies, wire
from xinka.payments.providers.alipay.client import AlipayClient
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig
from xinka.payments.providers.alipay.replies import BusinessRefusal
from xinka.payments.providers.errors import NotOffered, OutcomeUnknown
from xinka.payments.providers.splitting import SplitRequest, SplitResult, SplitStatus

SETTLE, SETTLE_QUERY = "alipay.trade.order.settle", "alipay.trade.order.settle.query"
BIND = "alipay.trade.royalty.relation.bind"
_USER = "userId"
_UNKNOWN = frozenset({"ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_SETTLE_NOT_EXIST", "ACQ.SETTLE_NOT_EXIST"})
_STATES = {"SUCCESS": SplitStatus.DONE, "PROCESSING": SplitStatus.PENDING, "FAIL": SplitStatus.FAILED}


class Splits:
    """The profit-sharing calls of one application."""

    def __init__(self, config: AlipayConfig) -> None:
        self._config = config

    def share(self, split: SplitRequest) -> SplitResult:
        """Give a receiver a part of the frozen money; one whose name is given is registered first."""
        if split.amount_minor <= 0 or split.currency != CURRENCY:
            raise BadInput(
                field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here"
            )
        kind = split.receiver_kind or _USER
        if split.receiver_name:
            receiver = {"type": kind, "account": split.receiver, "name": split.receiver_name}
            self._move(BIND, {"receiver_list": [receiver], "out_request_no": wire.number(f"b{split.split_no}")})
        part = {
            "royalty_type": "transfer",
            "trans_in_type": kind,
            "trans_in": split.receiver,
            "amount": plain_amount(split.amount_minor, CURRENCY),
            "desc": split.note[:100],
        }
        answer = self._move(SETTLE, {**_numbers(split), "royalty_parameters": [part], "royalty_mode": "sync"})
        return SplitResult(SplitStatus.DONE, split.amount_minor, replies.text_of(answer, "settle_no"))

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Finish the sharing: what is still frozen is the seller's own."""
        answer = self._move(SETTLE, {**_numbers(split), "extend_params": {"royalty_finish": "true"}})
        return SplitResult(SplitStatus.DONE, 0, replies.text_of(answer, "settle_no"))

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Alipay has no such call by itself."""
        raise NotOffered("taking a share back without a refund")

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Ask about one share or finishing."""
        try:
            answer = self._ask(SETTLE_QUERY, _numbers(split))
        except BusinessRefusal as refusal:
            if refusal.sub_code in _UNKNOWN:
                return SplitResult(SplitStatus.NOT_FOUND)
            raise
        if replies.text_of(answer, "out_request_no") != split.split_no:
            raise ProviderError("Alipay answered about another share")
        details = answer.get("royalty_detail_list")
        if not isinstance(details, list) or not details:
            return SplitResult(SplitStatus.DONE, 0, replies.text_of(answer, "settle_no"))
        return _judge(details[0])

    def _move(self, method: str, content: dict[str, object]) -> dict[str, Any]:
        """Make a call that moves money; without a signed answer it is an ``OutcomeUnknown``."""
        try:
            return self._ask(method, content)
        except BusinessRefusal:
            raise
        except ProviderError as error:
            raise OutcomeUnknown("share", quote=str(error)) from None

    def _ask(self, method: str, content: dict[str, object]) -> dict[str, Any]:
        call = wire.plain_call(self._config, method, content, time.time())
        return AlipayClient(self._config).run(lambda client: client.ask(call, method))


def _numbers(split: SplitRequest) -> dict[str, object]:
    return {"trade_no": wire.number(split.trade_no), "out_request_no": wire.number(split.split_no)}


def _judge(detail: dict[str, Any]) -> SplitResult:
    status = _STATES.get(replies.text_of(detail, "state"), SplitStatus.PENDING)
    try:
        amount = parse_amount(replies.text_of(detail, "amount"), CURRENCY)
    except BadInput:
        raise ProviderError("Alipay named no readable amount") from None
    return SplitResult(status, amount, replies.text_of(detail, "detail_id"), replies.text_of(detail, "error_desc"))
