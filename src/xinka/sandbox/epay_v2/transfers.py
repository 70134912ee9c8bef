"""Payouts of a merchant by ``/api/transfer/submit``, and what became of them."""

from __future__ import annotations

from django.utils import timezone

from xinka.sandbox import transfers
from xinka.sandbox.epay.wire import to_fen, to_yuan
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTransfer
from xinka.sandbox.transfers import Stage

_STATUSES = {Stage.PENDING: 0, Stage.PAID: 1, Stage.FAILED: 2}
_REQUIRED = ("type", "out_biz_no", "account", "money")


def submit(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    """Pay somebody out; asked again with the same number, nothing moves. Raises ``Declined`` or ``Silence``."""
    for name in _REQUIRED:
        if not fields.get(name):
            raise Declined(Why.MISSING, f"缺少参数 {name} (missing)")
    wanted = transfers.Wanted(
        number=fields["out_biz_no"],
        account=fields["account"],
        holder=fields.get("name", ""),
        money=to_fen(fields["money"]),
        facts={"type": fields["type"]},
    )
    return _facts(transfers.submit(merchant, wanted, timezone.now()))


def query(merchant: SandboxMerchant, fields: dict[str, str]) -> dict[str, object]:
    """Say what became of a payout; raises ``Declined``."""
    return _facts(transfers.find(merchant, timezone.now(), number=fields.get("out_biz_no", "")))


def _facts(found: SandboxTransfer) -> dict[str, object]:
    status = _STATUSES[transfers.stage(found, timezone.now())]
    numbers = {"biz_no": found.transfer_no, "out_biz_no": found.out_biz_no}
    told = {"msg": "succ", **numbers, "status": status, "amount": to_yuan(found.money)}
    return told | ({"errmsg": "收款人姓名不符 (another name)"} if status == _STATUSES[Stage.FAILED] else {})
