"""How WeChat Pay tells a shop what became of a trade or of a refund."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import ClassVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.sandbox import notifier
from xinka.sandbox.endings import Ending, Situation
from xinka.sandbox.models import SandboxRefund, SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import NoticeKind, Said
from xinka.sandbox.wechat import accounts, facts, wire

_LONG_AGO = timedelta(days=10)


def _pay_and_send_old_notice(at: Situation) -> None:
    if at.pay():
        old = payment_notice(at.trade, at.now, signed_at=(at.now - _LONG_AGO).timestamp())
        notifier.plan(at.trade, old, due_at=at.now, kind=NoticeKind.GENUINE)


def _probe(at: Situation) -> None:
    request = payment_notice(at.trade, at.now)
    headers = {**request.headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + secrets.token_urlsafe(200)}
    probe = WireRequest(request.method, request.url, headers, request.body)
    notifier.plan(at.trade, probe, due_at=at.now, kind=NoticeKind.FORGED)


def _slow_down_refunds(at: Situation) -> None:
    _let_refunds(at.trade, facts.SLOW)


def _let_refunds_fail(at: Situation) -> None:
    _let_refunds(at.trade, facts.STUCK)


def _let_refunds(trade: SandboxTrade, kind: str) -> None:
    trade.facts = {**trade.facts, facts.REFUNDS: kind}
    trade.save(update_fields=["facts"])


_ENDINGS: Mapping[str, Ending] = MappingProxyType(
    {
        "old-notice": Ending(
            _("Send an old notice"), _("Paid now; the notice was signed ten days ago."), _pay_and_send_old_notice
        ),
        "probe": Ending(_("Probe the shop"), _("Nothing is paid; does the shop check signatures?"), _probe),
        "slow-refunds": Ending(
            _("Let refunds take a minute"), _("Refunds are in progress first."), _slow_down_refunds, after_payment=True
        ),
        "stuck-refunds": Ending(
            _("Let refunds get stuck"), _("The buyer's account takes no money."), _let_refunds_fail, after_payment=True
        ),
    }
)


@dataclass(frozen=True, slots=True)
class WechatV3:
    """WeChat Pay v3: signed and encrypted JSON by POST; it only tells of money that moved."""

    label: ClassVar[str | Promise] = _("WeChat Pay v3")
    may_choose_method: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset({"reorder"})
    endings: ClassVar[Mapping[str, Ending]] = _ENDINGS

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return a notice of a payment; of nothing else does WeChat tell by itself."""
        if said is not Said.PAID:
            return None
        # Money that will come late is told when it comes, so it is signed for that moment.
        sent_at = max(timezone.now(), trade.paid_at or timezone.now())
        return payment_notice(trade, sent_at, signed_at=sent_at.timestamp())

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return a notice that says the trade was paid, with a signature of another message."""
        request = payment_notice(trade, timezone.now())
        other = accounts.signature_headers(trade.merchant, b"{}")
        return WireRequest(request.method, request.url, {**request.headers, **other}, request.body)

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Say the same, signed anew: WeChat signs each attempt when it makes it."""
        fresh = accounts.signature_headers(trade.merchant, request.body.encode())
        return WireRequest(request.method, request.url, {**request.headers, **fresh}, request.body)

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Look at the status only, as WeChat does."""
        return answer.status in (200, 204)

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return where an H5 payment came from."""
        return trade.return_url


def payment_notice(trade: SandboxTrade, now: datetime, *, signed_at: float | None = None) -> WireRequest:
    """Return the notice that a trade was paid, whether it was or not."""
    said = facts.payment(trade, now) | {
        "transaction_id": trade.trade_no,
        "trade_state": "SUCCESS",
        "success_time": facts.moment(trade.paid_at or now),
        "amount": {"total": trade.paid_money or trade.money, "currency": facts.CURRENCY},
    }
    return _notice(trade, trade.notify_url, ("TRANSACTION.SUCCESS", "transaction"), said, signed_at)


def refund_notice(refund: SandboxRefund, now: datetime, url: str) -> WireRequest:
    """Return the notice that a refund is through, or that it is stuck."""
    state = facts.refund_state(refund, now)
    return _notice(refund.trade, url, (f"REFUND.{state}", "refund"), facts.refund_told(refund, now), None)


def _notice(
    trade: SandboxTrade, url: str, kind: tuple[str, str], said: Mapping[str, object], signed_at: float | None
) -> WireRequest:
    event_type, original_type = kind
    text = json.dumps(said, ensure_ascii=False)
    resource = {"original_type": original_type}
    resource |= wire.seal(text, trade.merchant.secrets["api_v3_key"], aad=original_type)
    envelope = {
        "id": f"EV-{secrets.token_hex(16)}",
        "create_time": facts.moment(timezone.now()),
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功" if original_type == "transaction" else "退款结果",
        "resource": resource,
    }
    body = json.dumps(envelope, ensure_ascii=False)
    at = time.time() if signed_at is None else signed_at
    headers = accounts.signature_headers(trade.merchant, body.encode(), at=at)
    return WireRequest("POST", url, {"Content-Type": "application/json", **headers}, body)


PROTOCOL = WechatV3()
