"""PayPal's objects as they are written for one trade: order, capture, refund, dispute, line of a report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from xinka.kernel.money import plain_amount
from xinka.sandbox import trades
from xinka.sandbox.models import SandboxEntry, SandboxRefund, SandboxTrade
from xinka.sandbox.states import EntryKind, TradeState

ORDER, CAPTURE, REFUND = "5O", "2C", "1R"
_WHOLE = frozenset({"TWD", "HUF"})
_FEE_PER_MILLE, _FEE_FIXED = 34, 30


def money(minor: int, currency: str) -> dict[str, str]:
    """Return an amount."""
    return {
        "currency_code": currency,
        "value": plain_amount(minor, currency).removesuffix(".00")
        if currency in _WHOLE
        else plain_amount(minor, currency),
    }


def base() -> str:
    """Return the address of this PayPal."""
    return f"{settings.SITE_URL}/sandbox/paypal"


def order(trade: SandboxTrade, now: datetime) -> dict[str, Any]:
    """Return an order: created, agreed to, or captured."""
    is_paid, is_dead = trade.is_paid(now), trade.state in {TradeState.FAILED, TradeState.EXPIRED, TradeState.CLOSED}
    status = "PAYER_ACTION_REQUIRED"
    if is_paid:
        status = "COMPLETED"
    elif is_dead:
        status = "VOIDED"
    elif trade.facts.get("approved"):
        status = "APPROVED"
    unit: dict[str, Any] = {
        "reference_id": "default",
        "custom_id": trade.out_trade_no,
        "invoice_id": trade.facts.get("invoice_id", ""),
        "description": trade.name,
        "amount": money(trade.money, trade.currency),
    }
    if is_paid:
        unit["payments"] = {"captures": [capture(trade)]}
        if found := [refund(one) for one in trade.refunds.order_by("id")]:
            unit["payments"]["refunds"] = found
    number = ORDER + trade.trade_no
    links = [{"href": f"{base()}/v2/checkout/orders/{number}", "rel": "self", "method": "GET"}]
    if status == "PAYER_ACTION_REQUIRED":
        links.append({"href": trades.cashier_url(trade), "rel": "payer-action", "method": "GET"})
    return {"id": number, "intent": "CAPTURE", "status": status, "purchase_units": [unit], "links": links}


def capture(trade: SandboxTrade) -> dict[str, Any]:
    """Return the capture of a paid trade."""
    status = "COMPLETED"
    if trade.refunded_money:
        status = "REFUNDED" if trade.refunded_money == trade.paid_money else "PARTIALLY_REFUNDED"
    number = CAPTURE + trade.trade_no
    return {
        "id": number,
        "status": status,
        "amount": money(trade.paid_money, trade.currency),
        "custom_id": trade.out_trade_no,
        "invoice_id": trade.facts.get("invoice_id", ""),
        "final_capture": True,
        "supplementary_data": {"related_ids": {"order_id": ORDER + trade.trade_no}},
        "links": [{"href": f"{base()}/v2/payments/captures/{number}", "rel": "self", "method": "GET"}],
    }


def refund(found: SandboxRefund) -> dict[str, Any]:
    """Return one refund."""
    trade = found.trade
    up = f"{base()}/v2/payments/captures/{CAPTURE}{trade.trade_no}"
    return {
        "id": REFUND + found.refund_no,
        "status": "COMPLETED",
        "amount": money(found.money, trade.currency),
        "custom_id": trade.out_trade_no,
        "invoice_id": found.out_refund_no,
        "links": [{"href": up, "rel": "up", "method": "GET"}],
    }


def dispute(trade: SandboxTrade, now: datetime, days: int = 10, outcome: str = "") -> dict[str, Any]:
    """Return a dispute that waits for the shop's answer, or is resolved with an outcome."""
    disputed = {"seller_transaction_id": CAPTURE + trade.trade_no, "custom": trade.out_trade_no}
    resolved = {"status": "RESOLVED", "dispute_outcome": {"outcome_code": outcome}} if outcome else {}
    return {
        "dispute_id": f"PP-D-{trade.trade_no}",
        "disputed_transactions": [disputed],
        "reason": "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED",
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": money(trade.paid_money, trade.currency),
        "seller_response_due_date": f"{(now + timedelta(days=days)).astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        **resolved,
    }


def report_line(entry: SandboxEntry) -> dict[str, Any]:
    """Return one transaction of a report."""
    trade = entry.trade
    at = f"{entry.at:%Y-%m-%dT%H:%M:%S}+0000"
    facts: dict[str, Any] = {
        "transaction_initiation_date": at,
        "transaction_status": "S",
        "transaction_amount": money(entry.amount, trade.currency),
        "custom_field": trade.out_trade_no,
    }
    if entry.kind == EntryKind.PAYMENT or entry.refund is None:
        fee = entry.amount * _FEE_PER_MILLE // 1000 + _FEE_FIXED
        facts |= {"transaction_id": CAPTURE + trade.trade_no, "transaction_event_code": "T0006"}
        facts |= {"fee_amount": money(-fee, trade.currency), "invoice_id": trade.facts.get("invoice_id", "")}
    else:
        facts |= {"transaction_id": REFUND + entry.refund.refund_no, "transaction_event_code": "T1107"}
        facts |= {"paypal_reference_id": CAPTURE + trade.trade_no, "paypal_reference_id_type": "TXN"}
        facts |= {"invoice_id": entry.refund.out_refund_no}
    return {"transaction_info": facts}
