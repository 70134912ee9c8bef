"""Stripe's objects as they are written for one trade. Sessions, intents and charges share the trade's number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from xinka.sandbox import trades
from xinka.sandbox.models import SandboxEntry, SandboxRefund, SandboxTrade
from xinka.sandbox.states import EntryKind, TradeState

SESSION, INTENT, CHARGE, REFUND = "cs_test_", "pi_", "ch_", "re_"
_SESSION_STATES = {TradeState.WAITING: "open", TradeState.EXPIRED: "expired", TradeState.CLOSED: "expired"}
_FEE_PER_MILLE, _FEE_FIXED = 29, 30


def session(trade: SandboxTrade, now: datetime, *, expand: bool = False) -> dict[str, Any]:
    """Return a Checkout Session, with its PaymentIntent whole if ``expand``."""
    is_paid = trade.is_paid(now)
    state = "complete" if is_paid else _SESSION_STATES.get(TradeState(trade.state), "expired")
    if state == "open" and trade.expires_at <= now:
        state = "expired"
    return {
        "id": SESSION + trade.trade_no,
        "object": "checkout.session",
        "amount_subtotal": trade.money,
        "amount_total": trade.money,
        "cancel_url": trade.facts.get("cancel_url", ""),
        "client_reference_id": trade.out_trade_no,
        "created": int(trade.created_at.timestamp()),
        "currency": trade.currency.lower(),
        "expires_at": int(trade.expires_at.timestamp()),
        "livemode": False,
        "metadata": trade.facts.get("metadata", {}),
        "mode": "payment",
        "payment_intent": _intent_of(trade, now, expand=expand) if is_paid else None,
        "payment_status": "paid" if is_paid else "unpaid",
        "status": state,
        "success_url": trade.return_url,
        "url": trades.cashier_url(trade) if state == "open" else None,
    }


def _intent_of(trade: SandboxTrade, now: datetime, *, expand: bool) -> object:
    return intent(trade, now, expand=True) if expand else INTENT + trade.trade_no


def intent(trade: SandboxTrade, now: datetime, *, expand: bool = False) -> dict[str, Any]:
    """Return a PaymentIntent, with its charge whole if ``expand``."""
    is_paid = trade.is_paid(now)
    return {
        "id": INTENT + trade.trade_no,
        "object": "payment_intent",
        "amount": trade.money,
        "amount_received": trade.paid_money if is_paid else 0,
        "currency": trade.currency.lower(),
        "latest_charge": (charge(trade) if expand else CHARGE + trade.trade_no) if is_paid else None,
        "livemode": False,
        "metadata": trade.facts.get("intent_metadata", {}),
        "status": "succeeded" if is_paid else "requires_payment_method",
    }


def charge(trade: SandboxTrade) -> dict[str, Any]:
    """Return the charge of a paid trade."""
    return {
        "id": CHARGE + trade.trade_no,
        "object": "charge",
        "amount": trade.paid_money,
        "amount_refunded": trade.refunded_money,
        "currency": trade.currency.lower(),
        "livemode": False,
        "metadata": trade.facts.get("intent_metadata", {}),
        "payment_intent": INTENT + trade.trade_no,
        "refunded": trade.refunded_money == trade.paid_money,
        "status": "succeeded",
    }


def refund(found: SandboxRefund) -> dict[str, Any]:
    """Return one refund."""
    trade = found.trade
    return {
        "id": REFUND + found.refund_no,
        "object": "refund",
        "amount": found.money,
        "charge": CHARGE + trade.trade_no,
        "created": int(found.at.timestamp()),
        "currency": trade.currency.lower(),
        "metadata": trade.facts.get("refunds", {}).get(found.out_refund_no, {}),
        "payment_intent": INTENT + trade.trade_no,
        "status": "succeeded",
    }


def dispute(trade: SandboxTrade, now: datetime, days: int = 7, status: str = "needs_response") -> dict[str, Any]:
    """Return a dispute of a paid trade that waits for evidence, or in another state."""
    return {
        "id": f"dp_{trade.trade_no}",
        "object": "dispute",
        "amount": trade.paid_money,
        "charge": CHARGE + trade.trade_no,
        "currency": trade.currency.lower(),
        "evidence_details": {"due_by": int(now.timestamp()) + days * 86_400, "has_evidence": False},
        "livemode": False,
        "metadata": {},
        "payment_intent": INTENT + trade.trade_no,
        "reason": "fraudulent",
        "status": status,
    }


def balance_transaction(entry: SandboxEntry, *, expand: bool) -> dict[str, Any]:
    """Return one movement of the account's balance."""
    is_payment = entry.kind == EntryKind.PAYMENT
    fee = entry.amount * _FEE_PER_MILLE // 1000 + _FEE_FIXED if is_payment else 0
    source = charge(entry.trade) if entry.refund is None else refund(entry.refund)
    return {
        "id": f"txn_{entry.pk}",
        "object": "balance_transaction",
        "amount": entry.amount,
        "created": int(entry.at.timestamp()),
        "currency": entry.trade.currency.lower(),
        "fee": fee,
        "net": entry.amount - fee,
        "source": source if expand else source["id"],
        "type": "charge" if is_payment else "refund",
    }
