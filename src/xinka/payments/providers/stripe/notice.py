"""Reads a Stripe webhook and says whether it is genuine. The SDK is not needed for it.

One order is one Checkout Session with one PaymentIntent, whose number is the trade's number here: refunds, disputes
and balance transactions all name it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from xinka.kernel.money import MAX_MINOR, MINOR_DIGITS
from xinka.payments.providers.errors import MalformedNotice, WrongMerchant
from xinka.payments.providers.protocol import NoticeAbout, RawNotice, VerifiedNotice
from xinka.payments.providers.strict_json import read_object
from xinka.payments.providers.stripe.amounts import from_stripe
from xinka.payments.providers.stripe.config import StripeConfig
from xinka.payments.providers.stripe.signing import check_signature

SIGNATURE = "stripe-signature"
MAX_BYTES = 64 * 1024
_PAID_BY = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
_IDENTIFIER = re.compile(r"[a-z]{2,10}_[A-Za-z0-9_]{1,250}", re.ASCII)
_FAR = 4_102_444_800
_NUMBER = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)
_CURRENCY = re.compile(r"[a-z]{3}", re.ASCII)


def judge(config: StripeConfig, notice: RawNotice, *, now: float) -> VerifiedNotice:
    """Return what a genuine webhook says; the signature is judged before anything is read.

    Raises:
        NoticeRefused: if it is malformed, not signed for this channel, or of the other mode (live or test).
    """
    if notice.method != "POST" or notice.query or len(notice.body) > MAX_BYTES:
        raise MalformedNotice(why="method, query or size")
    check_signature(notice.headers.get(SIGNATURE, ""), notice.body, config.webhook_secrets, now=now)
    try:
        event = read_object(notice.body)
    except ValueError:
        raise MalformedNotice(why="json") from None
    data = event.get("data")
    subject = data.get("object") if isinstance(data, dict) else None
    if event.get("object") != "event" or not isinstance(subject, dict):
        raise MalformedNotice(why="not an event")
    if event.get("livemode") is not config.is_live:
        raise WrongMerchant
    return _read(config, _text(event, "id"), _text(event, "type"), subject)


def _read(config: StripeConfig, event_id: str, kind: str, subject: Mapping[str, Any]) -> VerifiedNotice:
    if not _IDENTIFIER.fullmatch(event_id):
        raise MalformedNotice(why="event number")
    if _is_uncounted(_text(subject, "currency")):
        return _strange(config, event_id, kind)
    if kind.startswith("checkout.session."):
        return _session(config, event_id, kind, subject)
    if kind.startswith("charge.dispute."):
        return _other(config, NoticeAbout.DISPUTE, event_id, subject)
    if kind == "charge.refunded" or kind.startswith(("refund.", "charge.refund.")):
        return _other(config, NoticeAbout.REFUND, event_id, subject)
    return _strange(config, event_id, kind)


def _is_uncounted(currency: str) -> bool:
    """Whether it is money that no order here can be of: the account sells elsewhere too, which is no fault of Stripe's.

    What is refused comes again for up to three days (Stripe, "Receive Stripe events in your webhook endpoint").
    """
    return bool(_CURRENCY.fullmatch(currency)) and currency.upper() not in MINOR_DIGITS


def _strange(config: StripeConfig, event_id: str, kind: str) -> VerifiedNotice:
    """Return a genuine notice about nothing of ours."""
    return VerifiedNotice("", "", 0, config.currency, kind, is_paid=False, about=NoticeAbout.OTHER, event_id=event_id)


def _session(config: StripeConfig, event_id: str, kind: str, session: Mapping[str, Any]) -> VerifiedNotice:
    number = _text(session, "client_reference_id")
    if session.get("object") != "checkout.session" or session.get("mode") != "payment":
        raise MalformedNotice(why="not a payment session")
    if not number:
        # A session that somebody made by hand on the same account: no order of ours.
        return _strange(config, event_id, kind)
    is_paid = kind in _PAID_BY and session.get("payment_status") == "paid"
    intent = _text(session, "payment_intent")
    if not _NUMBER.fullmatch(number) or (is_paid and not intent.startswith("pi_")):
        raise MalformedNotice(why="order number")
    amount, currency = _money(session.get("amount_total"), _text(session, "currency"))
    if is_paid and not 0 < amount <= MAX_MINOR:
        raise MalformedNotice(why="no money")
    return VerifiedNotice(number, intent, amount, currency, kind, is_paid, event_id=event_id)


def _other(config: StripeConfig, about: NoticeAbout, event_id: str, subject: Mapping[str, Any]) -> VerifiedNotice:
    """Return a notice about a refund or a dispute, which a worker will ask about."""
    metadata = subject.get("metadata")
    number = _text(metadata, "out_trade_no") if isinstance(metadata, dict) else ""
    amount, currency = _money(subject.get("amount"), _text(subject, "currency") or config.currency.lower())
    return VerifiedNotice(
        number,
        _text(subject, "payment_intent"),
        amount,
        currency,
        _text(subject, "status"),
        is_paid=False,
        about=about,
        event_id=event_id,
        subject_no=_text(subject, "id"),
        due_at=_due(subject) if about is NoticeAbout.DISPUTE else None,
    )


def _due(dispute: Mapping[str, Any]) -> datetime | None:
    """Return until when Stripe takes evidence."""
    details = dispute.get("evidence_details")
    due_by = details.get("due_by") if isinstance(details, dict) else None
    if not isinstance(due_by, int) or not 0 < due_by < _FAR:
        return None
    return datetime.fromtimestamp(due_by, tz=UTC)


def _money(amount: object, currency: str) -> tuple[int, str]:
    code = currency.upper()
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0 or code not in MINOR_DIGITS:
        raise MalformedNotice(why="amount or currency")
    try:
        return from_stripe(amount, code), code
    except ValueError:
        raise MalformedNotice(why="amount") from None


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text, or nothing where it is absent or null; anything else is malformed."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 300:
        raise MalformedNotice(why=name)
    return value
