"""Payouts of a merchant through the gateway: sent at once, and only once for each number of the merchant's."""

from __future__ import annotations

from django.utils import timezone

from xinka.sandbox import trades
from xinka.sandbox.epay.wire import to_fen, to_yuan
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTransfer

_DONE = 1
_REQUIRED = ("type", "out_biz_no", "account", "money")


def submit(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    """Pay somebody out; asked again with the same number, nothing moves. Raises ``Declined``."""
    for name in _REQUIRED:
        if not fields.get(name):
            raise Declined(Why.MISSING, f"缺少参数 {name} (missing)")
    now, money = timezone.now(), to_fen(fields["money"])
    found, _ = SandboxTransfer.objects.get_or_create(
        merchant=merchant,
        out_biz_no=fields["out_biz_no"],
        defaults={
            "transfer_no": trades.fresh_number(now),
            "account": fields["account"],
            "holder": fields.get("name", ""),
            "money": money,
            "at": now,
        },
    )
    if (found.money, found.account) != (money, fields["account"]):
        raise Declined(Why.NUMBER_REUSED, "付款单号已用于另一笔付款 (number used for another payout)")
    return _facts(found)


def query(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    """Say what became of a payout; raises ``Declined``."""
    found = merchant.transfers.filter(out_biz_no=fields.get("out_biz_no", "")).first()
    if found is None:
        raise Declined(Why.NO_TRADE, "付款记录不存在 (no such payout)")
    return _facts(found)


def _facts(found: SandboxTransfer) -> dict[str, object]:
    numbers = {"biz_no": found.transfer_no, "out_biz_no": found.out_biz_no}
    return {"msg": "succ", **numbers, "status": _DONE, "amount": to_yuan(found.money)}
