"""How Alipay's answers are read: the raw text of the answer is cut out as it came and must be signed.

Nothing is serialised again before it is verified, and the text is cut by a JSON reader, not by counting braces: a
``}{`` inside a string is data. What Alipay did not sign is an error, whatever it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xinka.kernel.errors import BadInput, ProviderError, sentence
from xinka.kernel.money import parse_amount
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig
from xinka.payments.providers.alipay.signing import answer_agrees
from xinka.payments.providers.answers import NO_REASON, check_ok, quotable
from xinka.payments.providers.http import Reply
from xinka.payments.providers.protocol import QueryResult, RefundRequest, RefundResult, RefundStatus, TradeStatus
from xinka.payments.providers.strict_json import read_object

OK = "10000"
#: The gateway or a system behind it failed; whatever was asked may have happened.
_UNCERTAIN = frozenset({"20000", "ACQ.SYSTEM_ERROR", "SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error"})
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_STATUSES = {
    "WAIT_BUYER_PAY": TradeStatus.UNPAID,
    "TRADE_SUCCESS": TradeStatus.PAID,
    "TRADE_FINISHED": TradeStatus.PAID,
}
_WHITE = re.compile(r"[ \t\r\n]*", re.ASCII)
_DECODER = json.JSONDecoder()


class BusinessRefusal(ProviderError):
    """Alipay, signed, says no; ``sub_code`` says why."""

    def __init__(self, sub_code: str, words: str) -> None:
        super().__init__(sentence("Alipay refused"), permanent=True, quote=f"{sub_code} {words}".strip())
        self.sub_code = sub_code

    @property
    def is_unknown_trade(self) -> bool:
        """Whether there is no such trade, which is also so while nobody has scanned its QR code."""
        return self.sub_code == _NO_TRADE


@dataclass(frozen=True, slots=True)
class _Part:
    """One member of the outer object: its value as it is written."""

    raw: str
    value: Any


def read(config: AlipayConfig, reply: Reply, method: str) -> dict[str, Any]:
    """Return the fields of a signed answer that says yes.

    Raises:
        BusinessRefusal: if Alipay, signed, says no.
        ProviderError: if the answer is unsigned, malformed, or says that Alipay does not know.
    """
    check_ok(reply, sentence("Alipay answered"))
    try:
        parts = dict(_parts(reply.body.decode("utf-8")))
        raw = parts.get(f"{method.replace('.', '_')}_response")
        if raw is None:
            raise ProviderError("Alipay refused the request", quote=_quote(parts.get("error_response")))
        answer = read_object(raw.raw.encode(), numbers_as_text=True)
    except (ValueError, RecursionError):
        raise ProviderError("Alipay did not answer in JSON") from None
    _check_signed(config, parts, raw)
    code, sub_code = _text(answer, "code"), _text(answer, "sub_code")
    if code in _UNCERTAIN or sub_code in _UNCERTAIN:
        raise ProviderError("Alipay does not know", quote=f"{code} {sub_code}".strip())
    if code != OK:
        raise BusinessRefusal(sub_code, _quote(raw))
    return answer


def judge_order(answer: dict[str, Any], out_trade_no: str, trade_no: str) -> QueryResult:
    """Return what Alipay says about one payment; the answer must name that payment."""
    if _text(answer, "out_trade_no") != out_trade_no:
        raise ProviderError("Alipay answered about another payment")
    if trade_no and _text(answer, "trade_no") != trade_no:
        raise ProviderError("Alipay answered about another payment of the same order")
    said = _text(answer, "trade_status")
    status = _STATUSES.get(said, TradeStatus.OTHER)
    if said == "TRADE_CLOSED":  # either it was never paid, or all of it went back
        status = TradeStatus.REFUNDED if _text(answer, "send_pay_date") else TradeStatus.CLOSED
    amount = _amount(_text(answer, "total_amount"))
    return QueryResult(out_trade_no, _text(answer, "trade_no"), amount, CURRENCY, status)


def judge_refund(answer: dict[str, Any], refund: RefundRequest, request_no: str) -> RefundResult:
    """Return what Alipay says about one refund; without a status it did not get the request, or it failed."""
    if _text(answer, "refund_status") != "REFUND_SUCCESS":
        return RefundResult(RefundStatus.NOT_FOUND)
    if _text(answer, "out_request_no") != request_no or not is_about(answer, refund):
        raise ProviderError("Alipay answered about another refund")
    return RefundResult(RefundStatus.DONE, _amount(_text(answer, "refund_amount")), request_no)


def is_about(answer: dict[str, Any], refund: RefundRequest) -> bool:
    """Whether an answer is about the payment of a refund: by our number or, where we have none, by Alipay's."""
    if refund.out_trade_no:
        return _text(answer, "out_trade_no") == refund.out_trade_no
    return _text(answer, "trade_no") == refund.trade_no


def text_of(answer: dict[str, Any], name: str) -> str:
    """Return a text of an answer, empty if it has none."""
    return _text(answer, name)


def _check_signed(config: AlipayConfig, parts: dict[str, _Part], raw: _Part) -> None:
    signature = parts.get("sign")
    if signature is None or not isinstance(signature.value, str):
        raise ProviderError("Alipay's answer is not signed", quote=_quote(raw))
    if config.certificates is not None:
        serial = parts.get("alipay_cert_sn")
        if serial is None or serial.value not in config.certificates.alipay_serials:
            raise ProviderError("Alipay signed with another certificate; please fetch its new one and enter it")
    if not answer_agrees(config, raw.raw, signature.value):
        raise ProviderError("the signature of Alipay's answer is wrong")


def _parts(text: str) -> Iterator[tuple[str, _Part]]:
    """Yield the members of the outer object with their values as they are written; raises ``ValueError``."""
    place, seen = _after_white(text, 0), set[str]()
    if text[place : place + 1] != "{":
        raise ValueError("not an object")
    place = _after_white(text, place + 1)
    while text[place : place + 1] == '"':
        name, place = _DECODER.raw_decode(text, place)
        place = _after_white(text, place)
        if text[place : place + 1] != ":" or name in seen:
            raise ValueError("not one member")
        seen.add(name)
        start = _after_white(text, place + 1)
        value, place = _DECODER.raw_decode(text, start)
        yield name, _Part(text[start:place], value)
        place = _after_white(text, place)
        if text[place : place + 1] == ",":
            place = _after_white(text, place + 1)
    if text[place : place + 1] != "}" or _after_white(text, place + 1) != len(text):
        raise ValueError("not one object")


def _after_white(text: str, place: int) -> int:
    found = _WHITE.match(text, place)
    return found.end() if found else place


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def _amount(text: str) -> int:
    try:
        return parse_amount(text, CURRENCY)
    except BadInput:
        raise ProviderError("Alipay named no readable amount") from None


def _quote(part: _Part | None) -> str:
    """Return Alipay's own words for a log: short and printable."""
    said = part.value if part and isinstance(part.value, dict) else {}
    words = " ".join(str(said.get(name, "")) for name in ("code", "msg", "sub_code", "sub_msg"))
    return quotable(words) or NO_REASON
