"""How an epusdt gateway's answers are read; what is not certain is a ``ProviderError``, never a "no"."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers.answers import NO_REASON, quotable
from xinka.payments.providers.epusdt.config import EpusdtConfig
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import AS_ASKED, HowToPay, PayBy, PaymentRequest, QueryResult, TradeStatus
from xinka.payments.providers.strict_json import read_object

_OK = "200"
_STATUSES = {
    "1": TradeStatus.UNPAID,
    "2": TradeStatus.PAID,
    "3": TradeStatus.UNPAID,  # expired
    "4": TradeStatus.UNPAID,  # cancelled
    "5": TradeStatus.UNPAID,  # waits for confirmations on the chain
    "6": TradeStatus.UNPAID,  # the confirmations did not come
}
_NO_SUCH_TRADE = re.compile("不存在|not (found|exist)", re.IGNORECASE)
_BAD_SIGNATURE = re.compile("签名|signature|sign error|unauthori", re.IGNORECASE)


def judge_created(config: EpusdtConfig, reply: Reply, payment: PaymentRequest) -> HowToPay:
    """Return the gateway's page for a payment; the answer must be about that payment and its amount."""
    answer = _read(reply)
    data = answer.get("data")
    if answer.get("status_code") != _OK or not isinstance(data, dict):
        raise ProviderError("the gateway refused", permanent=True, quote=_quote(config, answer))
    try:
        amount = parse_amount(str(data.get("amount")), config.currency)
    except BadInput:
        raise ProviderError("the gateway named no readable amount") from None
    if data.get("order_id") != payment.out_trade_no or amount != payment.amount_minor:
        raise ProviderError("the gateway answered about another payment", permanent=True)
    trade_id = str(data.get("trade_id") or "")
    url = urljoin(config.address(""), str(data.get("payment_url") or ""))
    if not trade_id or not data.get("payment_url") or not _is_page(config, url):
        raise ProviderError("the gateway named no page to pay on", permanent=True)
    return HowToPay(PayBy.REDIRECT, url, trade_no=trade_id, handle=trade_id)


def _is_page(config: EpusdtConfig, url: str) -> bool:
    return url.isprintable() and urlsplit(url).scheme in ({"http", "https"} if config.plain_http else {"https"})


def judge_status(config: EpusdtConfig, reply: Reply, out_trade_no: str, trade_id: str) -> QueryResult:
    """Return what the gateway says about a trade it made for us, which can only be paid in the amount we asked for."""
    answer = _read(reply)
    data: dict[str, Any] = answer["data"] if isinstance(answer.get("data"), dict) else answer
    if answer.get("status_code", _OK) != _OK:
        if _NO_SUCH_TRADE.search(str(answer.get("message", ""))):
            return QueryResult(out_trade_no, trade_id, 0, config.currency, TradeStatus.NOT_FOUND)
        raise ProviderError("the gateway refused the question", quote=_quote(config, answer))
    if data.get("trade_id") != trade_id or data.get("order_id", out_trade_no) != out_trade_no:
        raise ProviderError("the gateway answered about another payment")
    status = _STATUSES.get(str(data.get("status")), TradeStatus.OTHER)
    if status is TradeStatus.PAID and data.get("trade_hash", "-") in ("", None, trade_id):
        raise ProviderError("the gateway says paid, without a transaction on the chain")
    amount = AS_ASKED if status is TradeStatus.PAID else 0
    return QueryResult(out_trade_no, trade_id, amount, config.currency, status)


def is_accepted(reply: Reply) -> bool:
    """Whether a gateway says yes."""
    return _read(reply).get("status_code") == _OK


def judge_probe(reply: Reply) -> None:
    """Accept every refusal but one of the signature."""
    answer = _read(reply)
    said = f"{answer.get('message', '')} {answer.get('error', '')} {answer.get('msg', '')}"
    if reply.status in (401, 403) or str(answer.get("status_code")) in ("401", "403") or _BAD_SIGNATURE.search(said):
        raise ProviderError("the gateway does not accept our token", permanent=True)


def _read(reply: Reply) -> dict[str, Any]:
    """Return a JSON answer, also one with an error's status; numbers stay the text they were written in."""
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or HTTPStatus.MULTIPLE_CHOICES <= reply.status < 400:
        raise ProviderError("the gateway answered", quote=f"HTTP {reply.status}")
    try:
        return read_object(reply.body, numbers_as_text=True)
    except ValueError:
        raise ProviderError("the gateway did not answer in JSON", quote=f"HTTP {reply.status}") from None


def _quote(config: EpusdtConfig, answer: dict[str, Any]) -> str:
    said = str(answer.get("message") or answer.get("error") or "")
    return quotable(said, config.token) or NO_REASON
