"""How TokenPay's answers are read; what is not certain is a ``ProviderError``, never a "no"."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers.answers import NO_REASON, quotable
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import HowToPay, PayBy, PaymentRequest, QueryResult, TradeStatus
from xinka.payments.providers.strict_json import read_object
from xinka.payments.providers.tokenpay.amounts import paid_minor
from xinka.payments.providers.tokenpay.config import TokenPayConfig
from xinka.payments.providers.tokenpay.wire import is_number

#: Enumerations come as numbers or as words, depending on its version.
_STATUSES = {
    "0": TradeStatus.UNPAID,
    "pending": TradeStatus.UNPAID,
    "1": TradeStatus.PAID,
    "paid": TradeStatus.PAID,
    "2": TradeStatus.UNPAID,
    "expired": TradeStatus.UNPAID,
}
_NO_SUCH_ORDER = re.compile("不存在|not (found|exist)", re.IGNORECASE)
_BAD_SIGNATURE = re.compile("签名|signature", re.IGNORECASE)


def judge_created(config: TokenPayConfig, reply: Reply, payment: PaymentRequest) -> HowToPay:
    """Return TokenPay's page for a payment; the answer must be about that payment, its amount and its currency."""
    answer = _read(reply)
    info, url = _lower(answer.get("info")), str(answer.get("data") or "")
    if answer.get("success") is not True:
        raise ProviderError("TokenPay refused", permanent=True, quote=_quote(config, answer))
    try:
        amount = parse_amount(info.get("actualamount", ""), config.currency)
    except BadInput:
        raise ProviderError("TokenPay named no readable amount") from None
    is_ours = info.get("outorderid") == payment.out_trade_no and amount == payment.amount_minor
    if not is_ours or info.get("basecurrency", config.currency) != config.currency:
        raise ProviderError("TokenPay answered about another payment, or prices in another currency", permanent=True)
    schemes = {"http", "https"} if config.plain_http else {"https"}
    if not is_number(info.get("id", "")) or urlsplit(url).scheme not in schemes or not url.isprintable():
        raise ProviderError("TokenPay named no page to pay on", permanent=True)
    number = info["id"].lower()
    return HowToPay(PayBy.REDIRECT, url, trade_no=number, handle=number)


def judge_queried(config: TokenPayConfig, reply: Reply, out_trade_no: str, trade_no: str) -> QueryResult:
    """Return what TokenPay's record of a payment says; it must carry our number."""
    answer = _read(reply)
    if answer.get("success") is not True:
        if _NO_SUCH_ORDER.search(str(answer.get("message", ""))):
            return QueryResult(out_trade_no, trade_no, 0, config.currency, TradeStatus.NOT_FOUND)
        raise ProviderError("TokenPay refused the question", quote=_quote(config, answer))
    record = _lower(answer.get("data"))
    if record.get("id", "").lower() != trade_no.lower() or record.get("outorderid") != out_trade_no:
        raise ProviderError("TokenPay answered about another payment")
    status = _STATUSES.get(record.get("status", "").lower(), TradeStatus.OTHER)
    if status is not TradeStatus.PAID:
        return QueryResult(out_trade_no, trade_no.lower(), 0, config.currency, status)
    if not record.get("blocktransactionid"):
        raise ProviderError("TokenPay says paid, without a transaction on the chain")
    try:
        amount = paid_minor(record, config.currency)
    except ValueError:
        raise ProviderError("TokenPay named no readable amount") from None
    return QueryResult(out_trade_no, trade_no.lower(), amount, config.currency, status)


def judge_probe(config: TokenPayConfig, reply: Reply) -> None:
    """Accept the answer "no such order" about a number nobody has; a refused signature is named."""
    answer = _read(reply)
    said = str(answer.get("message", ""))
    if _BAD_SIGNATURE.search(said):
        raise ProviderError("TokenPay does not accept our token", permanent=True)
    if not _NO_SUCH_ORDER.search(said):
        raise ProviderError("TokenPay answered oddly", quote=_quote(config, answer))


def _lower(found: object) -> dict[str, str]:
    """Return the scalars of an object as text, names in lower case: TokenPay writes them in two ways."""
    if not isinstance(found, dict):
        return {}
    return {
        name.lower(): str(value) for name, value in found.items() if isinstance(value, str | bool) and value is not None
    }


def _read(reply: Reply) -> dict[str, Any]:
    if reply.status != HTTPStatus.OK:
        permanent = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
        raise ProviderError("TokenPay answered", permanent=permanent, quote=f"HTTP {reply.status}")
    try:
        return read_object(reply.body, numbers_as_text=True)
    except ValueError:
        raise ProviderError("TokenPay did not answer in JSON") from None


def _quote(config: TokenPayConfig, answer: dict[str, Any]) -> str:
    said = str(answer.get("message") or "")
    return quotable(said, config.token) or NO_REASON
