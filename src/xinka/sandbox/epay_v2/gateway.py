"""The addresses that shops call under ``/api/``; every yes is signed, a no is not, as at real gateways."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from xinka.sandbox import trades
from xinka.sandbox.epay.wire import to_fen, to_yuan
from xinka.sandbox.epay_v2 import accounts, transfers
from xinka.sandbox.errors import Declined, Silence, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade
from xinka.sandbox.states import TradeState

Answer = dict[str, object]
_REFUNDED, _PAID, _UNPAID = 2, 1, 0
_MOST_ORDERS = 50


@csrf_exempt
@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    """Send a buyer on to the cashier of the trade that the signed request asks for."""
    fields = (request.POST if request.method == "POST" else request.GET).dict()
    try:
        trade = accounts.open_trade(accounts.merchant_of(fields), fields)
    except Declined as error:
        return render(request, "sandbox/declined.html", {"reason": str(error)}, status=400)
    return redirect("sandbox:cashier", token=trade.token)


@csrf_exempt
@require_POST
def call(request: HttpRequest, group: str, act: str) -> HttpResponse:
    """Answer one signed call."""
    fields = request.POST.dict()
    try:
        merchant = accounts.merchant_of(fields)
        act_of = _ACTS.get(f"{group}/{act}", _unknown)
        return JsonResponse(accounts.seal(merchant, {"code": 0, **act_of(merchant, fields)}))
    except Silence:
        return HttpResponse(status=504)
    except Declined as error:
        return JsonResponse({"code": -4 if error.why is Why.BAD_SIGNATURE else -1, "msg": str(error)})


def _create(merchant: SandboxMerchant, fields: dict[str, str]) -> Answer:
    if not fields.get("type") or not fields.get("clientip") or not fields.get("method"):
        raise Declined(Why.MISSING, "缺少参数 type、clientip 或 method (missing)")
    trade = accounts.open_trade(merchant, fields)
    by_qr = fields["method"] == "web" and fields.get("device", "pc") == "pc"
    return {
        "trade_no": trade.trade_no,
        "pay_type": "qrcode" if by_qr else "jump",
        "pay_info": trades.cashier_url(trade),
    }


def _query(merchant: SandboxMerchant, fields: dict[str, str]) -> Answer:
    return _facts(merchant, _find(merchant, fields))


def _close(merchant: SandboxMerchant, fields: dict[str, str]) -> Answer:
    trade = _find(merchant, fields)
    if not trades.close(trade, TradeState.CLOSED) and trade.paid_at is not None:
        raise Declined(Why.ALREADY_PAID, "订单已支付 (paid)")
    return {"msg": "succ"}


def _refund(merchant: SandboxMerchant, fields: dict[str, str]) -> Answer:
    trade, now = _find(merchant, fields), timezone.now()
    money = to_fen(fields.get("money", ""))
    found = trades.refund(trade, money, now, out_refund_no=fields.get("out_refund_no", ""))
    numbers = {"refund_no": found.refund_no, "out_refund_no": found.out_refund_no, "trade_no": trade.trade_no}
    return {"msg": "succ", **numbers, "money": to_yuan(money), "reducemoney": to_yuan(money)}


def _refund_query(merchant: SandboxMerchant, fields: dict[str, str]) -> Answer:
    found = trades.refund_by(merchant, refund_no=fields.get("refund_no", ""), out_no=fields.get("out_refund_no", ""))
    return {
        "refund_no": found.refund_no,
        "out_refund_no": found.out_refund_no,
        "trade_no": found.trade.trade_no,
        "out_trade_no": found.trade.out_trade_no,
        "money": to_yuan(found.money),
        "status": 1,
        "addtime": f"{timezone.localtime(found.at):%Y-%m-%d %H:%M:%S}",
    }


def _info(merchant: SandboxMerchant, _fields: dict[str, str]) -> Answer:
    balance = trades.balance(merchant, timezone.now())
    return {"pid": merchant.pid, "status": 1, "money": to_yuan(balance), "order_num": merchant.trades.count()}


def _orders(merchant: SandboxMerchant, fields: dict[str, str]) -> Answer:
    wanted = fields.get("limit", "")
    limit = min(int(wanted), _MOST_ORDERS) if wanted.isascii() and wanted.isdigit() else _MOST_ORDERS
    return {"data": [_facts(merchant, trade) for trade in merchant.trades.order_by("-id")[:limit]]}


def _unknown(_merchant: SandboxMerchant, _fields: dict[str, str]) -> Answer:
    raise Declined(Why.UNKNOWN_CALL, "No Act!")


def _find(merchant: SandboxMerchant, fields: dict[str, str]) -> SandboxTrade:
    return trades.find(merchant, trade_no=fields.get("trade_no", ""), out_trade_no=fields.get("out_trade_no", ""))


def _facts(merchant: SandboxMerchant, trade: SandboxTrade) -> Answer:
    paid = trade.is_paid(timezone.now())
    whole_refund = paid and trade.refunded_money == trade.paid_money
    return {
        "msg": "succ",
        "pid": merchant.pid,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "type": trade.type or "alipay",
        "name": trade.name,
        "money": to_yuan(trade.paid_money if paid else trade.money),
        "refundmoney": to_yuan(trade.refunded_money),
        "status": _REFUNDED if whole_refund else _PAID if paid else _UNPAID,
        "param": trade.param or None,
        "addtime": f"{timezone.localtime(trade.created_at):%Y-%m-%d %H:%M:%S}",
    }


_ACTS: dict[str, Callable[[SandboxMerchant, dict[str, str]], Answer]] = {
    "pay/create": _create,
    "pay/query": _query,
    "pay/close": _close,
    "pay/refund": _refund,
    "pay/refundquery": _refund_query,
    "transfer/submit": transfers.submit,
    "transfer/query": transfers.query,
    "merchant/info": _info,
    "merchant/orders": _orders,
}
