"""What the gateway does with merchants and trades: open, pay, refund, tell."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from xinka.sandbox import wire
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxTrade
from xinka.sandbox.states import EntryKind, TradeState
from xinka.sandbox.wire import WireError

OPEN_FOR = timedelta(minutes=15)
_REQUIRED = ("pid", "out_trade_no", "notify_url", "name", "money")


def open_merchant(name: str, *, sign_type: str = "MD5", key_label: bool = False) -> SandboxMerchant:
    """Open a merchant account with a fresh number and key."""
    if sign_type not in wire.SIGN_TYPES:
        raise ValueError(sign_type)
    pid = str(10_000_000 + secrets.randbelow(90_000_000))
    return SandboxMerchant.objects.create(
        pid=pid, key=secrets.token_hex(16), name=name, sign_type=sign_type, key_label=key_label
    )


def merchant_of(fields: Mapping[str, str]) -> SandboxMerchant:
    """Return the merchant whose signature a request bears; raises ``WireError``."""
    merchant = SandboxMerchant.objects.filter(pid=fields.get("pid", "")).first()
    if merchant is None:
        raise WireError("商户不存在 (no such merchant)", -3)
    wire.check_signature(fields, merchant.key, merchant.sign_type, label=merchant.key_label)
    return merchant


def open_trade(fields: Mapping[str, str]) -> SandboxTrade:
    """Return the trade that a signed request asks for; the same request again returns the same trade.

    Raises:
        WireError: if the request is not signed, incomplete, or reuses an order number for something else.
    """
    for name in _REQUIRED:
        if not fields.get(name):
            raise WireError(f"缺少参数 {name} (missing)")
    merchant = merchant_of(fields)
    for name in ("notify_url", "return_url"):
        _check_destination(fields.get(name, ""))
    now = timezone.now()
    trade, _ = SandboxTrade.objects.get_or_create(
        merchant=merchant,
        out_trade_no=fields["out_trade_no"],
        is_second=False,
        defaults={
            **_numbers(now),
            "type": fields.get("type", ""),
            "name": fields["name"][:127],
            "money": wire.to_fen(fields["money"]),
            "notify_url": fields["notify_url"],
            "return_url": fields.get("return_url", ""),
            "param": fields.get("param", ""),
            "created_at": now,
            "expires_at": now + OPEN_FOR,
        },
    )
    if trade.money != wire.to_fen(fields["money"]):
        raise WireError("商户订单号已用于另一笔金额 (order number used for another amount)")
    return trade


def _numbers(now: datetime) -> dict[str, str]:
    """Return a fresh number and token."""
    number = f"{now:%Y%m%d%H%M%S}{secrets.randbelow(10**9):09d}"
    return {"trade_no": number, "token": secrets.token_urlsafe(32)}


def _check_destination(url: str) -> None:
    """Refuse to call or to send people anywhere but to the shop this sandbox belongs to."""
    if url and urlsplit(url)[:2] != urlsplit(settings.SITE_URL)[:2]:
        raise WireError("沙盒只通知本站地址 (the sandbox only calls its own shop)")


def close(trade: SandboxTrade, state: TradeState) -> bool:
    """End a waiting trade without money; return whether this call did it."""
    return bool(SandboxTrade.objects.filter(pk=trade.pk, state=TradeState.WAITING).update(state=state))


def pay(trade: SandboxTrade, *, money: int, paid_at: datetime) -> bool:
    """Book ``money`` fen from the buyer at ``paid_at`` (now or later); return whether this call did it."""
    payable = [TradeState.WAITING, TradeState.EXPIRED]
    with transaction.atomic():
        moved = SandboxTrade.objects.filter(pk=trade.pk, state__in=payable).update(
            state=TradeState.PAID, paid_money=money, paid_at=paid_at
        )
        if moved:
            SandboxEntry.objects.create(trade=trade, kind=EntryKind.PAYMENT, amount=money, at=paid_at)
    trade.refresh_from_db()
    return bool(moved)


def pay_again(trade: SandboxTrade, *, now: datetime) -> SandboxTrade:
    """Book a second payment of the same order under a number of its own, as a second QR code would."""
    second = SandboxTrade.objects.get(pk=trade.pk)
    second.pk = None
    second._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    second.is_second, second.state, second.paid_money, second.paid_at = True, TradeState.WAITING, 0, None
    for name, value in _numbers(now).items():
        setattr(second, name, value)
    second.save()
    pay(second, money=trade.money, paid_at=now)
    return second


def refund(trade: SandboxTrade, money: int, now: datetime) -> None:
    """Give ``money`` fen back; raises ``WireError`` beyond what is left."""
    with transaction.atomic():
        moved = SandboxTrade.objects.filter(
            pk=trade.pk, state=TradeState.PAID, paid_at__lte=now, paid_money__gte=F("refunded_money") + money
        ).update(refunded_money=F("refunded_money") + money)
        if not moved:
            raise WireError("可退金额不足或未支付 (nothing left to refund)")
        SandboxTrade.objects.filter(pk=trade.pk, refunded_money=F("paid_money")).update(state=TradeState.REFUNDED)
        SandboxEntry.objects.create(trade=trade, kind=EntryKind.REFUND, amount=-money, at=now)


def balance(merchant: SandboxMerchant, now: datetime) -> int:
    """Return what the gateway holds for a merchant, in fen, by its own books."""
    total = SandboxEntry.objects.filter(trade__merchant=merchant, at__lte=now).aggregate(total=Sum("amount"))["total"]
    return int(total or 0)


def find(merchant: SandboxMerchant, fields: Mapping[str, str]) -> SandboxTrade:
    """Return a merchant's trade by the gateway's number or by the merchant's; raises ``WireError``."""
    if number := fields.get("trade_no"):
        wanted = Q(trade_no=number)
    else:
        wanted = Q(out_trade_no=fields.get("out_trade_no", ""), is_second=False)
    trade = SandboxTrade.objects.filter(wanted, merchant=merchant).first()
    if trade is None:
        raise WireError("订单号不存在 (no such order)")
    return trade


def notice_fields(trade: SandboxTrade, status: str = "TRADE_SUCCESS") -> dict[str, str]:
    """Return the signed fields that tell a merchant about a trade."""
    merchant = trade.merchant
    fields = {
        "pid": merchant.pid,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "type": trade.type or "alipay",
        "name": trade.name,
        "money": wire.to_yuan(trade.paid_money or trade.money),
        "trade_status": status,
    }
    if trade.param:
        fields["param"] = trade.param
    return wire.signed(fields, merchant.key, merchant.sign_type, label=merchant.key_label)
