"""``gateway.do``: one address for every call, by browsers and by servers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from xinka.sandbox import trades
from xinka.sandbox.alipay import accounts, bills, shares, transfers, wire
from xinka.sandbox.epay.wire import to_fen, to_yuan
from xinka.sandbox.errors import Declined, Silence, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade
from xinka.sandbox.states import TradeState

Facts = dict[str, object]
Content = dict[str, Any]
_PAGES = ("alipay.trade.page.pay", "alipay.trade.wap.pay")
_BILL_SALT, _BILL_SECONDS = "sandbox.alipay.bill", 30
#: Alipay's own words for what the gateway declines, and those it has for everything else.
_SUB_CODES = {
    Why.NO_TRADE: "ACQ.TRADE_NOT_EXIST",
    Why.NOT_REFUNDABLE: "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    Why.NUMBER_REUSED: "ACQ.CONTEXT_INCONSISTENT",
    Why.ALREADY_PAID: "ACQ.TRADE_STATUS_ERROR",
    Why.ALREADY_CLOSED: "ACQ.TRADE_HAS_CLOSE",
    Why.NO_REFUND: "isp.bill_not_exist",
    Why.NO_SHARE: "ACQ.TRADE_SETTLE_NOT_EXIST",
    Why.NOT_SHAREABLE: "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR",
    Why.NO_TRANSFER: "ORDER_NOT_EXIST",
    Why.NO_BALANCE: "PAYER_BALANCE_NOT_ENOUGH",
    Why.REPEATED: "PAYMENT_INFO_INCONSISTENCY",
}
_SENDERS_FAULT = {Why.NO_MERCHANT, Why.BAD_SIGNATURE, Why.UNKNOWN_CALL}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def gateway(request: HttpRequest) -> HttpResponse:
    """Answer a signed call, or send a browser to the cashier."""
    fields = request.GET.dict() | request.POST.dict()
    method, now = fields.get("method", ""), timezone.now()
    try:
        merchant = accounts.merchant_of(fields, now)
    except Declined as error:
        if method in _PAGES:
            return _declined_page(request, error)
        refusal = '{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature"}}'
        return HttpResponse(refusal, content_type="text/html;charset=utf-8")
    try:
        content = accounts.content_of(fields)
        if method in _PAGES:
            return redirect("sandbox:cashier", token=accounts.open_trade(merchant, fields, content).token)
        facts = {"code": "10000", "msg": "Success", **_CALLS.get(method, _unknown)(merchant, fields, content)}
    except Declined as error:
        if method in _PAGES:
            return _declined_page(request, error)
        facts = _no(error)
    except Silence:
        return HttpResponse(status=504)
    text = wire.answer(method, facts, merchant.secrets["alipay_private"], merchant.secrets.get("alipay_cert_sn", ""))
    return HttpResponse(text, content_type="text/html;charset=utf-8")


@require_GET
def bill(request: HttpRequest) -> HttpResponse:
    """Hand out the archive that an address names; it lives for half a minute and is not signed."""
    try:
        named = signing.loads(request.GET.get("fileId", ""), salt=_BILL_SALT, max_age=_BILL_SECONDS)
    except signing.BadSignature:
        return HttpResponse(status=404)
    merchant = trades.merchant_of(named["pid"], accounts.NAME)
    archive = bills.archive(merchant, date.fromisoformat(named["day"]))
    return HttpResponse(archive, content_type="application/zip")


def _declined_page(request: HttpRequest, error: Declined) -> HttpResponse:
    return render(request, "sandbox/declined.html", {"reason": str(error)}, status=400)


def _no(error: Declined) -> Facts:
    if error.why in _SENDERS_FAULT:
        return {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-method", "sub_msg": str(error)}
    sub_code = _SUB_CODES.get(error.why, "ACQ.INVALID_PARAMETER")
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": str(error)}


def _precreate(merchant: SandboxMerchant, fields: dict[str, str], content: Content) -> Facts:
    trade = accounts.open_trade(merchant, fields, content)
    return {"out_trade_no": trade.out_trade_no, "qr_code": trades.cashier_url(trade)}


def _query(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    trade, now = _find(merchant, content), timezone.now()
    facts: Facts = {
        **_numbers(trade),
        "trade_status": status_of(trade),
        "total_amount": to_yuan(trade.paid_money if trade.is_paid(now) else trade.money),
        "buyer_logon_id": "cy***@example.com",
        "receipt_amount": to_yuan(trade.paid_money),
    }
    if trade.is_paid(now) and trade.paid_at is not None:
        facts["send_pay_date"] = wire.moment(trade.paid_at)
    return facts


def _close(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    trade = _find(merchant, content)
    if not trades.close(trade, TradeState.CLOSED):
        raise Declined(Why.ALREADY_PAID, "交易状态不合法 (not waiting)")
    return _numbers(trade)


def _refund(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    trade, now = _find(merchant, content), timezone.now()
    money, number = to_fen(str(content.get("refund_amount", ""))), str(content.get("out_request_no", ""))
    before = trade.refunded_money
    trades.refund(trade, money, now, out_refund_no=number or trade.out_trade_no)
    return {
        **_numbers(trade),
        "refund_fee": to_yuan(trade.refunded_money),
        "fund_change": "Y" if trade.refunded_money != before else "N",
        "gmt_refund_pay": wire.moment(now),
    }


def _refund_query(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    trade, number = _find(merchant, content), str(content.get("out_request_no", ""))
    try:
        found = trades.refund_of(trade, number)
    except Declined:
        return {}
    return {
        **_numbers(trade),
        "out_request_no": number,
        "total_amount": to_yuan(trade.paid_money),
        "refund_amount": to_yuan(found.money),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": wire.moment(found.at),
    }


def _settle(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    trade = _find(merchant, content)
    return {"trade_no": trade.trade_no, "settle_no": shares.settle(trade, content, timezone.now())}


def _settle_query(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    return shares.about(_find(merchant, content), str(content.get("out_request_no", "")))


def _bill(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    try:
        day = date.fromisoformat(str(content.get("bill_date", "")))
    except ValueError:
        raise Declined(Why.MALFORMED, "bill_date 格式错误 (malformed)") from None
    if day + timedelta(days=1) > timezone.now().astimezone(wire.BEIJING).date() or not bills.has_any(merchant, day):
        raise Declined(Why.NO_REFUND, "账单不存在 (no bill)")
    named = signing.dumps({"pid": merchant.pid, "day": day.isoformat()}, salt=_BILL_SALT)
    return {"bill_download_url": f"{settings.SITE_URL}{reverse('sandbox:alipay_bill')}?fileId={named}"}


def _unknown(_merchant: SandboxMerchant, fields: dict[str, str], _content: Content) -> Facts:
    raise Declined(Why.UNKNOWN_CALL, f"不存在的方法名 {fields.get('method', '')[:60]}")


def status_of(trade: SandboxTrade) -> str:
    """Return Alipay's word for where a trade stands."""
    if trade.state == TradeState.REFUNDED:
        return "TRADE_CLOSED"
    if trade.is_paid(timezone.now()):
        return "TRADE_SUCCESS"
    waits = trade.state in (TradeState.WAITING, TradeState.PAID) and trade.expires_at > timezone.now()
    return "WAIT_BUYER_PAY" if waits else "TRADE_CLOSED"


def _find(merchant: SandboxMerchant, content: Content) -> SandboxTrade:
    numbers = {name: str(content.get(name, "")) for name in ("trade_no", "out_trade_no")}
    return trades.find(merchant, **numbers)


def _numbers(trade: SandboxTrade) -> Facts:
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}


_CALLS: dict[str, Callable[[SandboxMerchant, dict[str, str], Content], Facts]] = {
    "alipay.trade.precreate": _precreate,
    "alipay.trade.query": _query,
    "alipay.trade.close": _close,
    "alipay.trade.refund": _refund,
    "alipay.trade.fastpay.refund.query": _refund_query,
    "alipay.trade.royalty.relation.bind": lambda *_: {"result_code": "SUCCESS"},
    "alipay.trade.order.settle": _settle,
    "alipay.trade.order.settle.query": _settle_query,
    "alipay.fund.trans.uni.transfer": transfers.submit,
    "alipay.fund.trans.common.query": transfers.query,
    "alipay.data.dataservice.bill.downloadurl.query": _bill,
}
