"""How Stripe's objects are read; what is not certain is a ``ProviderError``, never a "no"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from xinka.kernel.errors import ProviderError
from xinka.kernel.money import MINOR_DIGITS
from xinka.payments.providers.protocol import (
    BillKind,
    BillRow,
    HowToPay,
    PayBy,
    QueryResult,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.stripe.amounts import from_stripe
from xinka.payments.providers.stripe.client import Object
from xinka.payments.providers.stripe.config import StripeConfig

_REFUNDS = {
    "succeeded": RefundStatus.DONE,
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_KINDS = {
    "charge": BillKind.PAYMENT,
    "payment": BillKind.PAYMENT,
    "refund": BillKind.REFUND,
    "payment_refund": BillKind.REFUND,
    "stripe_fee": BillKind.FEE,
    "stripe_fx_fee": BillKind.FEE,
    "tax_fee": BillKind.FEE,
}
#: A PaymentIntent that can still be paid, or never will be.
_UNPAID = frozenset(
    {
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
        "processing",
        "requires_capture",
        "canceled",
    }
)


def how_to_pay(session: Object) -> HowToPay:
    """Return where the buyer pays."""
    url = str(session.get("url") or "")
    if urlsplit(url).scheme not in ("https", "http") or not url.isprintable():
        raise ProviderError("Stripe named no page to pay on", permanent=True)
    return HowToPay(PayBy.REDIRECT, url, handle=str(session["id"]))


def of_session(config: StripeConfig, session: Object, out_trade_no: str) -> QueryResult:
    """Return what a Checkout Session says about the payment it was made for."""
    if session.get("client_reference_id") != out_trade_no:
        raise ProviderError("Stripe answered about another payment")
    if session.get("payment_status") == "paid" and isinstance(session.get("payment_intent"), dict):
        return of_intent(session["payment_intent"], out_trade_no)
    if session.get("status") not in ("open", "expired", "complete"):
        raise ProviderError("Stripe's session is in a state we do not know")
    status = TradeStatus.CLOSED if session["status"] == "expired" else TradeStatus.UNPAID
    return QueryResult(out_trade_no, "", 0, config.currency, status)


def of_intent(intent: Object, out_trade_no: str) -> QueryResult:
    """Return what a PaymentIntent says; it must carry our number."""
    if (intent.get("metadata") or {}).get("out_trade_no") != out_trade_no:
        raise ProviderError("Stripe answered about another payment")
    currency = str(intent.get("currency", "")).upper()
    status = intent.get("status")
    if status in _UNPAID:
        return QueryResult(out_trade_no, str(intent["id"]), 0, currency, TradeStatus.UNPAID)
    if status != "succeeded":
        return QueryResult(out_trade_no, str(intent["id"]), 0, currency, TradeStatus.OTHER)
    charge = intent.get("latest_charge")
    is_back = isinstance(charge, dict) and charge.get("refunded") is True
    amount = _amount(intent.get("amount_received"), currency)
    return QueryResult(
        out_trade_no, str(intent["id"]), amount, currency, TradeStatus.REFUNDED if is_back else TradeStatus.PAID
    )


def of_refund(refund: Object) -> RefundResult:
    """Return what Stripe says about one refund."""
    status = _REFUNDS.get(str(refund.get("status")), RefundStatus.UNKNOWN)
    amount = _amount(refund.get("amount"), str(refund.get("currency", "")).upper())
    return RefundResult(status, amount, str(refund["id"]))


def bill_rows(entry: Object) -> Iterator[BillRow]:
    """Return the lines of one balance transaction, those in currencies that we count.

    A payment in another currency than the account's has its fee in the account's, so the fee is a line of its own. The
    account may be kept in a currency that the shop cannot price in: then only the payments themselves are told.
    """
    source: Any = entry.get("source")
    source = source if isinstance(source, dict) else {}
    kind = _KINDS.get(str(entry.get("type")), BillKind.OTHER)
    booked = str(entry["currency"]).upper()
    currency = str(source.get("currency") or booked).upper()
    fee = int(entry.get("fee") or 0)
    is_same = currency == booked
    trade_no = str(source.get("payment_intent") or "")
    at = datetime.fromtimestamp(int(entry["created"]), tz=UTC)
    moved = int(entry["amount"] if is_same else source.get("amount") or 0)
    if kind is BillKind.FEE:
        # What Stripe takes has a minus there; what it gives back of it is below zero here.
        yield from _fee_rows(trade_no or str(entry["id"]), fee - int(entry["amount"]), booked, at)
        return
    if currency in MINOR_DIGITS:
        metadata = source.get("metadata") or {}
        yield BillRow(
            kind,
            trade_no or str(entry["id"]),
            str(metadata.get("out_trade_no") or ""),
            str(metadata.get("refund_no") or "") if kind is BillKind.REFUND else "",
            _amount(abs(moved), currency),
            _signed(fee, booked) if is_same else 0,
            currency,
            at,
        )
    if fee and not is_same:
        yield from _fee_rows(trade_no, fee, booked, at)


def _fee_rows(number: str, fee: int, currency: str, at: datetime) -> Iterator[BillRow]:
    if currency in MINOR_DIGITS:
        yield BillRow(BillKind.FEE, number, "", "", 0, _signed(fee, currency), currency, at)


def _signed(value: int, currency: str) -> int:
    """Return a fee; one that Stripe gives back, with a refund for instance, is below zero."""
    return -_amount(-value, currency) if value < 0 else _amount(value, currency)


def _amount(value: object, currency: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0 or currency not in MINOR_DIGITS:
        raise ProviderError("Stripe named no amount that we can count")
    try:
        return from_stripe(value, currency)
    except ValueError:
        raise ProviderError("Stripe named a fraction of a minor unit") from None
