"""Single transfers to an Alipay account, and what became of them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from xinka.sandbox import transfers
from xinka.sandbox.alipay import wire
from xinka.sandbox.epay.wire import to_fen, to_yuan
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTransfer
from xinka.sandbox.transfers import Stage

Facts = dict[str, object]
Content = dict[str, Any]
_PRODUCT, _SCENE = "TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER"
_STATUSES = {Stage.PENDING: "DEALING", Stage.PAID: "SUCCESS", Stage.FAILED: "FAIL"}


def submit(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    """Answer ``alipay.fund.trans.uni.transfer``; raises ``Declined`` or ``Silence``."""
    _check_product(content)
    payee = content.get("payee_info")
    if not isinstance(payee, dict) or payee.get("identity_type") not in {"ALIPAY_LOGON_ID", "ALIPAY_USER_ID"}:
        raise Declined(Why.MISSING, "payee_info 不完整 (payee)")
    if payee["identity_type"] == "ALIPAY_LOGON_ID" and not payee.get("name"):
        raise Declined(Why.MISSING, "缺少收款方姓名 (name of the payee)")
    wanted = transfers.Wanted(
        number=str(content.get("out_biz_no", "")),
        account=str(payee.get("identity", "")),
        holder=str(payee.get("name", "")),
        money=to_fen(str(content.get("trans_amount", ""))),
        facts={"title": str(content.get("order_title", ""))},
    )
    found = transfers.submit(merchant, wanted, timezone.now())
    return _numbers(found) | {"trans_date": wire.moment(found.at)}


def query(merchant: SandboxMerchant, _fields: dict[str, str], content: Content) -> Facts:
    """Answer ``alipay.fund.trans.common.query``; raises ``Declined``."""
    number, order = str(content.get("out_biz_no", "")), str(content.get("order_id", ""))
    if not order:
        _check_product(content)
    found = transfers.find(merchant, timezone.now(), number=number, transfer_no=order)
    told = _numbers(found) | {"trans_amount": to_yuan(found.money), "pay_date": wire.moment(found.at)}
    if told["status"] == _STATUSES[Stage.FAILED]:
        told |= {"error_code": "PAYEE_NOT_EXIST", "fail_reason": "收款账号不存在 (no such payee)"}
    return told


def _check_product(content: Content) -> None:
    if (content.get("product_code"), content.get("biz_scene")) != (_PRODUCT, _SCENE):
        raise Declined(Why.MISSING, "product_code 或 biz_scene 不对 (product or scene)")


def _numbers(found: SandboxTransfer) -> Facts:
    return {
        "out_biz_no": found.out_biz_no,
        "order_id": found.transfer_no,
        "pay_fund_order_id": f"F{found.transfer_no}",
        "status": _STATUSES[transfers.stage(found, timezone.now())],
    }
