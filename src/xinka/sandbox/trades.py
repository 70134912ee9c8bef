"""What the gateway does with merchants and trades, whatever protocol asks for it: open, pay, refund, close."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils import timezone

from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxRefund, SandboxTrade
from xinka.sandbox.states import EntryKind, TradeState

OPEN_FOR = timedelta(minutes=15)
_NAME_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Wanted:
    """A trade that a signed request asks for; ``money`` in minor units, ``type`` the way to pay in its protocol."""

    out_trade_no: str
    name: str
    money: int
    notify_url: str = ""
    return_url: str = ""
    type: str = ""
    currency: str = "CNY"
    param: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    open_for: timedelta = OPEN_FOR


def open_merchant(name: str, protocol: str, account: Mapping[str, object], *, pid: str = "") -> SandboxMerchant:
    """Open a merchant account with what its protocol needs (``account``) and a fresh number unless one is given."""
    pid = pid or str(10_000_000 + secrets.randbelow(90_000_000))
    return SandboxMerchant.objects.create(pid=pid, name=name, protocol=protocol, secrets=dict(account))


def merchant_of(pid: str, protocol: str) -> SandboxMerchant:
    """Return the merchant with a number; raises ``Declined``."""
    merchant = SandboxMerchant.objects.filter(pid=pid, protocol=protocol).first()
    if merchant is None:
        raise Declined(Why.NO_MERCHANT, "商户不存在 (no such merchant)")
    return merchant


def open_trade(merchant: SandboxMerchant, wanted: Wanted) -> SandboxTrade:
    """Return the trade that a request asks for, whose signature was checked; asked again, it is the same trade.

    Raises:
        Declined: if it is incomplete, leads elsewhere, or reuses an order number for something else.
    """
    for name, value in (("out_trade_no", wanted.out_trade_no), ("name", wanted.name)):
        if not value:
            raise Declined(Why.MISSING, f"缺少参数 {name} (missing)")
    for url in (wanted.notify_url, wanted.return_url):
        check_destination(url)
    now = timezone.now()
    trade, _ = SandboxTrade.objects.get_or_create(
        merchant=merchant,
        out_trade_no=wanted.out_trade_no,
        is_second=False,
        defaults={
            **_numbers(now),
            "type": wanted.type,
            "name": wanted.name[:_NAME_LENGTH],
            "money": wanted.money,
            "currency": wanted.currency,
            "notify_url": wanted.notify_url,
            "return_url": wanted.return_url,
            "param": wanted.param,
            "facts": dict(wanted.facts),
            "created_at": now,
            "expires_at": now + wanted.open_for,
        },
    )
    if (trade.money, trade.currency) != (wanted.money, wanted.currency):
        raise Declined(Why.NUMBER_REUSED, "商户订单号已用于另一笔金额 (order number used for another amount)")
    return trade


def cashier_url(trade: SandboxTrade) -> str:
    """Return the address of a trade's cashier page, which is also what its QR code says."""
    return str(settings.SITE_URL) + reverse("sandbox:cashier", kwargs={"token": trade.token})


def _numbers(now: datetime) -> dict[str, str]:
    """Return a fresh number and token."""
    return {"trade_no": fresh_number(now), "token": secrets.token_urlsafe(32)}


def fresh_number(now: datetime) -> str:
    """Return a number of the gateway's own that nobody has yet."""
    return f"{now:%Y%m%d%H%M%S}{secrets.randbelow(10**9):09d}"


def check_destination(url: str) -> None:
    """Refuse to call or to send people anywhere but to the shop this sandbox belongs to."""
    if url and urlsplit(url)[:2] != urlsplit(settings.SITE_URL)[:2]:
        raise Declined(Why.DESTINATION, "沙盒只通知本站地址 (the sandbox only calls its own shop)")


def close(trade: SandboxTrade, state: TradeState) -> bool:
    """End a waiting trade without money; return whether this call did it."""
    return bool(SandboxTrade.objects.filter(pk=trade.pk, state=TradeState.WAITING).update(state=state))


def pay(trade: SandboxTrade, *, money: int, paid_at: datetime) -> bool:
    """Book ``money`` minor units from the buyer at ``paid_at`` (now or later); return whether this call did it."""
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


def refund(trade: SandboxTrade, money: int, now: datetime, *, out_refund_no: str = "") -> SandboxRefund:
    """Give ``money`` minor units back, once for each number of the merchant's.

    Raises:
        Declined: beyond what is left, or if the number was used for another amount.
    """
    with transaction.atomic():
        SandboxTrade.objects.select_for_update().get(pk=trade.pk)
        known = trade.refunds.filter(out_refund_no=out_refund_no).first() if out_refund_no else None
        if known is not None:
            if known.money != money:
                raise Declined(Why.NUMBER_REUSED, "退款单号已用于另一笔金额 (refund number used for another amount)")
            return known
        moved = SandboxTrade.objects.filter(
            pk=trade.pk, state=TradeState.PAID, paid_at__lte=now, paid_money__gte=F("refunded_money") + money
        ).update(refunded_money=F("refunded_money") + money)
        if not moved:
            raise Declined(Why.NOT_REFUNDABLE, "可退金额不足或未支付 (nothing left to refund)")
        SandboxTrade.objects.filter(pk=trade.pk, refunded_money=F("paid_money")).update(state=TradeState.REFUNDED)
        number = fresh_number(now)
        found = SandboxRefund.objects.create(
            trade=trade, refund_no=number, out_refund_no=out_refund_no or number, money=money, at=now
        )
        SandboxEntry.objects.create(trade=trade, refund=found, kind=EntryKind.REFUND, amount=-money, at=now)
    trade.refresh_from_db()
    return found


def refund_by(merchant: SandboxMerchant, *, refund_no: str = "", out_no: str = "") -> SandboxRefund:
    """Return a merchant's refund by the gateway's number or by the merchant's; raises ``Declined``."""
    wanted = Q(refund_no=refund_no) if refund_no else Q(out_refund_no=out_no)
    found = SandboxRefund.objects.filter(wanted, trade__merchant=merchant).select_related("trade").first()
    if found is None:
        raise Declined(Why.NO_REFUND, "退款单号不存在 (no such refund)")
    return found


def refund_of(trade: SandboxTrade, out_refund_no: str) -> SandboxRefund:
    """Return a refund by the merchant's number; raises ``Declined``."""
    found = trade.refunds.filter(out_refund_no=out_refund_no).first()
    if found is None:
        raise Declined(Why.NO_REFUND, "退款单不存在 (no such refund)")
    return found


def balance(merchant: SandboxMerchant, now: datetime) -> int:
    """Return what the gateway holds for a merchant, in minor units, by its own books."""
    total = SandboxEntry.objects.filter(trade__merchant=merchant, at__lte=now).aggregate(total=Sum("amount"))["total"]
    return int(total or 0)


def entries_on(merchant: SandboxMerchant, day: date) -> Iterable[SandboxEntry]:
    """Return the payments and refunds of one calendar day of the gateway's, as its bill lists them."""
    found = SandboxEntry.objects.filter(trade__merchant=merchant, at__date=day).select_related("trade", "refund")
    return found.order_by("at", "id").iterator()


def find(merchant: SandboxMerchant, *, trade_no: str = "", out_trade_no: str = "") -> SandboxTrade:
    """Return a merchant's trade by the gateway's number or by the merchant's; raises ``Declined``."""
    wanted = Q(trade_no=trade_no) if trade_no else Q(out_trade_no=out_trade_no, is_second=False)
    trade = SandboxTrade.objects.filter(wanted, merchant=merchant).first()
    if trade is None:
        raise Declined(Why.NO_TRADE, "订单号不存在 (no such order)")
    return trade
