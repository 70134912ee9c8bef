"""Frozen money of a trade, shared out until it is finished; what was shared is kept with the trade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from xinka.sandbox import trades
from xinka.sandbox.epay.wire import to_fen, to_yuan
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxTrade


def settle(trade: SandboxTrade, content: Mapping[str, Any], now: datetime) -> str:
    """Share once for each number, or finish; return the gateway's number of it. Raises ``Declined``."""
    number = str(content.get("out_request_no", ""))
    parts = content.get("royalty_parameters") or []
    money = sum(to_fen(str(part["amount"])) for part in parts)
    with transaction.atomic():
        kept = SandboxTrade.objects.select_for_update().get(pk=trade.pk)
        shares: dict[str, Any] = kept.facts.setdefault("shares", {})
        if number in shares:
            return str(shares[number]["settle_no"])
        left = kept.paid_money - kept.refunded_money - sum(one["money"] for one in shares.values())
        if not kept.is_paid(now) or not kept.facts.get("frozen") or money > left:
            raise Declined(Why.NOT_SHAREABLE, "可分账金额不足 (nothing left to share)")
        settle_no = trades.fresh_number(now)
        shares[number] = {"money": money, "settle_no": settle_no, "to": [str(part["trans_in"]) for part in parts]}
        if (content.get("extend_params") or {}).get("royalty_finish") == "true":
            kept.facts["frozen"] = False
        kept.save(update_fields=["facts"])
    return settle_no


def about(trade: SandboxTrade, number: str) -> dict[str, object]:
    """Return what became of one share; raises ``Declined``."""
    found = trade.facts.get("shares", {}).get(number)
    if found is None:
        raise Declined(Why.NO_SHARE, "分账请求不存在 (no such share)")
    details = [{"operation_type": "transfer", "amount": to_yuan(found["money"]), "state": "SUCCESS",
                "trans_in": to, "detail_id": found["settle_no"]} for to in found["to"]]  # fmt: skip
    return {"out_request_no": number, "settle_no": found["settle_no"], "royalty_detail_list": details}
