"""TokenPay's two addresses: make an order, show its record."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount, plain_amount
from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade
from xinka.sandbox.states import TradeState
from xinka.sandbox.tokenpay import accounts
from xinka.sandbox.tokenpay.protocol import ADDRESS, facts_of

_REQUIRED = ("OutOrderId", "OrderUserKey", "ActualAmount", "Currency")
_PENDING, _PAID, _EXPIRED = 0, 1, 2


@csrf_exempt
@require_POST
def create(request: HttpRequest, pid: str) -> JsonResponse:
    """Make an order, or return the one of the same number."""
    try:
        trade = _create(trades.merchant_of(pid, accounts.NAME), _fields(request.body))
    except Declined as error:
        return JsonResponse({"success": False, "message": str(error)})
    info = {
        "ActualAmount": plain_amount(trade.money, trade.currency),
        "Amount": facts_of(trade)["Amount"],
        "BaseCurrency": trade.currency,
        "ExpireTime": f"{timezone.localtime(trade.expires_at):%Y-%m-%d %H:%M:%S}",
        "Id": trade.facts["guid"],
        "OrderUserKey": trade.facts["user"],
        "OutOrderId": trade.out_trade_no,
        "ToAddress": ADDRESS,
    }
    told = {"success": True, "message": "创建订单成功！", "data": trades.cashier_url(trade), "info": info}
    return JsonResponse(told)


def _create(merchant: SandboxMerchant, fields: dict[str, str]) -> SandboxTrade:
    for name in _REQUIRED:
        if not fields.get(name):
            raise Declined(Why.MISSING, f"{name} 不能为空")
    accounts.check_signature(fields, merchant.secrets["token"])
    currency = merchant.secrets["currency"]
    try:
        money = parse_amount(fields["ActualAmount"], currency)
    except BadInput:
        money = 0
    if money < 1:
        raise Declined(Why.BAD_AMOUNT, "金额有误！")
    return trades.open_trade(
        merchant,
        trades.Wanted(
            out_trade_no=fields["OutOrderId"],
            name=fields["OutOrderId"],
            money=money,
            notify_url=fields.get("NotifyUrl", ""),
            return_url=fields.get("RedirectUrl", ""),
            type=fields["Currency"],
            currency=currency,
            facts={"guid": str(uuid4()), "user": fields["OrderUserKey"]},
        ),
    )


@require_GET
def query(request: HttpRequest, pid: str) -> JsonResponse:
    """Show the record of an order."""
    fields = {name: request.GET.get(name, "") for name in ("Id", "Signature")}
    try:
        merchant = trades.merchant_of(pid, accounts.NAME)
        accounts.check_signature(fields, merchant.secrets["token"])
    except Declined as error:
        return JsonResponse({"success": False, "message": str(error)})
    trade = merchant.trades.filter(facts__guid=fields["Id"]).first()
    if trade is None:
        return JsonResponse({"success": False, "message": "订单不存在！"})
    return JsonResponse({"success": True, "message": "订单信息获取成功！", "data": _record(trade)})


def _record(trade: SandboxTrade) -> dict[str, Any]:
    """Return a record as it is serialised there: names in camel case, enumerations and decimals as numbers."""
    now, facts = timezone.now(), facts_of(trade)
    is_paid = trade.is_paid(now)
    is_over = trade.state != TradeState.WAITING or trade.expires_at <= now
    told: dict[str, Any] = {name[0].lower() + name[1:]: value for name, value in facts.items()}
    told |= {"actualAmount": float(facts["ActualAmount"]), "amount": float(facts["Amount"]), "isDynamicAmount": False}
    told["status"] = _PAID if is_paid else _EXPIRED if is_over else _PENDING
    if not is_paid:
        told |= {"blockTransactionId": None, "payTime": None, "payAmount": None, "fromAddress": None}
    return told


def _fields(body: bytes) -> dict[str, str]:
    """Return a request's fields as text, numbers as they were written, which .NET's decimals keep."""
    try:
        found = json.loads(body, parse_float=str, parse_int=str)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Declined(Why.MALFORMED, "参数错误")
    return found
