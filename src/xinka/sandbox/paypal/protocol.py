"""How PayPal tells a shop what became of an order: agreed to, captured, given back, disputed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.sandbox import notifier, trades
from xinka.sandbox.endings import DELAY, DUPLICATES, Ending, Situation
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.paypal import certificates, objects
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import NoticeKind, Said, TradeState

_PAYER = "QYR5Z8XDVJNXQ"


def _agree(times: int = 1, after: timedelta = timedelta()) -> Callable[[Situation], None]:
    """Return what lets the buyer agree, and tells the shop so many times, so much later."""

    def act(at: Situation) -> None:
        at.trade.facts["approved"] = True
        at.trade.save(update_fields=["facts"])
        for _number in range(times):
            at.notify(Said.WAITING, kind=NoticeKind.GENUINE, after=after)

    return act


def _take_long_ago(at: Situation) -> None:
    """The shop's capture reached PayPal, and its answer and the webhook got lost."""
    at.trade.facts["approved"] = True
    at.trade.save(update_fields=["facts"])
    at.pay()


def _open_dispute(at: Situation) -> None:
    request = event(at.trade, "CUSTOMER.DISPUTE.CREATED", objects.dispute(at.trade, at.now))
    notifier.plan(at.trade, request, due_at=at.now, kind=NoticeKind.GENUINE)


def _resolve_dispute(at: Situation, outcome: str) -> None:
    request = event(at.trade, "CUSTOMER.DISPUTE.RESOLVED", objects.dispute(at.trade, at.now, outcome=outcome))
    notifier.plan(at.trade, request, due_at=at.now, kind=NoticeKind.GENUINE)


def _refund_at_paypal(at: Situation) -> None:
    trades.refund(at.trade, at.trade.paid_money - at.trade.refunded_money, at.now)
    at.notify(Said.REFUNDED, kind=NoticeKind.GENUINE)


@dataclass(frozen=True, slots=True)
class PayPal:
    """PayPal: a buyer agrees, and nothing is paid before the shop captures it."""

    label: ClassVar[str | Promise] = "PayPal"
    may_choose_method: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset({"pay-twice", "pay-less", "pay-more", "pay-late", "reorder", "fail"})
    endings: ClassVar[Mapping[str, Ending]] = MappingProxyType(
        {
            "pay": Ending(_("Pay"), _("You agree; the shop is told and takes the money."), _agree()),
            "duplicate": Ending(
                _("Send the notice 20 times"), _("Agreed once, told twenty times at once."), _agree(DUPLICATES)
            ),
            "delay": Ending(_("Delay the notice"), _("Agreed now, told in two minutes."), _agree(1, DELAY)),
            "silent": Ending(_("Send no notice"), _("Paid; only a question from the shop finds out."), _take_long_ago),
            "dispute": Ending(
                _("Dispute it"),
                _("The buyer complains at the gateway; the shop is told."),
                _open_dispute,
                after_payment=True,
            ),
            "dispute-won": Ending(
                _("The gateway decides for the shop"),
                _("The dispute ends; the shop keeps the money and is told."),
                partial(_resolve_dispute, outcome="RESOLVED_SELLER_FAVOUR"),
                after_payment=True,
            ),
            "dispute-lost": Ending(
                _("The gateway decides for the buyer"),
                _("The dispute ends; the buyer keeps the money and the shop is told."),
                partial(_resolve_dispute, outcome="RESOLVED_BUYER_FAVOUR"),
                after_payment=True,
            ),
            "refund-there": Ending(
                _("Refund it at the gateway"),
                _("Somebody gives the money back in the gateway's own office; the shop is told."),
                _refund_at_paypal,
                after_payment=True,
            ),
        }
    )

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return a signed event; PayPal does not tell of orders that came to nothing."""
        if said is Said.WAITING:
            return event(trade, "CHECKOUT.ORDER.APPROVED", objects.order(trade, timezone.now()))
        if said is Said.PAID:
            return event(trade, "PAYMENT.CAPTURE.COMPLETED", objects.capture(trade))
        if said is Said.REFUNDED:
            return event(trade, "PAYMENT.CAPTURE.REFUNDED", objects.refund(trade.refunds.latest("id")))
        return None

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return an event that says "captured", signed with a certificate of the forger's own making."""
        facts = {**objects.capture(trade), "amount": objects.money(trade.money, trade.currency)}
        return event(trade, "PAYMENT.CAPTURE.COMPLETED", facts, key=certificates.issue().key)

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Send the same event in a transmission of its own."""
        return _sealed(trade, request.body, trade.merchant.secrets["key"])

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Any 2xx will do."""
        return 200 <= answer.status < 300

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return the shop's page, with the order's number and the buyer's once he agreed."""
        if trade.state in {TradeState.EXPIRED, TradeState.CLOSED} or not trade.facts.get("approved"):
            return str(trade.facts.get("cancel_url") or trade.return_url)
        joint = "&" if "?" in trade.return_url else "?"
        told = {"token": objects.ORDER + trade.trade_no, "PayerID": _PAYER}
        return f"{trade.return_url}{joint}{urlencode(told)}"


def event(trade: SandboxTrade, kind: str, resource: Mapping[str, Any], *, key: str = "") -> WireRequest:
    """Return a signed event about one object."""
    body = {
        "id": f"WH-{uuid4().hex.upper()}",
        "event_version": "1.0",
        "create_time": _now(),
        "resource_type": kind.partition(".")[0].lower(),
        "event_type": kind,
        "resource": resource,
    }
    return _sealed(trade, json.dumps(body, ensure_ascii=False), key or trade.merchant.secrets["key"])


def _sealed(trade: SandboxTrade, body: str, key: str) -> WireRequest:
    account, number, at = trade.merchant.secrets, str(uuid4()), _now()
    headers = {
        "Content-Type": "application/json",
        "Paypal-Transmission-Id": number,
        "Paypal-Transmission-Time": at,
        "Paypal-Transmission-Sig": signature(key, number, at, account["webhook_id"], body.encode()),
        "Paypal-Cert-Url": f"{objects.base()}/v1/notifications/certs/CERT-{trade.merchant.pid}",
        "Paypal-Auth-Algo": "SHA256withRSA",
    }
    return WireRequest("POST", trade.notify_url, headers, body)


def signature(key: str, number: str, at: str, webhook_id: str, body: bytes) -> str:
    """Return the signature of a transmission in base64."""
    loaded = load_pem_private_key(key.encode(), password=None)
    assert isinstance(loaded, RSAPrivateKey)  # noqa: S101 - for the type checker: accounts make no other
    message = "|".join([number, at, webhook_id, str(zlib.crc32(body) & 0xFFFFFFFF)])
    return base64.b64encode(loaded.sign(message.encode(), PKCS1v15(), SHA256())).decode()


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


PROTOCOL = PayPal()
