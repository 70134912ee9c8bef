"""The addresses of PayPal's REST interface that a shop needs, with PayPal's own errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from xinka.kernel.errors import BadInput
from xinka.kernel.money import MINOR_DIGITS, parse_amount
from xinka.sandbox import notifier, trades
from xinka.sandbox.errors import Declined, Silence, Why
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxTrade
from xinka.sandbox.paypal import accounts, objects
from xinka.sandbox.paypal.checking import check_transmission
from xinka.sandbox.paypal.protocol import PROTOCOL
from xinka.sandbox.states import NoticeKind, Said

_ORDER_FOR = timedelta(hours=3)
_STATUSES = {Why.BAD_SIGNATURE: 401, Why.NO_TRADE: 404, Why.NO_TRANSFER: 404, Why.MALFORMED: 400, Why.MISSING: 400}
_NUMBER = re.compile(r"[A-Za-z0-9\-]{1,64}", re.ASCII)
View = Callable[..., HttpResponse]
Answer = Callable[..., tuple[dict[str, Any], int]]


def call(*methods: str) -> Callable[[Answer], View]:
    """Make a view of a function that answers one account."""

    def wrap(answer: Answer) -> View:
        @csrf_exempt
        @require_http_methods(methods)
        @wraps(answer)
        def view(request: HttpRequest, **names: str) -> HttpResponse:
            try:
                merchant = accounts.by_token(request.headers.get("Authorization", ""))
                body, status = answer(request, merchant, **names)
                return JsonResponse(body, status=status)
            except Declined as error:
                return _declined(error)
            except Silence:
                return HttpResponse(status=504)

        return view

    return wrap


def _declined(error: Declined) -> JsonResponse:
    status = _STATUSES.get(error.why, 422)
    name = {401: "AUTHENTICATION_FAILURE", 404: "RESOURCE_NOT_FOUND", 400: "INVALID_REQUEST"}
    told = {"name": name.get(status, "UNPROCESSABLE_ENTITY"), "details": [{"issue": str(error)}], "debug_id": "0"}
    return JsonResponse(told, status=status)


@csrf_exempt
@require_http_methods(["POST"])
def token(request: HttpRequest) -> JsonResponse:
    """Hand out an access token for client id and secret."""
    if request.POST.get("grant_type") != "client_credentials":
        return JsonResponse({"error": "unsupported_grant_type"}, status=400)
    try:
        merchant = accounts.by_credentials(request.headers.get("Authorization", ""))
    except Declined as error:
        return JsonResponse({"error": str(error)}, status=401)
    told = {"access_token": merchant.secrets["token"], "token_type": "Bearer", "expires_in": 32_400}
    return JsonResponse(told)


@call("POST")
def orders(request: HttpRequest, merchant: SandboxMerchant) -> tuple[dict[str, Any], int]:
    """Make an order of one unit; the same number of the shop's returns the same one."""
    body, now = read_body(request), timezone.now()
    units = body.get("purchase_units") or [{}]
    unit = units[0]
    page = ((body.get("payment_source") or {}).get("paypal") or {}).get("experience_context") or {}
    if body.get("intent") != "CAPTURE" or len(units) != 1 or not unit.get("custom_id"):
        raise Declined(Why.MISSING, "MISSING_REQUIRED_PARAMETER")
    if not request.headers.get("Paypal-Request-Id"):
        raise Declined(Why.MISSING, "PAYPAL_REQUEST_ID_REQUIRED")
    minor, currency = _money(unit.get("amount"))
    trades.check_destination(str(page.get("cancel_url", "")))
    trade = trades.open_trade(
        merchant,
        trades.Wanted(
            out_trade_no=unit["custom_id"],
            name=str(unit.get("description") or "-"),
            money=minor,
            notify_url=merchant.secrets["webhook_url"],
            return_url=str(page.get("return_url", "")),
            currency=currency,
            facts={"invoice_id": unit.get("invoice_id", ""), "cancel_url": page.get("cancel_url", "")},
            open_for=_ORDER_FOR,
        ),
    )
    return objects.order(trade, now), 200


@call("GET")
def order(_request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Return an order."""
    return objects.order(accounts.trade_of(merchant, number, objects.ORDER), timezone.now()), 200


@call("POST")
def capture_order(request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Take the money of an order that the buyer agreed to, once."""
    trade, now = accounts.trade_of(merchant, number, objects.ORDER), timezone.now()
    key = request.headers.get("Paypal-Request-Id", "")
    if trade.is_paid(now):
        if not key or trade.facts.get("captured_by") != key:
            raise Declined(Why.ALREADY_PAID, "ORDER_ALREADY_CAPTURED")
        return objects.order(trade, now), 200
    if not trade.facts.get("approved") or objects.order(trade, now)["status"] != "APPROVED":
        raise Declined(Why.NOT_REFUNDABLE, "ORDER_NOT_APPROVED")
    trade.facts["captured_by"] = key
    trade.save(update_fields=["facts"])
    if trades.pay(trade, money=trade.money, paid_at=now):
        _tell(trade, Said.PAID, now)
    return objects.order(trade, now), 201


@call("GET")
def capture(_request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Return a capture."""
    trade = accounts.trade_of(merchant, number, objects.CAPTURE)
    if not trade.is_paid(timezone.now()):
        raise Declined(Why.NO_TRADE, "INVALID_RESOURCE_ID")
    return objects.capture(trade), 200


@call("POST")
def refund(request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Give money of a capture back, once for each request id."""
    trade, now = accounts.trade_of(merchant, number, objects.CAPTURE), timezone.now()
    body = read_body(request)
    minor, currency = _money(body["amount"]) if body.get("amount") else (trade.paid_money, trade.currency)
    if currency != trade.currency:
        raise Declined(Why.BAD_AMOUNT, "REFUND_CURRENCY_MISMATCH")
    key = request.headers.get("Paypal-Request-Id", "")
    is_new = not key or not trade.refunds.filter(out_refund_no=key).exists()
    try:
        found = trades.refund(trade, minor, now, out_refund_no=key)
    except Declined as error:
        raise Declined(error.why, "REFUND_AMOUNT_EXCEEDED") from None
    if is_new:
        _tell(found.trade, Said.REFUNDED, now)
    return objects.refund(found), 201


def _tell(trade: SandboxTrade, said: Said, now: datetime) -> None:
    request = PROTOCOL.notice(trade, said, method="POST")
    if request is not None:
        notifier.plan(trade, request, due_at=now, kind=NoticeKind.GENUINE)


@require_GET
def certificate(_request: HttpRequest, pid: str) -> HttpResponse:
    """Hand out the certificate that an account's webhooks are signed with."""
    merchant = SandboxMerchant.objects.filter(protocol=accounts.NAME, pid=pid).first()
    if merchant is None:
        return HttpResponseNotFound()
    return HttpResponse(merchant.secrets["certificate"], content_type="application/x-pem-file")


@call("GET")
def webhook(_request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Return the webhook of an account."""
    if number != merchant.secrets["webhook_id"]:
        raise Declined(Why.NO_TRADE, "INVALID_RESOURCE_ID")
    return {"id": number, "url": merchant.secrets["webhook_url"], "event_types": [{"name": "*"}]}, 200


@call("POST")
def verify(request: HttpRequest, merchant: SandboxMerchant) -> tuple[dict[str, Any], int]:
    """Say whether a webhook is ours: its event is taken as it stands in the request."""
    raw = request.body
    told = read_body(request)
    start = raw.index(b'"webhook_event":') + len(b'"webhook_event":')
    event = raw[start:].strip().removesuffix(b"}")
    try:
        check_transmission(merchant.secrets, told, event)
    except (InvalidSignature, ValueError):
        return {"verification_status": "FAILURE"}, 200
    return {"verification_status": "SUCCESS"}, 200


@call("GET")
def report(request: HttpRequest, merchant: SandboxMerchant) -> tuple[dict[str, Any], int]:
    """List the transactions between two moments."""
    start, end = (_moment(request.GET.get(name, "")) for name in ("start_date", "end_date"))
    size, page = int(request.GET.get("page_size", "100")), int(request.GET.get("page", "1"))
    found = SandboxEntry.objects.filter(trade__merchant=merchant, at__gte=start, at__lte=end).order_by("at", "id")
    rows = found.select_related("trade", "refund")[(page - 1) * size : page * size]
    pages = max(-(-found.count() // size), 1)
    lines = [objects.report_line(row) for row in rows]
    return {"transaction_details": lines, "page": page, "total_pages": pages}, 200


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Declined(Why.MALFORMED, "INVALID_REQUEST") from None


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the object a request holds; raises ``Declined``."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Declined(Why.MALFORMED, "MALFORMED_REQUEST_JSON")
    return body


def _money(amount: object) -> tuple[int, str]:
    fields = amount if isinstance(amount, dict) else {}
    currency, value = str(fields.get("currency_code", "")), str(fields.get("value", ""))
    try:
        minor = parse_amount(value, currency) if currency in MINOR_DIGITS else 0
    except BadInput:
        minor = 0
    is_whole_only = currency in {"JPY", "TWD", "HUF"} and "." in value
    if minor < 1 or is_whole_only:
        raise Declined(Why.MALFORMED, "INVALID_CURRENCY_AMOUNT")
    return minor, currency
