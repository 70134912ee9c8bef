"""How WeChat's answers are read: signed like its notices, about exactly what was asked, or they are no answer.

An answer that says no may come without a signature (WeChat does not sign each of them); over TLS that is enough for a
no. An answer that says yes never may.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from xinka.kernel.errors import ProviderError, sentence
from xinka.payments.providers.answers import quotable
from xinka.payments.providers.errors import AlreadyPaid, NoticeRefused, OutcomeUnknown
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import (
    HowToPay,
    PayBy,
    PaymentRequest,
    QueryResult,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.wechat import wire
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.notice import CURRENCY, check_merchant, fen_of
from xinka.payments.providers.wechat.sealed import read_object

_CODE = re.compile(r"[A-Z0-9_]{1,64}", re.ASCII)
#: Refusals that another try may overcome, whatever their HTTP status.
_TEMPORARY = {
    "SYSTEM_ERROR", "SYSTEMERROR", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED", "BANK_ERROR",
    "BIZERR_NEED_RETRY", "USERPAYING",
}  # fmt: skip
_UNKNOWN = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXIST"}
_PAID = {"ORDERPAID", "ORDER_PAID"}
_CLOSED = {"ORDER_CLOSED", "ORDERCLOSED"}
_TRADES = {
    "SUCCESS": TradeStatus.PAID,
    "REFUND": TradeStatus.REFUNDED,
    "NOTPAY": TradeStatus.UNPAID,
    "USERPAYING": TradeStatus.UNPAID,
    "PAYERROR": TradeStatus.CLOSED,
    "CLOSED": TradeStatus.CLOSED,
}
_REFUNDS = {
    "SUCCESS": RefundStatus.DONE,
    "PROCESSING": RefundStatus.PENDING,
    "ABNORMAL": RefundStatus.FAILED,
    "CLOSED": RefundStatus.FAILED,
}


class Declined(ProviderError):
    """WeChat understood and said no; ``code`` is its reason."""

    def __init__(self, code: str, message: str, *, permanent: bool) -> None:
        super().__init__(sentence("WeChat Pay refused"), permanent=permanent, quote=f"{code} {message}".rstrip())
        self.code = code


def accepted(config: WechatConfig, reply: Reply, *, now: float) -> dict[str, object]:
    """Return the fields of an answer that says yes and is signed; a 204 has none.

    Raises:
        Declined: if it says no.
        ProviderError: if it is no answer of WeChat's.
    """
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        raise _declined(config, reply, now=now)
    _check_signature(config, reply, now=now)
    if reply.status == HTTPStatus.NO_CONTENT and not reply.body:
        return {}
    return _fields(reply)


def judge_created(config: WechatConfig, reply: Reply, payment: PaymentRequest, way: str, *, now: float) -> HowToPay:
    """Return how to pay: the text of a QR code, WeChat's page for a phone's browser, or a page's own call."""
    answer = accepted(config, reply, now=now)
    if way == wire.NATIVE:
        return HowToPay(PayBy.QR, _address(answer, "code_url", ("weixin", "https", "http")))
    if way == wire.H5:
        return HowToPay(PayBy.REDIRECT, wire.with_way_back(_address(answer, "h5_url", ("https", "http")), payment))
    prepay_id = answer.get("prepay_id")
    if not isinstance(prepay_id, str) or not re.fullmatch(r"[0-9A-Za-z_\-]{1,64}", prepay_id):
        raise ProviderError("WeChat Pay named no prepay_id", permanent=True)
    fields = config.merchant.bridge_fields(config.appid, prepay_id, now=int(now), nonce=wire.fresh_nonce())
    return HowToPay(PayBy.BRIDGE, "getBrandWCPayRequest", fields)


def judge_order(
    config: WechatConfig, reply: Reply, out_trade_no: str, trade_no: str = "", *, now: float
) -> QueryResult:
    """Return what WeChat says about one payment; the answer must name that payment, our merchant and our app."""
    try:
        answer = accepted(config, reply, now=now)
    except Declined as refusal:
        if refusal.code in _UNKNOWN:
            return QueryResult(out_trade_no, trade_no, 0, CURRENCY, TradeStatus.NOT_FOUND)
        raise
    _must_be_about(answer, {"out_trade_no": out_trade_no} | ({"transaction_id": trade_no} if trade_no else {}))
    try:
        check_merchant(config, answer)
        status = _TRADES.get(str(answer.get("trade_state")), TradeStatus.OTHER)
        # Some states come without an amount; those that mean money must name it.
        known = status in (TradeStatus.PAID, TradeStatus.REFUNDED)
        amount = fen_of(answer, "total") if known or "amount" in answer else 0
    except NoticeRefused as refusal:
        raise ProviderError("WeChat Pay's answer is not usable", quote=refusal.code) from None
    number = answer.get("transaction_id", "")
    if not isinstance(number, str) or (known and not number):
        raise ProviderError("WeChat Pay names a payment without its number")
    return QueryResult(out_trade_no, number, amount, CURRENCY, status)


def judge_closed(config: WechatConfig, reply: Reply, *, now: float) -> None:
    """Return if nobody can pay the trade any more; raises ``AlreadyPaid``."""
    try:
        accepted(config, reply, now=now)
    except Declined as refusal:
        if refusal.code in _PAID:
            raise AlreadyPaid from None
        if refusal.code not in _CLOSED | _UNKNOWN:
            raise


def judge_refund(config: WechatConfig, reply: Reply, refund: RefundRequest, *, now: float) -> RefundResult:
    """Return the state of the one refund that was asked for or asked about."""
    answer = accepted(config, reply, now=now)
    about = {"out_refund_no": refund.refund_no} | ({"transaction_id": refund.trade_no} if refund.trade_no else {})
    _must_be_about(answer, about)
    amount = answer.get("amount")
    if not isinstance(amount, Mapping) or amount.get("refund") != refund.amount_minor:
        raise ProviderError("WeChat Pay answered about a refund of another amount", permanent=True)
    status = _REFUNDS.get(str(answer.get("status")), RefundStatus.UNKNOWN)
    number = answer.get("refund_id")
    return RefundResult(status, refund.amount_minor, number if isinstance(number, str) else "")


def judge_refund_query(config: WechatConfig, reply: Reply, refund: RefundRequest, *, now: float) -> RefundResult:
    """As ``judge_refund``; a refund WeChat never heard of is an answer too."""
    try:
        return judge_refund(config, reply, refund, now=now)
    except Declined as refusal:
        if refusal.code in _UNKNOWN:
            return RefundResult(RefundStatus.NOT_FOUND)
        raise


def confirm_refund(result: RefundResult) -> None:
    """Return if the money is back.

    Raises:
        OutcomeUnknown: while WeChat works on it; ask again later.
        ProviderError: if it will not come through by itself (an account closed, for instance).
    """
    if result.status in (RefundStatus.PENDING, RefundStatus.UNKNOWN):
        raise OutcomeUnknown("the refund is being processed")
    if result.status is not RefundStatus.DONE:
        raise ProviderError("WeChat Pay could not hand the refund out; see its merchant platform", permanent=True)


def _declined(config: WechatConfig, reply: Reply, *, now: float) -> ProviderError:
    if "wechatpay-signature" in reply.headers:
        _check_signature(config, reply, now=now)
    try:
        answer = _fields(reply)
    except ProviderError:
        answer = {}
    code, message = str(answer.get("code", "")), str(answer.get("message", ""))
    if not _CODE.fullmatch(code):
        return ProviderError("WeChat Pay answered", quote=f"HTTP {reply.status}")
    lasting = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    lasting = lasting and reply.status != HTTPStatus.TOO_MANY_REQUESTS and code not in _TEMPORARY
    return Declined(code, quotable(message, config.api_v3_key), permanent=lasting)


def _check_signature(config: WechatConfig, reply: Reply, *, now: float) -> None:
    try:
        config.platform.check(reply.headers, reply.body, now=now)
    except NoticeRefused as refusal:
        raise ProviderError("the answer is not signed by WeChat Pay", quote=refusal.code) from None


def _fields(reply: Reply) -> dict[str, object]:
    try:
        return read_object(reply.body)
    except NoticeRefused:
        raise ProviderError("WeChat Pay did not answer in JSON") from None


def _must_be_about(answer: Mapping[str, object], wanted: Mapping[str, str]) -> None:
    if any(answer.get(name) != value for name, value in wanted.items()):
        raise ProviderError("WeChat Pay answered about something else")


def _address(answer: Mapping[str, object], name: str, schemes: tuple[str, ...]) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{8,2000}", value) or value.split("://")[0] not in schemes:
        raise ProviderError("WeChat Pay gave no usable address", permanent=True, quote=name)
    return value
