"""Transfers to a person who confirms them in WeChat (商家转账): created, waiting for the payee, done or not.

The payee of the sandbox confirms as soon as somebody looks.
"""

from __future__ import annotations

import re

from django.utils import timezone

from xinka.sandbox import transfers
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Stage
from xinka.sandbox.wechat import facts, wire
from xinka.sandbox.wechat.desk import Asked, Said, counter

_NUMBER = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
_STATES = {Stage.PENDING: "WAIT_USER_CONFIRM", Stage.PAID: "SUCCESS", Stage.FAILED: "FAIL"}
#: In fen: below the first a name must not be given, from the second on it must.
_NAME_FROM, _NAME_NEEDED_FROM = 30, 200_000
_LONGEST_REMARK = 32


@counter("POST")
def create(asked: Asked) -> object:
    """Open a transfer; the same number again is the same one."""
    number, money = asked.text("out_bill_no"), asked.whole("transfer_amount")
    if not _NUMBER.fullmatch(number) or len(asked.text("transfer_remark")) > _LONGEST_REMARK:
        raise Declined(Why.MALFORMED, "参数错误 out_bill_no 或 transfer_remark")
    if asked.text("appid") != asked.merchant.secrets["appid"]:
        raise Said(400, "APPID_MCHID_NOT_MATCH", "商户号和 AppID 不匹配")
    reported = asked.fields.get("transfer_scene_report_infos")
    if not isinstance(reported, list) or not all(
        isinstance(one, dict) and one.get("info_type") and one.get("info_content") for one in reported
    ):
        raise Declined(Why.MISSING, "参数错误 transfer_scene_report_infos")
    wanted = transfers.Wanted(
        number=number,
        account=asked.text("openid"),
        holder=_name(asked, money),
        money=money,
        facts={"scene": asked.text("transfer_scene_id"), "remark": asked.text("transfer_remark"), "reported": reported},
    )
    now = timezone.now()
    found = transfers.submit(asked.merchant, wanted, now)
    waits = transfers.stage(found, now) is not Stage.FAILED and found.tries == 1
    told = {
        "out_bill_no": found.out_biz_no,
        "transfer_bill_no": found.transfer_no,
        "create_time": facts.moment(found.at),
        "state": _STATES[Stage.PENDING] if waits else _STATES[transfers.stage(found, now)],
    }
    return told | ({"package_info": f"pkg{found.transfer_no}"} if waits else {})


def _name(asked: Asked, money: int) -> str:
    sealed = asked.text("user_name", needed=money >= _NAME_NEEDED_FROM)
    if not sealed:
        return ""
    if money < _NAME_FROM:
        raise Declined(Why.MALFORMED, "金额小于 0.3 元时不能填写姓名 (no name for so little)")
    account = asked.merchant.secrets
    private = {
        account["public_key_id"]: account["public_key_private"],
        account["certificate_serial"]: account["certificate_private"],
    }.get(asked.serial)
    if private is None:
        raise Declined(Why.MALFORMED, "Wechatpay-Serial 不对 (sealed with an unknown key)")
    return wire.unseal(private, sealed)


@counter("GET")
def by_number(asked: Asked, out_bill_no: str) -> object:
    """Say what became of a transfer, by the merchant's number."""
    return _bill(asked, transfers.find(asked.merchant, timezone.now(), number=out_bill_no))


@counter("GET")
def by_id(asked: Asked, transfer_bill_no: str) -> object:
    """Say what became of a transfer, by the gateway's number."""
    return _bill(asked, transfers.find(asked.merchant, timezone.now(), transfer_no=transfer_bill_no))


def _bill(asked: Asked, found: SandboxTransfer) -> object:
    stage = transfers.stage(found, timezone.now())
    told = {
        "mch_id": asked.merchant.pid,
        "out_bill_no": found.out_biz_no,
        "transfer_bill_no": found.transfer_no,
        "appid": asked.merchant.secrets["appid"],
        "state": _STATES[stage],
        "transfer_amount": found.money,
        "transfer_remark": found.facts["remark"],
        "openid": found.account,
        "create_time": facts.moment(found.at),
        "update_time": facts.moment(timezone.now()),
    }
    return told | ({"fail_reason": "PAYEE_ACCOUNT_ABNORMAL"} if stage is Stage.FAILED else {})
