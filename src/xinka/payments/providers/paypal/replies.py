"""How PayPal's answers are read; what is not certain is a ``ProviderError``, never a "no"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from xinka.kernel.errors import ProviderError, sentence
from xinka.kernel.money import MINOR_DIGITS
from xinka.payments.providers.http import Reply
from xinka.payments.providers.paypal.amounts import from_paypal
from xinka.payments.providers.paypal.notice import ORDER
from xinka.payments.providers.protocol import (
    BillKind,
    BillRow,
    HowToPay,
    PayBy,
    QueryResult,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.strict_json import read_object

Answer = Mapping[str, Any]
_WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
_REFUNDS = {
    "COMPLETED": RefundStatus.DONE,
    "PENDING": RefundStatus.PENDING,
    "FAILED": RefundStatus.FAILED,
    "CANCELLED": RefundStatus.FAILED,
}
_CAPTURES = {
    "COMPLETED": TradeStatus.PAID,
    "PARTIALLY_REFUNDED": TradeStatus.PAID,
    "REFUNDED": TradeStatus.REFUNDED,
    "DECLINED": TradeStatus.UNPAID,
    "FAILED": TradeStatus.UNPAID,
    "PENDING": TradeStatus.OTHER,
}
#: A fee that is reversed, and one that is given back.
_FEES_BACK = frozenset({"T1108", "T1109"})
_NOT_YET = frozenset({"CREATED", "SAVED", "PAYER_ACTION_REQUIRED", "APPROVED"})


class Refused(ProviderError):
    """PayPal said no, and named why; ``answer`` is all it said."""

    def __init__(self, status: int, issue: str, *, permanent: bool, answer: Answer | None = None) -> None:
        said = f"{issue} (HTTP {status})" if issue else f"HTTP {status}"
        super().__init__(sentence("PayPal says"), permanent=permanent, quote=said)
        self.status = status
        self.issue = issue
        self.answer = answer or {}


def read(reply: Reply) -> Answer:
    """Return a good answer's fields; raises ``Refused`` for a no, ``ProviderError`` for anything unreadable."""
    try:
        answer = read_object(reply.body) if reply.body else {}
    except ValueError:
        answer = None
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES and answer is not None:
        return answer
    is_no = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    issue = _issue(answer or {})
    permanent = is_no and reply.status not in _WORTH_ANOTHER_TRY
    raise Refused(reply.status, issue, permanent=permanent, answer=answer)


def _issue(answer: Answer) -> str:
    details = answer.get("details")
    first: Any = details[0] if isinstance(details, list) and details else {}
    issue = (first.get("issue") if isinstance(first, dict) else "") or answer.get("name") or answer.get("error") or ""
    return issue[:60] if isinstance(issue, str) and issue.isascii() and issue.isprintable() else ""


def how_to_pay(order: Answer) -> HowToPay:
    """Return where the buyer agrees."""
    for link in order.get("links") or ():
        if isinstance(link, dict) and link.get("rel") in ("payer-action", "approve"):
            url = str(link.get("href", ""))
            if urlsplit(url).scheme in ("https", "http") and url.isprintable():
                return HowToPay(PayBy.REDIRECT, url, handle=ORDER + str(order["id"]))
    raise ProviderError("PayPal named no page to pay on", permanent=True)


def unit_of(order: Answer, out_trade_no: str) -> Answer:
    """Return the one purchase unit of an order; it must carry our number."""
    units = order.get("purchase_units")
    if not isinstance(units, list) or len(units) != 1 or units[0].get("custom_id") != out_trade_no:
        raise ProviderError("PayPal answered about another payment")
    unit: Answer = units[0]
    return unit


def of_order(order: Answer, out_trade_no: str, currency: str) -> QueryResult:
    """Return what an order says: unpaid until it was captured."""
    unit = unit_of(order, out_trade_no)
    status = order.get("status")
    if status in _NOT_YET:
        return QueryResult(out_trade_no, "", 0, currency, TradeStatus.UNPAID)
    if status == "VOIDED":
        return QueryResult(out_trade_no, "", 0, currency, TradeStatus.CLOSED)
    captures = (unit.get("payments") or {}).get("captures") or []
    if status != "COMPLETED" or len(captures) != 1:
        raise ProviderError("PayPal's order is in a state we do not know")
    return of_capture({"custom_id": out_trade_no, **captures[0]}, out_trade_no)


def of_capture(capture: Answer, out_trade_no: str) -> QueryResult:
    """Return what a capture says; it must carry our number."""
    if capture.get("custom_id") != out_trade_no:
        raise ProviderError("PayPal answered about another payment")
    try:
        amount, currency = from_paypal(capture.get("amount"))
    except ValueError:
        raise ProviderError("PayPal named no amount that we can count") from None
    status = _CAPTURES.get(str(capture.get("status")), TradeStatus.OTHER)
    return QueryResult(out_trade_no, str(capture["id"]), amount, currency, status)


def order_of(capture: Answer) -> str:
    """Return the number of the order that a capture belongs to."""
    related = (capture.get("supplementary_data") or {}).get("related_ids") or {}
    number = related.get("order_id")
    if not isinstance(number, str) or not number:
        raise ProviderError("PayPal did not name the order of a capture")
    return number


def of_refund(refund: Answer) -> RefundResult:
    """Return what PayPal says about one refund."""
    status = _REFUNDS.get(str(refund.get("status")), RefundStatus.UNKNOWN)
    try:
        amount, _ = from_paypal(refund["amount"]) if "amount" in refund else (0, "")
    except ValueError:
        raise ProviderError("PayPal named no amount that we can count") from None
    return RefundResult(status, amount, str(refund.get("id", "")))


def refund_among(order: Answer, refund: RefundRequest) -> RefundResult:
    """Return the refund with our number among those of an order."""
    found = (unit_of(order, refund.out_trade_no).get("payments") or {}).get("refunds") or []
    for one in found:
        if refund.refund_no and refund.refund_no in (one.get("invoice_id"), one.get("custom_id")):
            return of_refund(one)
    return RefundResult(RefundStatus.NOT_FOUND)


def bill_rows(page: Answer) -> Iterator[BillRow]:
    """Return the lines of one page of a report; only transactions that went through, in currencies that we count.

    Anybody can send money of another currency to the account; it is none of the shop's, and must not hide what is.
    """
    for detail in page.get("transaction_details") or ():
        facts = detail.get("transaction_info") or {}
        if facts.get("transaction_status") == "S" and not _is_foreign(facts.get("transaction_amount")):
            yield _bill_row(facts)


def _is_foreign(amount: object) -> bool:
    currency = amount.get("currency_code") if isinstance(amount, dict) else None
    return isinstance(currency, str) and currency not in MINOR_DIGITS


def _bill_row(facts: Answer) -> BillRow:
    try:
        amount, currency = from_paypal(facts.get("transaction_amount"))
        fee, _ = from_paypal(facts["fee_amount"]) if "fee_amount" in facts else (0, currency)
    except ValueError:
        raise ProviderError("PayPal's report holds an amount that we cannot count") from None
    try:
        at = datetime.fromisoformat(str(facts.get("transaction_initiation_date")).replace("+0000", "+00:00"))
    except ValueError:
        raise ProviderError("PayPal's report holds a moment that we cannot read") from None
    kind = _kind(str(facts.get("transaction_event_code", "")), amount)
    is_refund, is_fee = kind is BillKind.REFUND, kind is BillKind.FEE
    return BillRow(
        kind,
        str(facts.get("paypal_reference_id" if is_refund else "transaction_id") or ""),
        "" if is_refund else str(facts.get("custom_field") or ""),
        str(facts.get("invoice_id") or "") if is_refund else "",
        0 if is_fee else abs(amount),
        # What PayPal takes has a minus there; a fee that it gives back is below zero here.
        -(amount + fee) if is_fee else -fee,
        currency,
        at,
    )


def _kind(code: str, amount: int) -> BillKind:
    """Return what a T-code is about (PayPal, "Transaction event codes")."""
    if code.startswith("T01") or code in _FEES_BACK:
        return BillKind.FEE
    if code.startswith("T11"):
        return BillKind.REFUND
    return BillKind.PAYMENT if code.startswith("T00") and amount > 0 else BillKind.OTHER
