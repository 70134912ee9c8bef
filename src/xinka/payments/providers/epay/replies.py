"""How an epay gateway's answers are read.

Gateways are sloppy (codes as text, JSON inside JSON, HTML on errors), so reading is lenient about form and strict
about meaning: what is not certain is a ``ProviderError``, never a "no".
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers.answers import NO_REASON, check_ok, quotable
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import HowToPay, PayBy, QueryResult, TradeStatus

_OK = "1"
_STATUSES = {"0": TradeStatus.UNPAID, "1": TradeStatus.PAID, "2": TradeStatus.REFUNDED}
#: The usual wordings of "no such order"; any other refusal of a question is an error, not an answer.
_NO_SUCH_ORDER = re.compile(
    "订单号?不存在|没有(该|此)订单|order .{0,60}not (found|exist)|no such (order|trade)", re.IGNORECASE
)
_APP_SCHEME = re.compile(r"(?!javascript|data|vbscript|file|blob)[a-z][a-z0-9+.\-]*://[!-~]{1,2000}", re.IGNORECASE)
_MAX_QR = 2000


def judge_created(config: EpayConfig, reply: Reply) -> HowToPay:
    """Return how to pay from the answer of ``mapi.php``."""
    answer = _accepted(config, reply)
    trade_no = answer.get("trade_no", "")
    if qr := answer.get("qrcode"):
        if len(qr) > _MAX_QR or not qr.isprintable():
            raise ProviderError("the gateway's QR text is not usable", permanent=True)
        return HowToPay(PayBy.QR, qr, trade_no=trade_no)
    if url := answer.get("payurl"):
        if urlsplit(url).scheme not in ("http", "https") or not url.isprintable():
            raise ProviderError("the gateway's payment address is not a web address", permanent=True)
        return HowToPay(PayBy.REDIRECT, url, trade_no=trade_no)
    if link := answer.get("urlscheme"):
        if not _APP_SCHEME.fullmatch(link):
            raise ProviderError("the gateway's app link is not usable", permanent=True)
        return HowToPay(PayBy.APP_LINK, link, trade_no=trade_no)
    raise ProviderError("the gateway named no way to pay", permanent=True)


def judge_order(config: EpayConfig, reply: Reply, out_trade_no: str, trade_no: str = "") -> QueryResult:
    """Return what the gateway says about one payment; the answer must name that payment and our merchant number."""
    answer = _read(reply)
    if answer.get("code") != _OK:
        message = answer.get("msg", "")
        if _NO_SUCH_ORDER.search(message):
            return QueryResult(out_trade_no, trade_no, 0, config.currency, TradeStatus.NOT_FOUND)
        raise ProviderError("the gateway refused the question", quote=_quote(config, message))
    if answer.get("out_trade_no") != out_trade_no or answer.get("pid", config.pid) != config.pid:
        raise ProviderError("the gateway answered about another payment")
    if trade_no and answer.get("trade_no") != trade_no:
        raise ProviderError("the gateway answered about another payment of the same order")
    try:
        amount = parse_amount(answer.get("money", ""), config.currency)
    except BadInput:
        raise ProviderError("the gateway named no readable amount") from None
    status = _STATUSES.get(answer.get("status", ""), TradeStatus.OTHER)
    return QueryResult(out_trade_no, answer.get("trade_no", ""), amount, config.currency, status)


def judge_accepted(config: EpayConfig, reply: Reply) -> dict[str, str]:
    """Return the fields of an answer that says yes (refund, merchant information)."""
    return _accepted(config, reply)


def _accepted(config: EpayConfig, reply: Reply) -> dict[str, str]:
    answer = _read(reply)
    if not answer.get("code"):
        # An error page in JSON, of a proxy for instance: a refund may have gone through behind it.
        raise ProviderError("the gateway said neither yes nor no", quote=_quote(config, answer.get("msg", "")))
    if answer["code"] != _OK:
        raise ProviderError("the gateway refused", permanent=True, quote=_quote(config, answer.get("msg", "")))
    return answer


def _read(reply: Reply) -> dict[str, str]:
    """Return the scalars of a JSON answer as the text they were written in, so that no float comes near money."""
    check_ok(reply)
    try:
        answer = _loads(reply.body.decode("utf-8-sig"))
        if isinstance(answer, str):
            answer = _loads(answer)
    except (ValueError, RecursionError):
        raise ProviderError("the gateway did not answer in JSON") from None
    if not isinstance(answer, dict):
        raise ProviderError("the gateway did not answer with an object")
    return {name: value for name, value in answer.items() if isinstance(value, str)}


def _loads(text: str) -> object:
    return json.loads(
        text, parse_int=str, parse_float=str, parse_constant=_not_a_number, object_pairs_hook=_without_duplicates
    )


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate field")
    return fields


def _not_a_number(name: str) -> object:
    raise ValueError(name)


def _quote(config: EpayConfig, message: str) -> str:
    """Return a gateway's own words for a log: short, printable, and without our key should it echo it."""
    return quotable(message, config.key) or NO_REASON
