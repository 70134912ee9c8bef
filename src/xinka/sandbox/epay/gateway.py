"""The addresses that shops call, ``submit.php``, ``mapi.php`` and ``api.php``, with the codes of real gateways."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from xinka.sandbox import trades
from xinka.sandbox.epay import accounts, wire
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

_MOST_ORDERS = 50
_REFUNDED, _PAID, _UNPAID = 2, 1, 0
#: The codes of real gateways; every other refusal is -1.
_CODES = {Why.NO_MERCHANT: -3, Why.BAD_SIGNATURE: -4, Why.UNKNOWN_CALL: -5}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    """Send a buyer on to the cashier of the trade that the signed request asks for."""
    fields = request.POST if request.method == "POST" else request.GET
    try:
        trade = accounts.open_trade(fields.dict())
    except Declined as error:
        return render(request, "sandbox/declined.html", {"reason": str(error)}, status=400)
    return redirect("sandbox:cashier", token=trade.token)


@csrf_exempt
@require_http_methods(["POST"])
def mapi(request: HttpRequest) -> JsonResponse:
    """Answer how to pay: the text of a QR code, or an address for a buyer who is on a phone already."""
    fields = request.POST.dict()
    if not fields.get("type") or not fields.get("clientip"):
        return _declined(Declined(Why.MISSING, "缺少参数 type 或 clientip (missing)"))
    try:
        trade = accounts.open_trade(fields)
    except Declined as error:
        return _declined(error)
    address = trades.cashier_url(trade)
    way = "qrcode" if fields.get("device", "pc") == "pc" else "payurl"
    return JsonResponse({"code": 1, "msg": "success", "trade_no": trade.trade_no, way: address})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def api(request: HttpRequest) -> JsonResponse:
    """Answer a merchant who shows number and key: account, one order, many orders, refund."""
    fields = request.GET.dict() | request.POST.dict()
    try:
        answer = _ACTS.get(request.GET.get("act", ""), _unknown)
        return JsonResponse(answer(_merchant(fields), fields))
    except Declined as error:
        return _declined(error)


def _declined(error: Declined) -> JsonResponse:
    return JsonResponse({"code": _CODES.get(error.why, -1), "msg": str(error)})


def _merchant(fields: dict[str, str]) -> SandboxMerchant:
    """Return the merchant who shows the key itself, as the protocol has it, or signs with it, as some clients do."""
    merchant = trades.merchant_of(fields.get("pid", ""), accounts.NAME)
    account = merchant.secrets
    if "sign" in fields and "key" not in fields:
        wire.check_signature(fields, account["key"], account["sign_type"], label=account["key_label"])
    elif not hmac.compare_digest(fields.get("key", "").encode(), account["key"].encode()):
        raise Declined(Why.NO_MERCHANT, "商户密钥错误 (wrong key)")
    return merchant


def _find(merchant: SandboxMerchant, fields: dict[str, str]) -> SandboxTrade:
    return trades.find(merchant, trade_no=fields.get("trade_no", ""), out_trade_no=fields.get("out_trade_no", ""))


def _account(merchant: SandboxMerchant, _fields: dict[str, str]) -> dict[str, object]:
    money = wire.to_yuan(trades.balance(merchant, timezone.now()))
    return {"code": 1, "pid": merchant.pid, "active": 1, "money": money, "orders": merchant.trades.count()}


def _order(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    return {"code": 1, "msg": "success", **_facts(merchant, _find(merchant, fields))}


def _orders(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    wanted = fields.get("limit", "")
    limit = min(int(wanted), _MOST_ORDERS) if wanted.isascii() and wanted.isdigit() else _MOST_ORDERS
    newest = merchant.trades.order_by("-id")[:limit]
    return {"code": 1, "msg": "success", "data": [_facts(merchant, trade) for trade in newest]}


def _refund(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    trades.refund(_find(merchant, fields), wire.to_fen(fields.get("money", "")), timezone.now())
    return {"code": 1, "msg": "退款成功 (refunded)"}


def _unknown(_merchant: SandboxMerchant, _fields: dict[str, str]) -> dict[str, object]:
    raise Declined(Why.UNKNOWN_CALL, "No Act!")


def _facts(merchant: SandboxMerchant, trade: SandboxTrade) -> dict[str, object]:
    paid = trade.is_paid(timezone.now())
    whole_refund = paid and trade.refunded_money == trade.paid_money
    return {
        "pid": merchant.pid,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "type": trade.type or "alipay",
        "name": trade.name,
        "money": wire.to_yuan(trade.paid_money if paid else trade.money),
        "status": _REFUNDED if whole_refund else _PAID if paid else _UNPAID,
        "param": trade.param,
        "addtime": f"{timezone.localtime(trade.created_at):%Y-%m-%d %H:%M:%S}",
        "endtime": f"{timezone.localtime(trade.paid_at):%Y-%m-%d %H:%M:%S}" if paid and trade.paid_at else None,
    }


_ACTS: dict[str, Callable[[SandboxMerchant, dict[str, str]], dict[str, object]]] = {
    "query": _account,
    "order": _order,
    "orders": _orders,
    "refund": _refund,
}
