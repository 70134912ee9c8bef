"""How an epay V2 gateway's answers are read: a yes only counts with the platform's signature and a fresh timestamp."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers.answers import NO_REASON, check_ok, quotable
from xinka.payments.providers.epay_v2.config import EpayV2Config
from xinka.payments.providers.epay_v2.signing import agrees
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import (
    HowToPay,
    PayBy,
    QueryResult,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.strict_json import read_object

_OK = "0"
_FRESH_SECONDS = 600
_STATUSES = {"0": TradeStatus.UNPAID, "1": TradeStatus.PAID, "2": TradeStatus.REFUNDED}
_REFUNDS = {"0": RefundStatus.FAILED, "1": RefundStatus.DONE, "2": RefundStatus.PENDING}
#: The usual wordings; any other refusal of a question is an error, not an answer.
_NO_SUCH = re.compile(
    "(订单|退款)(号|单号?)?不存在|没有(该|此)(订单|退款)|(order|refund|trade) .{0,60}not (found|exist)"
    "|no such (order|trade|refund)",
    re.IGNORECASE,
)
_APP_SCHEME = re.compile(r"(?!javascript|data|vbscript|file|blob)[a-z][a-z0-9+.\-]*://[!-~]{1,2000}", re.IGNORECASE)
_MAX_QR = 2000


def judge_created(config: EpayV2Config, reply: Reply, now: float) -> HowToPay | None:
    """Return how to pay from the answer of ``create``, or ``None`` if the gateway wants its own page shown."""
    answer = accepted(config, reply, now)
    kind, info, trade_no = answer.get("pay_type", ""), answer.get("pay_info", ""), answer.get("trade_no", "")
    if kind == "qrcode":
        if not info or len(info) > _MAX_QR or not info.isprintable():
            raise ProviderError("the gateway's QR text is not usable", permanent=True)
        return HowToPay(PayBy.QR, info, trade_no=trade_no)
    if kind == "jump":
        if urlsplit(info).scheme not in ("http", "https") or not info.isprintable():
            raise ProviderError("the gateway's payment address is not a web address", permanent=True)
        return HowToPay(PayBy.REDIRECT, info, trade_no=trade_no)
    if kind == "urlscheme":
        if not _APP_SCHEME.fullmatch(info):
            raise ProviderError("the gateway's app link is not usable", permanent=True)
        return HowToPay(PayBy.APP_LINK, info, trade_no=trade_no)
    return None


def judge_order(config: EpayV2Config, reply: Reply, out_trade_no: str, trade_no: str, now: float) -> QueryResult:
    """Return what the gateway says about one payment; the answer must name that payment and our merchant number."""
    answer = _read(reply)
    if answer.get("code") != _OK:
        if _NO_SUCH.search(answer.get("msg", "")):
            return QueryResult(out_trade_no, trade_no, 0, config.currency, TradeStatus.NOT_FOUND)
        raise ProviderError("the gateway refused the question", quote=_quote(answer))
    _check_signed(config, answer, now)
    if answer.get("out_trade_no") != out_trade_no or answer.get("pid", config.pid) != config.pid:
        raise ProviderError("the gateway answered about another payment")
    if trade_no and answer.get("trade_no") != trade_no:
        raise ProviderError("the gateway answered about another payment of the same order")
    amount = _amount(config, answer)
    status = _STATUSES.get(answer.get("status", ""), TradeStatus.OTHER)
    return QueryResult(out_trade_no, answer.get("trade_no", ""), amount, config.currency, status)


def judge_refund(config: EpayV2Config, reply: Reply, refund: RefundRequest, now: float) -> RefundResult:
    """Return what the gateway says about one refund."""
    answer = _read(reply)
    if answer.get("code") != _OK:
        if _NO_SUCH.search(answer.get("msg", "")):
            return RefundResult(RefundStatus.NOT_FOUND)
        raise ProviderError("the gateway refused the question", quote=_quote(answer))
    _check_signed(config, answer, now)
    if answer.get("out_refund_no") != refund.refund_no:
        raise ProviderError("the gateway answered about another refund")
    status = _REFUNDS.get(answer.get("status", ""), RefundStatus.UNKNOWN)
    return RefundResult(status, _amount(config, answer), answer.get("refund_no", ""))


def accepted(config: EpayV2Config, reply: Reply, now: float) -> dict[str, str]:
    """Return the fields of a signed answer that says yes."""
    answer = _read(reply)
    if not answer.get("code"):
        # An error page in JSON, of a proxy for instance: a refund may have gone through behind it.
        raise ProviderError("the gateway said neither yes nor no", quote=_quote(answer))
    if answer["code"] != _OK:
        raise ProviderError("the gateway refused", permanent=True, quote=_quote(answer))
    _check_signed(config, answer, now)
    return answer


def _check_signed(config: EpayV2Config, answer: Mapping[str, str], now: float) -> None:
    if not agrees(config, answer):
        raise ProviderError("the gateway's answer is not signed with the platform's key")
    stamp = answer.get("timestamp", "")
    if stamp and not (stamp.isascii() and stamp.isdigit() and abs(now - int(stamp)) <= _FRESH_SECONDS):
        raise ProviderError("the gateway's answer is not of this moment; compare both clocks")


def _amount(config: EpayV2Config, answer: Mapping[str, str]) -> int:
    try:
        return parse_amount(answer.get("money", ""), config.currency)
    except BadInput:
        raise ProviderError("the gateway named no readable amount") from None


def _read(reply: Reply) -> dict[str, str]:
    """Return the scalars of a JSON answer as the text they were written in, as the gateway signs them."""
    check_ok(reply)
    try:
        answer = read_object(reply.body.removeprefix(b"\xef\xbb\xbf"), numbers_as_text=True)
    except ValueError:
        raise ProviderError("the gateway did not answer in JSON") from None
    return {name: _text(value) for name, value in answer.items() if not isinstance(value, dict | list)}


def _text(value: Any) -> str:
    """Return a scalar as PHP writes it into the signed text."""
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value)


def _quote(answer: Mapping[str, str]) -> str:
    """Return a gateway's own words for a log: short and printable."""
    return quotable(answer.get("msg", "")) or NO_REASON
