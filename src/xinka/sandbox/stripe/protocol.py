"""How Stripe tells a shop what became of a trade: signed events to the one endpoint of the account."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import uuid4

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.sandbox import notifier, trades
from xinka.sandbox.endings import Ending, Situation
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import NoticeKind, Said
from xinka.sandbox.stripe import objects, wire

_API_VERSION = "2025-09-30.clover"


def _open_dispute(at: Situation) -> None:
    request = event(at.trade, "charge.dispute.created", objects.dispute(at.trade, at.now))
    notifier.plan(at.trade, request, due_at=at.now, kind=NoticeKind.GENUINE)


def _close_dispute(at: Situation, status: str) -> None:
    request = event(at.trade, "charge.dispute.closed", objects.dispute(at.trade, at.now, status=status))
    notifier.plan(at.trade, request, due_at=at.now, kind=NoticeKind.GENUINE)


def _refund_at_stripe(at: Situation) -> None:
    trades.refund(at.trade, at.trade.paid_money - at.trade.refunded_money, at.now)
    at.notify(Said.REFUNDED, kind=NoticeKind.GENUINE)


@dataclass(frozen=True, slots=True)
class Stripe:
    """Stripe: a session is paid once and in full, or not at all."""

    label: ClassVar[str | Promise] = "Stripe"
    may_choose_method: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset({"pay-twice", "pay-less", "pay-more"})
    endings: ClassVar[Mapping[str, Ending]] = MappingProxyType(
        {
            "dispute": Ending(
                _("Dispute it"),
                _("The card's holder asks his bank for the money; the shop is told."),
                _open_dispute,
                after_payment=True,
            ),
            "dispute-won": Ending(
                _("The bank decides for the shop"),
                _("The dispute ends; the shop keeps the money and is told."),
                partial(_close_dispute, status="won"),
                after_payment=True,
            ),
            "dispute-lost": Ending(
                _("The bank decides for the buyer"),
                _("The dispute ends; the buyer keeps the money and the shop is told."),
                partial(_close_dispute, status="lost"),
                after_payment=True,
            ),
            "refund-there": Ending(
                _("Refund it at the gateway"),
                _("Somebody gives the money back in the gateway's own office; the shop is told."),
                _refund_at_stripe,
                after_payment=True,
            ),
        }
    )

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return a signed event."""
        now = timezone.now()
        if said is Said.REFUNDED:
            return event(trade, "charge.refunded", objects.charge(trade))
        if said is Said.CLOSED:
            return event(trade, "checkout.session.expired", objects.session(trade, now))
        facts = objects.session(trade, trade.paid_at or now)
        if said is Said.WAITING:
            # What a bank debit says at first: the form was filled in, the money is on its way.
            facts |= {"payment_status": "unpaid", "status": "complete"}
        return event(trade, "checkout.session.completed", facts)

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return an event that says "paid", signed with a secret that the forger made up."""
        facts = objects.session(trade, timezone.now())
        facts |= {"payment_status": "paid", "status": "complete", "payment_intent": objects.INTENT + trade.trade_no}
        return event(trade, "checkout.session.completed", facts, secret=f"whsec_{uuid4().hex}")

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Send the same event, signed anew."""
        return _sealed(trade.merchant.secrets["webhook_secret"], request.url, request.body)

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Any 2xx will do."""
        return 200 <= answer.status < 300

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return the page of success or of giving up."""
        if not paid:
            return str(trade.facts.get("cancel_url") or trade.return_url)
        return trade.return_url.replace("{CHECKOUT_SESSION_ID}", objects.SESSION + trade.trade_no)


def event(trade: SandboxTrade, kind: str, subject: Mapping[str, Any], *, secret: str = "") -> WireRequest:
    """Return an event about one object."""
    body = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": _API_VERSION,
        "created": int(time.time()),
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    account = trade.merchant.secrets
    return _sealed(secret or account["webhook_secret"], trade.notify_url, json.dumps(body, ensure_ascii=False))


def _sealed(secret: str, url: str, body: str) -> WireRequest:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": wire.signature_header(secret, body, int(time.time())),
    }
    return WireRequest("POST", url, headers, body)


PROTOCOL = Stripe()
