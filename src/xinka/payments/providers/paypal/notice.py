"""Reads a PayPal webhook whose signature agrees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from xinka.payments.providers.errors import KeyMissing, MalformedNotice
from xinka.payments.providers.paypal.amounts import from_paypal
from xinka.payments.providers.paypal.certificates import Shelf
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.paypal.signing import check_signature, read_headers, signed_message
from xinka.payments.providers.protocol import NoticeAbout, RawNotice, VerifiedNotice
from xinka.payments.providers.strict_json import read_object

MAX_BYTES = 64 * 1024
#: Marks a handle as an order's number, since captures have numbers of the same form.
ORDER = "order/"
APPROVED = "CHECKOUT.ORDER.APPROVED"
CAPTURED = "PAYMENT.CAPTURE.COMPLETED"
_REFUNDS = frozenset({"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"})
SELLER_WON = "RESOLVED_SELLER_FAVOUR"
_SELLER_KEEPS = frozenset({"CANCELED_BY_BUYER", "DENIED", "RESOLVED_WITH_PAYOUT"})
_NUMBER = re.compile(r"[A-Za-z0-9\-]{1,64}", re.ASCII)
_OURS = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)
Fields = Mapping[str, Any]


def judge(config: PayPalConfig, shelf: Shelf, notice: RawNotice) -> VerifiedNotice:
    """Return what a genuine webhook says.

    Raises:
        NoticeRefused: if it is malformed, or its signature is not PayPal's.
        KeyMissing: if its certificate is not known here yet.
    """
    if notice.method != "POST" or notice.query or len(notice.body) > MAX_BYTES:
        raise MalformedNotice(why="method, query or size")
    sent = read_headers(config, notice.headers)
    message = signed_message(sent, config.webhook_id, notice.body)
    if config.asks_paypal:
        if not shelf.is_vouched(message + sent.signature + notice.body):
            raise KeyMissing
    else:
        key = shelf.key(sent.cert_url)
        if key is None:
            raise KeyMissing
        check_signature(key, sent, message)
    return read(config, notice.body)


def read(config: PayPalConfig, body: bytes) -> VerifiedNotice:
    """Return the facts of a body that was proved."""
    try:
        event = read_object(body)
    except ValueError:
        raise MalformedNotice(why="json") from None
    event_id, kind = _text(event, "id"), _text(event, "event_type")
    resource = event.get("resource")
    if not _NUMBER.fullmatch(event_id) or not kind or not isinstance(resource, dict):
        raise MalformedNotice(why="not an event")
    if kind == APPROVED:
        return _approved(event_id, resource)
    if kind.startswith("PAYMENT.CAPTURE.") and kind not in _REFUNDS:
        return _capture(event_id, kind, resource)
    if kind in _REFUNDS:
        number, currency = _money(resource.get("amount"))
        facts = (_ours(resource), _parent(resource), number, currency, _text(resource, "status"))
        return VerifiedNotice(*facts, False, NoticeAbout.REFUND, event_id, _number(resource, "id"))
    if kind.startswith("CUSTOMER.DISPUTE."):
        return _dispute(event_id, resource)
    return VerifiedNotice("", "", 0, config.currency, kind, False, NoticeAbout.OTHER, event_id)


def _approved(event_id: str, order: Fields) -> VerifiedNotice:
    """The buyer agreed, and no money moved yet: a hint to capture it."""
    units = order.get("purchase_units")
    if not isinstance(units, list) or len(units) != 1 or not isinstance(units[0], dict):
        raise MalformedNotice(why="purchase units")
    ours = _ours(units[0])
    amount, currency = _money(units[0].get("amount"))
    trade_no = ORDER + _number(order, "id")
    return VerifiedNotice(
        ours, trade_no, amount, currency, "APPROVED", is_paid=False, event_id=event_id, is_hint=bool(ours)
    )


def _capture(event_id: str, kind: str, capture: Fields) -> VerifiedNotice:
    amount, currency = _money(capture.get("amount"))
    status = _text(capture, "status")
    is_paid = kind == CAPTURED and status == "COMPLETED"
    ours = _ours(capture)
    if is_paid and not ours:
        # A payment that was asked for by something else on the same account.
        return VerifiedNotice("", "", 0, currency, kind, False, NoticeAbout.OTHER, event_id)
    if is_paid and amount <= 0:
        raise MalformedNotice(why="no money")
    return VerifiedNotice(ours, _number(capture, "id"), amount, currency, status, is_paid, event_id=event_id)


def _dispute(event_id: str, dispute: Fields) -> VerifiedNotice:
    disputed = dispute.get("disputed_transactions")
    first: Any = disputed[0] if isinstance(disputed, list) and disputed else {}
    if not isinstance(first, dict):
        raise MalformedNotice(why="disputed transactions")
    amount, currency = _money(dispute.get("dispute_amount"))
    return VerifiedNotice(
        _text(first, "custom"),
        _text(first, "seller_transaction_id"),
        amount,
        currency,
        _outcome(dispute) or _text(dispute, "status"),
        is_paid=False,
        about=NoticeAbout.DISPUTE,
        event_id=event_id,
        subject_no=_number(dispute, "dispute_id"),
        due_at=_due(dispute),
    )


def _outcome(dispute: Fields) -> str:
    """Return who won a dispute that is resolved: a buyer who withdrew, or whom PayPal paid itself, took nothing."""
    found = dispute.get("dispute_outcome")
    if _text(dispute, "status") != "RESOLVED" or not isinstance(found, dict):
        return ""
    code = _text(found, "outcome_code")
    return SELLER_WON if code in _SELLER_KEEPS else code


def _due(dispute: Fields) -> datetime | None:
    """Return until when PayPal waits for the seller."""
    try:
        found = datetime.fromisoformat(_text(dispute, "seller_response_due_date"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _parent(refund: Fields) -> str:
    """Return the capture that a refund belongs to, from the link that leads to it."""
    links = refund.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "up" and isinstance(link.get("href"), str):
            return urlsplit(link["href"]).path.rpartition("/")[2]
    return ""


def _ours(fields: Fields) -> str:
    number = _text(fields, "custom_id")
    if number and not _OURS.fullmatch(number):
        raise MalformedNotice(why="order number")
    return number


def _number(fields: Fields, name: str) -> str:
    number = _text(fields, name)
    if not _NUMBER.fullmatch(number):
        raise MalformedNotice(why=name)
    return number


def _money(amount: object) -> tuple[int, str]:
    try:
        minor, currency = from_paypal(amount)
    except ValueError:
        raise MalformedNotice(why="amount") from None
    if minor < 0:
        raise MalformedNotice(why="amount")
    return minor, currency


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 300:
        raise MalformedNotice(why=name)
    return value
