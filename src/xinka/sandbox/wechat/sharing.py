"""Profit sharing: a payment's money stays frozen until it is shared or let go; what was shared can be called back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.wechat import facts
from xinka.sandbox.wechat.desk import Asked, Said, counter

#: Whether the payment asked to be held, and what became of the held money since.
HELD, SHARING = "profit_sharing", "sharing"


@counter("POST")
def share(asked: Asked) -> object:
    """Share frozen money among receivers, and let the rest go if asked to."""
    receivers = asked.fields.get("receivers")
    if not isinstance(receivers, list) or not receivers or not all(isinstance(one, dict) for one in receivers):
        raise Declined(Why.MISSING, "参数错误 receivers")
    return _settle(asked, [_receiver(one) for one in receivers], all_done=asked.fields.get("unfreeze_unsplit") is True)


@counter("POST")
def unfreeze(asked: Asked) -> object:
    """Let everything go that is still frozen."""
    return _settle(asked, [], all_done=True)


def _receiver(one: Mapping[str, object]) -> dict[str, object]:
    amount = one.get("amount")
    if type(amount) is not int or amount <= 0 or not one.get("account") or one.get("type") != "MERCHANT_ID":
        raise Declined(Why.BAD_AMOUNT, "参数错误 receivers.amount")
    return {name: one.get(name, "") for name in ("type", "account", "amount", "description")}


def _settle(asked: Asked, receivers: list[dict[str, object]], *, all_done: bool) -> object:
    number = asked.text("out_order_no")
    with transaction.atomic():
        trade = _locked(asked, asked.text("transaction_id"))
        book = _book(trade)
        known = book["orders"].get(number)
        if known is None:
            wanted = sum(int(str(one["amount"])) for one in receivers)
            if wanted > frozen(trade):
                raise Said(403, "NOT_ENOUGH", "分账金额超过剩余待分 (more than is frozen)")
            now = timezone.now()
            done = [one | {"result": "SUCCESS", "finish_time": facts.moment(now)} for one in receivers]
            let_go = frozen(trade) - wanted if all_done else 0
            known = {"order_id": trades.fresh_number(now), "receivers": done, "let_go": let_go, "asked": receivers}
            book["orders"][number] = known
            _keep(trade, book)
        elif known["asked"] != receivers:
            raise Said(400, "INVALID_REQUEST", "分账单号已用于另一个请求 (number used for another request)")
    return _order(trade, number, known)


@counter("GET")
def order(asked: Asked, out_order_no: str) -> object:
    """Say what became of one sharing."""
    trade = trades.find(asked.merchant, trade_no=asked.text("transaction_id"))
    known = _book(trade)["orders"].get(out_order_no)
    if known is None:
        raise Said(404, "RESOURCE_NOT_EXISTS", "分账单不存在 (no such sharing)")
    return _order(trade, out_order_no, known)


@counter("GET")
def amounts(asked: Asked, transaction_id: str) -> object:
    """Say how much of a payment is still frozen."""
    trade = trades.find(asked.merchant, trade_no=transaction_id)
    return {"transaction_id": trade.trade_no, "unsplit_amount": frozen(trade)}


@counter("POST")
def call_back(asked: Asked) -> object:
    """Take back what a receiver got, to refund it to the buyer."""
    shared, number = asked.text("out_order_no"), asked.text("out_return_no")
    account, amount = asked.text("return_mchid"), asked.whole("amount")
    with transaction.atomic():
        trade = _locked(asked, _trade_of(asked, shared))
        book = _book(trade)
        facts_of = {"out_order_no": shared, "return_mchid": account, "amount": amount}
        known = book["returns"].get(number)
        if known is None:
            if amount > _left(book, shared, account):
                raise Said(403, "NOT_ENOUGH", "回退金额超过分账金额 (more than was shared)")
            known = facts_of | {"return_no": trades.fresh_number(timezone.now()), "at": facts.moment(timezone.now())}
            book["returns"][number] = known
            _keep(trade, book)
        elif {name: known[name] for name in facts_of} != facts_of:
            raise Said(400, "INVALID_REQUEST", "回退单号已用于另一个请求 (number used for another request)")
    return _returned(book, number, known)


@counter("GET")
def returned(asked: Asked, out_return_no: str) -> object:
    """Say what became of money that was called back."""
    book = _book(trades.find(asked.merchant, trade_no=_trade_of(asked, asked.text("out_order_no"))))
    known = book["returns"].get(out_return_no)
    if known is None:
        raise Said(404, "RESOURCE_NOT_EXISTS", "回退单不存在 (no such return)")
    return _returned(book, out_return_no, known)


@counter("POST")
def add_receiver(asked: Asked) -> object:
    """Take note of somebody who may get a share."""
    return {name: asked.text(name) for name in ("type", "account", "relation_type")}


def frozen(trade: SandboxTrade) -> int:
    """Return what is still frozen of a payment."""
    if not trade.facts.get(HELD):
        return 0
    book = _book(trade)
    shared = sum(one["amount"] for order in book["orders"].values() for one in order["receivers"])
    back = sum(one["amount"] for one in book["returns"].values())
    gone = sum(order["let_go"] for order in book["orders"].values())
    return max(int(trade.paid_money - trade.refunded_money - shared + back - gone), 0)


def _locked(asked: Asked, transaction_id: str) -> SandboxTrade:
    found = trades.find(asked.merchant, trade_no=transaction_id)
    trade = SandboxTrade.objects.select_for_update().get(pk=found.pk)
    if not trade.facts.get(HELD) or not trade.is_paid(timezone.now()):
        raise Said(403, "NO_AUTH", "订单不支持分账 (this payment is not held)")
    return trade


def _trade_of(asked: Asked, out_order_no: str) -> str:
    wanted = {f"facts__{SHARING}__orders__has_key": out_order_no}
    trade = SandboxTrade.objects.filter(merchant=asked.merchant, **wanted).first()
    if trade is None:
        raise Said(404, "RESOURCE_NOT_EXISTS", "分账单不存在 (no such sharing)")
    return trade.trade_no


def _book(trade: SandboxTrade) -> dict[str, dict[str, dict[str, Any]]]:
    return trade.facts.get(SHARING) or {"orders": {}, "returns": {}}


def _keep(trade: SandboxTrade, book: Mapping[str, object]) -> None:
    trade.facts = {**trade.facts, SHARING: book}
    trade.save(update_fields=["facts"])


def _left(book: Mapping[str, Mapping[str, Mapping[str, Any]]], shared: str, account: str) -> int:
    """Return what a receiver still has of one sharing."""
    got = sum(one["amount"] for one in book["orders"][shared]["receivers"] if one["account"] == account)
    back = [one for one in book["returns"].values() if one["out_order_no"] == shared]
    return int(got - sum(one["amount"] for one in back if one["return_mchid"] == account))


def _order(trade: SandboxTrade, number: str, known: Mapping[str, Any]) -> dict[str, object]:
    return {
        "transaction_id": trade.trade_no,
        "out_order_no": number,
        "order_id": known["order_id"],
        "state": "FINISHED",
        "receivers": known["receivers"],
    }


def _returned(book: Mapping[str, Mapping[str, Mapping[str, Any]]], number: str, known: Mapping[str, Any]) -> object:
    return {
        "order_id": book["orders"][str(known["out_order_no"])]["order_id"],
        "out_order_no": known["out_order_no"],
        "out_return_no": number,
        "return_no": known["return_no"],
        "return_mchid": known["return_mchid"],
        "amount": known["amount"],
        "description": "",
        "result": "SUCCESS",
        "create_time": known["at"],
        "finish_time": known["at"],
    }
