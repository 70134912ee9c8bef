"""The calls about payments and refunds, and the page that a phone's browser is sent to."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from xinka.sandbox import notifier, trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxRefund, SandboxTrade
from xinka.sandbox.states import NoticeKind, TradeState
from xinka.sandbox.wechat import accounts, facts, open_platform, sharing
from xinka.sandbox.wechat.desk import Asked, Said, counter
from xinka.sandbox.wechat.protocol import refund_notice

PREPAY = "wx"
_TYPES = {"native": "NATIVE", "h5": "MWEB", "jsapi": "JSAPI"}


@counter("POST")
def create(asked: Asked, kind: str) -> object:
    """Open a payment and say how it is paid."""
    if kind not in _TYPES:
        raise Declined(Why.UNKNOWN_CALL, "no such call")
    trade = trades.open_trade(asked.merchant, _wanted(asked, kind))
    if trade.state == TradeState.CLOSED:
        raise Declined(Why.ALREADY_CLOSED, "订单已关闭 (order is closed)")
    if trade.state in (TradeState.PAID, TradeState.REFUNDED):
        raise Declined(Why.ALREADY_PAID, "订单已支付 (order is paid)")
    if kind == "native":
        return {"code_url": trades.cashier_url(trade)}
    if kind == "h5":
        page = reverse("sandbox:wechat_h5")
        return {"h5_url": f"{settings.SITE_URL}{page}?prepay_id={trade.token}&package=1"}
    return {"prepay_id": f"{PREPAY}{trade.trade_no}"}


def _wanted(asked: Asked, kind: str) -> trades.Wanted:
    if asked.text("appid") != asked.merchant.secrets["appid"] or asked.text("mchid") != asked.merchant.pid:
        raise Said(400, "APPID_MCHID_NOT_MATCH", "商户号和 AppID 不匹配")
    scene, payer = (asked.fields.get(name) for name in ("scene_info", "payer"))
    if kind == "h5" and not (isinstance(scene, Mapping) and scene.get("payer_client_ip") and scene.get("h5_info")):
        raise Declined(Why.MISSING, "参数错误 scene_info")
    if kind == "jsapi" and not (isinstance(payer, Mapping) and payer.get("openid")):
        raise Declined(Why.MISSING, "参数错误 payer.openid")
    openid = str(payer.get("openid", "")) if isinstance(payer, Mapping) else ""
    if kind == "jsapi" and not open_platform.is_known(asked.merchant, openid):
        raise Said(400, "PARAM_ERROR", "无效的openid (no such openid of this app)")
    settle = asked.fields.get("settle_info")
    return trades.Wanted(
        out_trade_no=asked.text("out_trade_no"),
        name=asked.text("description"),
        money=asked.whole("total", "amount"),
        notify_url=asked.text("notify_url"),
        type=_TYPES[kind],
        param=asked.text("attach", needed=False),
        facts={
            "openid": openid or "oSandbox0000000000000000000",
            sharing.HELD: isinstance(settle, Mapping) and settle.get("profit_sharing") is True,
        },
    )


@require_GET
def h5(request: HttpRequest) -> HttpResponse:
    """Send a phone's browser on to the cashier, which remembers where it is to go back."""
    trade = get_object_or_404(SandboxTrade, token=request.GET.get("prepay_id", ""))
    back = request.GET.get("redirect_url", "")
    try:
        trades.check_destination(back)
    except Declined as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain; charset=utf-8")
    SandboxTrade.objects.filter(pk=trade.pk).update(return_url=back)
    return redirect("sandbox:cashier", token=trade.token)


@counter("GET")
def by_number(asked: Asked, out_trade_no: str) -> object:
    """Say what became of a payment, by the merchant's number."""
    return facts.payment(_find(asked, out_trade_no=out_trade_no), timezone.now())


@counter("GET")
def by_id(asked: Asked, transaction_id: str) -> object:
    """Say what became of a payment, by the gateway's number."""
    return facts.payment(_find(asked, trade_no=transaction_id), timezone.now())


@counter("POST")
def close(asked: Asked, out_trade_no: str) -> object:
    """Close an unpaid payment. One that is closed or unknown is answered alike, as the real gateway does."""
    try:
        trade = _find(asked, out_trade_no=out_trade_no)
    except Declined:
        return None
    if not trades.close(trade, TradeState.CLOSED) and trade.state in (TradeState.PAID, TradeState.REFUNDED):
        raise Declined(Why.ALREADY_PAID, "订单已支付 (order is paid)")
    return None


def _find(asked: Asked, *, trade_no: str = "", out_trade_no: str = "") -> SandboxTrade:
    if asked.text("mchid") != asked.merchant.pid:
        raise Said(400, "PARAM_ERROR", "商户号不对 (another merchant)")
    return trades.find(asked.merchant, trade_no=trade_no, out_trade_no=out_trade_no)


@counter("POST")
def refund(asked: Asked) -> object:
    """Give money back; the same number again is the same refund."""
    number, now = asked.text("out_refund_no"), timezone.now()
    trade_no = asked.text("transaction_id", needed=False)
    trade = trades.find(asked.merchant, trade_no=trade_no, out_trade_no="" if trade_no else asked.text("out_trade_no"))
    if asked.whole("total", "amount") != trade.paid_money:
        raise Said(400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致 (another total)")
    with transaction.atomic():
        is_new = not trade.refunds.filter(out_refund_no=number).exists()
        found = trades.refund(trade, asked.whole("refund", "amount"), now, out_refund_no=number)
        if is_new:
            _tell(found, asked.text("notify_url", needed=False) or trade.notify_url)
    return facts.refund(found, now)


def _tell(found: SandboxRefund, url: str) -> None:
    """Plan the notice for when the refund is through."""
    trades.check_destination(url)
    slow = found.trade.facts.get(facts.REFUNDS) == facts.SLOW
    at = found.at + (facts.SLOW_FOR if slow else facts.SLOW_FOR * 0)
    notifier.plan(found.trade, refund_notice(found, at, url), due_at=at, kind=NoticeKind.GENUINE)


@counter("GET")
def refund_by_number(asked: Asked, out_refund_no: str) -> object:
    """Say what became of a refund."""
    found = SandboxRefund.objects.filter(trade__merchant=asked.merchant, out_refund_no=out_refund_no).first()
    if found is None:
        raise Declined(Why.NO_REFUND, "退款单不存在 (no such refund)")
    return facts.refund(found, timezone.now())


@counter("GET")
def certificates(asked: Asked) -> object:
    """List the platform certificates."""
    return {"data": [accounts.sealed_certificate(asked.merchant.secrets)]}
