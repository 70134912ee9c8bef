"""The addresses of an epusdt gateway: create, cancel, and the status that anybody may ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.sandbox import trades
from xinka.sandbox.epusdt import accounts, wire
from xinka.sandbox.epusdt.protocol import ADDRESS, RATES, coins, transaction_of
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade
from xinka.sandbox.states import TradeState

_WAITING, _PAID, _EXPIRED, _CANCELLED = 1, 2, 3, 4
_REQUIRED = ("order_id", "amount", "notify_url", "redirect_url")
_MOST_NUMBER = 32


@csrf_exempt
@require_POST
def create(request: HttpRequest, pid: str) -> JsonResponse:
    """Make a trade, or return the one of the same number."""
    return _answer(request, pid, _create, gmpay=False)


@csrf_exempt
@require_POST
def create_gmpay(request: HttpRequest, pid: str) -> JsonResponse:
    """As ``create``, in the new dialect."""
    return _answer(request, pid, _create, gmpay=True)


@csrf_exempt
@require_POST
def cancel(request: HttpRequest, pid: str) -> JsonResponse:
    """Cancel a trade that nobody paid."""
    return _answer(request, pid, _cancel, gmpay=False)


@require_GET
def status(_request: HttpRequest, pid: str, trade_id: str) -> JsonResponse:
    """Tell anybody what became of a trade."""
    try:
        merchant = trades.merchant_of(pid, accounts.NAME)
        trade = trades.find(merchant, trade_no=trade_id)
    except Declined:
        return _fail("订单不存在 (no such order)")
    told: dict[str, Any] = {"trade_id": trade_id, "status": _state(trade), "return_url": ""}
    if merchant.secrets["dialect"] == "bepusdt":
        told["trade_hash"] = transaction_of(trade) if _state(trade) == _PAID else ""
        return JsonResponse(told)
    return JsonResponse({"status_code": 200, "message": "success", "data": told, "request_id": ""})


def _answer(request: HttpRequest, pid: str, act: Any, *, gmpay: bool) -> JsonResponse:
    try:
        merchant = _merchant(pid, gmpay=gmpay)
        account = merchant.secrets
        fields = wire.read_json(request.body)
        wire.check_signature(fields, account["token"], account["dialect"])
        return JsonResponse({"status_code": 200, "message": "success", "data": act(merchant, fields), "request_id": ""})
    except Declined as error:
        return _refusal(error, gmpay=gmpay)


def _refusal(error: Declined, *, gmpay: bool) -> JsonResponse:
    """Return a refusal; the dialects refuse a signature in their own ways."""
    if error.why is not Why.BAD_SIGNATURE:
        return _fail(str(error))
    return _fail(str(error), 401) if gmpay else JsonResponse({"error": str(error)}, status=400)


def _merchant(pid: str, *, gmpay: bool) -> SandboxMerchant:
    merchant = trades.merchant_of(pid, accounts.NAME)
    if (merchant.secrets["dialect"] == "gmpay") != gmpay:
        raise Declined(Why.UNKNOWN_CALL, "not found")
    return merchant


def _create(merchant: SandboxMerchant, fields: dict[str, Any]) -> dict[str, Any]:
    for name in _REQUIRED:
        if not fields.get(name):
            raise Declined(Why.MISSING, f"参数 {name} 不存在 (missing)")
    currency = str(fields.get("fiat") or fields.get("currency") or "CNY").upper()
    if merchant.secrets["dialect"] == "gmpay" and fields.get("pid") != merchant.pid:
        raise Declined(Why.NO_MERCHANT, "pid")
    if len(str(fields["order_id"])) > _MOST_NUMBER or currency not in RATES:
        raise Declined(Why.MALFORMED, "order_id, currency")
    trade = trades.open_trade(
        merchant,
        trades.Wanted(
            out_trade_no=str(fields["order_id"]),
            name=str(fields.get("name") or fields["order_id"]),
            money=_minor(fields["amount"], currency),
            notify_url=str(fields["notify_url"]),
            return_url=str(fields["redirect_url"]),
            type=str(fields.get("trade_type") or fields.get("network") or "usdt.trc20"),
            currency=currency,
        ),
    )
    return _created(trade, merchant.secrets["dialect"], wire.as_signed(fields["amount"]))


def _created(trade: SandboxTrade, dialect: str, price: str) -> dict[str, Any]:
    """Return the answer to a request for a payment; the dialects write numbers and the address in their own ways."""
    told: dict[str, Any] = {
        "trade_id": trade.trade_no,
        "order_id": trade.out_trade_no,
        "amount": price if dialect == "bepusdt" else float(price),
        "actual_amount": str(coins(trade)),
        "token": ADDRESS,
        "expiration_time": int((trade.expires_at - timezone.now()).total_seconds()),
        "payment_url": trades.cashier_url(trade),
    }
    if dialect == "gmpay":
        told |= {"token": "USDT", "receive_address": ADDRESS, "currency": trade.currency, "status": _state(trade)}
        told |= {"actual_amount": float(coins(trade)), "expiration_time": int(trade.expires_at.timestamp())}
    return told


def _cancel(merchant: SandboxMerchant, fields: dict[str, Any]) -> dict[str, Any]:
    trade = trades.find(merchant, trade_no=str(fields.get("trade_id", "")))
    if not trades.close(trade, TradeState.CLOSED):
        raise Declined(Why.ALREADY_PAID, "当前订单状态不允许取消 (cannot be cancelled)")
    return {"trade_id": trade.trade_no}


def _state(trade: SandboxTrade) -> int:
    now = timezone.now()
    if trade.is_paid(now):
        return _PAID
    if trade.state == TradeState.CLOSED:
        return _CANCELLED
    return _WAITING if trade.state == TradeState.WAITING and trade.expires_at > now else _EXPIRED


def _minor(amount: object, currency: str) -> int:
    try:
        minor = parse_amount(wire.as_signed(amount), currency) if isinstance(amount, Decimal) else 0
    except BadInput:
        minor = 0
    if minor < 1:
        raise Declined(Why.BAD_AMOUNT, "金额不合法 (bad amount)")
    return minor


def _fail(message: str, code: int = 400) -> JsonResponse:
    told = {"status_code": code, "message": message, "data": None, "request_id": ""}
    return JsonResponse(told, status=200 if code == 400 else code)
