"""How the gateway writes a trade and a refund, in answers and in notices alike."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from xinka.sandbox.models import SandboxRefund, SandboxTrade
from xinka.sandbox.states import TradeState

CURRENCY = "CNY"
#: What becomes of a trade's refunds, as the cashier was told: done at once, after a while, or never.
REFUNDS, SLOW, STUCK = "refunds", "slow", "stuck"
SLOW_FOR = timedelta(seconds=60)
_STATES = {
    TradeState.WAITING: "NOTPAY",
    TradeState.FAILED: "PAYERROR",
    TradeState.EXPIRED: "CLOSED",
    TradeState.CLOSED: "CLOSED",
    TradeState.REFUNDED: "REFUND",
}


def trade_state(trade: SandboxTrade, now: datetime) -> str:
    """Return the gateway's word for the state of a trade; one given back in part is called refunded too."""
    if trade.state == TradeState.PAID:
        return "NOTPAY" if not trade.is_paid(now) else "REFUND" if trade.refunded_money else "SUCCESS"
    return _STATES[TradeState(trade.state)]


def payment(trade: SandboxTrade, now: datetime) -> dict[str, object]:
    """Return what the gateway says of a payment."""
    state = trade_state(trade, now)
    found: dict[str, object] = {
        "appid": trade.merchant.secrets["appid"],
        "mchid": trade.merchant.pid,
        "out_trade_no": trade.out_trade_no,
        "trade_state": state,
        "trade_state_desc": state,
        "trade_type": trade.type,
        "attach": trade.param,
        "payer": {},
        "amount": {"total": trade.money, "currency": CURRENCY},
    }
    if state in {"SUCCESS", "REFUND"} and trade.paid_at:
        found |= {
            "transaction_id": trade.trade_no,
            "bank_type": "OTHERS",
            "success_time": moment(trade.paid_at),
            "payer": {"openid": trade.facts.get("openid", "oSandbox0000000000000000000")},
            "amount": {
                "total": trade.paid_money,
                "payer_total": trade.paid_money,
                "currency": CURRENCY,
                "payer_currency": CURRENCY,
            },
        }
    return found


def refund_state(refund: SandboxRefund, now: datetime) -> str:
    """Return the gateway's word for the state of a refund."""
    kind = refund.trade.facts.get(REFUNDS)
    if kind == STUCK:
        return "ABNORMAL"
    return "PROCESSING" if kind == SLOW and now < refund.at + SLOW_FOR else "SUCCESS"


def refund(found: SandboxRefund, now: datetime) -> dict[str, object]:
    """Return what the gateway answers about a refund."""
    state = refund_state(found, now)
    done = {"success_time": moment(found.at)} if state == "SUCCESS" else {}
    amount = {"total": found.trade.paid_money, "refund": found.money}
    return {
        "refund_id": found.refund_no,
        "out_refund_no": found.out_refund_no,
        "transaction_id": found.trade.trade_no,
        "out_trade_no": found.trade.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": moment(found.at),
        "status": state,
        "amount": {**amount, "payer_total": amount["total"], "payer_refund": found.money, "currency": CURRENCY},
        **done,
    }


def refund_told(found: SandboxRefund, now: datetime) -> dict[str, object]:
    """Return what a notice says of a refund."""
    said = refund(found, now)
    names = ("out_trade_no", "transaction_id", "out_refund_no", "refund_id", "user_received_account")
    amount = {"total": found.trade.paid_money, "refund": found.money}
    return {
        "mchid": found.trade.merchant.pid,
        **{name: said[name] for name in names},
        "refund_status": said["status"],
        "success_time": moment(found.at),
        "amount": {**amount, "payer_total": amount["total"], "payer_refund": found.money},
    }


def moment(at: datetime) -> str:
    """Return a time as the gateway writes it (RFC 3339, its own time zone)."""
    return timezone.localtime(at).isoformat(timespec="seconds")
