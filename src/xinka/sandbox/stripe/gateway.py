"""The addresses that Stripe's SDK calls, with Stripe's own errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from xinka.sandbox import notifier, trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxEntry, SandboxMerchant
from xinka.sandbox.states import NoticeKind, Said, TradeState
from xinka.sandbox.stripe import accounts, objects, wire
from xinka.sandbox.stripe.protocol import PROTOCOL

_LEAST_OPEN = timedelta(minutes=30)
_MOST_OPEN = timedelta(hours=24)
_STATUSES = {Why.NO_MERCHANT: 401, Why.NO_TRADE: 404, Why.NO_REFUND: 404}
_CODES = {
    Why.NO_TRADE: "resource_missing",
    Why.NOT_REFUNDABLE: "charge_already_refunded",
    Why.MISSING: "parameter_missing",
}
_MOST_LISTED = 100

View = Callable[..., JsonResponse]
Answer = Callable[..., dict[str, Any]]


def _call(*methods: str) -> Callable[[Answer], View]:
    """Make a view of a function that answers one account."""

    def wrap(answer: Answer) -> View:
        @csrf_exempt
        @require_http_methods(methods)
        @wraps(answer)
        def view(request: HttpRequest, **names: str) -> JsonResponse:
            try:
                merchant = accounts.merchant_of(request.headers.get("Authorization", ""))
                return JsonResponse(answer(request, merchant, **names))
            except Declined as error:
                return _declined(error)

        return view

    return wrap


def _declined(error: Declined) -> JsonResponse:
    kind = "idempotency_error" if error.why is Why.NUMBER_REUSED else "invalid_request_error"
    told = {"type": kind, "code": _CODES.get(error.why), "message": str(error)}
    return JsonResponse({"error": told}, status=_STATUSES.get(error.why, 400))


@_call("POST")
def sessions(request: HttpRequest, merchant: SandboxMerchant) -> dict[str, Any]:
    """Make a Checkout Session of one line; the same idempotency key returns the same one."""
    fields, now = wire.read_form(request.body), timezone.now()
    if fields.get("mode") != "payment" or not fields.get("client_reference_id") or not fields.get("success_url"):
        raise Declined(Why.MISSING, "mode, client_reference_id or success_url is missing")
    line = (fields.get("line_items") or {}).get("0", {})
    price = line.get("price_data", {})
    trades.check_destination(str(fields.get("cancel_url", "")))
    trade = trades.open_trade(
        merchant,
        trades.Wanted(
            out_trade_no=fields["client_reference_id"],
            name=price.get("product_data", {}).get("name", ""),
            money=wire.whole(price, "unit_amount") * wire.whole(line, "quantity"),
            notify_url=merchant.secrets["webhook_url"],
            return_url=fields["success_url"],
            type=str((fields.get("payment_method_types") or {}).get("0", "")),
            currency=str(price.get("currency", "")).upper(),
            facts={
                "cancel_url": fields.get("cancel_url", ""),
                "metadata": fields.get("metadata", {}),
                "intent_metadata": (fields.get("payment_intent_data") or {}).get("metadata", {}),
                "idempotency": [request.headers.get("Idempotency-Key", ""), request.body.decode()],
            },
            open_for=_open_for(fields, now),
        ),
    )
    _same_request(request, trade.facts["idempotency"])
    return objects.session(trade, now)


def _open_for(fields: dict[str, Any], now: datetime) -> timedelta:
    if "expires_at" not in fields:
        return _MOST_OPEN
    wanted = datetime.fromtimestamp(wire.whole(fields, "expires_at"), tz=UTC) - now
    if not _LEAST_OPEN <= wanted <= _MOST_OPEN:
        raise Declined(Why.MALFORMED, "expires_at must be between 30 minutes and 24 hours from now")
    return wanted


def _same_request(request: HttpRequest, known: list[str]) -> None:
    """Refuse a number that is used again with another key or for another request; the real one makes a second."""
    if known != [request.headers.get("Idempotency-Key", ""), request.body.decode()]:
        raise Declined(Why.NUMBER_REUSED, "Keys for idempotent requests can only be used with the same parameters")


@_call("GET")
def session(request: HttpRequest, merchant: SandboxMerchant, number: str) -> dict[str, Any]:
    """Return a Checkout Session."""
    trade = accounts.trade_of(merchant, number, objects.SESSION)
    return objects.session(trade, timezone.now(), expand=_expands(request))


@_call("POST")
def expire(_request: HttpRequest, merchant: SandboxMerchant, number: str) -> dict[str, Any]:
    """Close an open session."""
    trade, now = accounts.trade_of(merchant, number, objects.SESSION), timezone.now()
    if objects.session(trade, now)["status"] != "open" or not trades.close(trade, TradeState.CLOSED):
        raise Declined(Why.ALREADY_CLOSED, "Only Checkout Sessions with a status in ['open'] can be expired")
    trade.refresh_from_db()
    return objects.session(trade, now)


@_call("GET")
def intent(request: HttpRequest, merchant: SandboxMerchant, number: str) -> dict[str, Any]:
    """Return a PaymentIntent."""
    trade = accounts.trade_of(merchant, number, objects.INTENT)
    return objects.intent(trade, timezone.now(), expand=_expands(request))


def _expands(request: HttpRequest) -> bool:
    return any(name.startswith("expand") for name in request.GET)


@_call("GET", "POST")
def refunds(request: HttpRequest, merchant: SandboxMerchant) -> dict[str, Any]:
    """Give money back, or list what was given back of one payment."""
    if request.method == "GET":
        trade = accounts.trade_of(merchant, request.GET.get("payment_intent", ""), objects.INTENT)
        return _list([objects.refund(found) for found in trade.refunds.order_by("-id")], has_more=False)
    fields, now = wire.read_form(request.body), timezone.now()
    trade = accounts.trade_of(merchant, str(fields.get("payment_intent", "")), objects.INTENT)
    key = request.headers.get("Idempotency-Key", "")
    trade.facts.setdefault("refunds", {}).setdefault(key, fields.get("metadata", {}))
    trade.save(update_fields=["facts"])
    is_new = not trade.refunds.filter(out_refund_no=key).exists()
    found = trades.refund(trade, wire.whole(fields, "amount"), now, out_refund_no=key)
    told = PROTOCOL.notice(found.trade, Said.REFUNDED, method="POST")
    if is_new and told is not None:
        notifier.plan(trade, told, due_at=now, kind=NoticeKind.GENUINE)
    return objects.refund(found)


@_call("GET")
def balance_transactions(request: HttpRequest, merchant: SandboxMerchant) -> dict[str, Any]:
    """List the movements of the balance, the newest first."""
    found = SandboxEntry.objects.filter(trade__merchant=merchant, at__lte=timezone.now())
    for name, look_up in (("created[gte]", "at__gte"), ("created[lt]", "at__lt")):
        if name in request.GET:
            found = found.filter(**{look_up: datetime.fromtimestamp(int(request.GET[name]), tz=UTC)})
    if after := request.GET.get("starting_after"):
        found = found.filter(id__lt=int(after.removeprefix("txn_")))
    limit = min(int(request.GET.get("limit", "10")), _MOST_LISTED)
    rows = list(found.select_related("trade", "refund__trade").order_by("-id")[: limit + 1])
    expand = _expands(request)
    return _list([objects.balance_transaction(row, expand=expand) for row in rows[:limit]], has_more=len(rows) > limit)


@_call("GET")
def account(_request: HttpRequest, merchant: SandboxMerchant) -> dict[str, Any]:
    """Return the account itself."""
    return {"id": merchant.pid, "object": "account", "charges_enabled": True, "email": None}


def _list(rows: list[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    return {"object": "list", "data": rows, "has_more": has_more, "url": "/v1"}
