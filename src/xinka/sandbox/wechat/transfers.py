"""Transfers to a person who confirms them in WeChat (商家转账): created, waiting for the payee, done or not.

Most payees of the sandbox have confirmed as soon as somebody looks; those of an amount that ends with 08 or 09 do it
on a page (see ``confirming``). The package that opens that page is told where a transfer is made, or asked for again
with the same number, and never where it is asked about: so it is at WeChat.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from django.utils import timezone

from xinka.sandbox import transfers
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Ending, Stage
from xinka.sandbox.transfers import Said as Payee
from xinka.sandbox.wechat import facts, wire
from xinka.sandbox.wechat.desk import Asked, counter
from xinka.sandbox.wechat.desk import Said as SaidNo

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
        raise SaidNo(400, "APPID_MCHID_NOT_MATCH", "商户号和 AppID 不匹配")
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
        asks_payee=True,
        facts={"scene": asked.text("transfer_scene_id"), "remark": asked.text("transfer_remark"), "reported": reported},
    )
    now = timezone.now()
    found = transfers.submit(asked.merchant, wanted, now)
    stage = transfers.stage(found, now)
    # Who confirms at once has not done so in the moment in which it is made.
    waits = "said" not in found.facts and (stage is Stage.PENDING or (stage is Stage.PAID and found.tries == 1))
    told = {
        "out_bill_no": found.out_biz_no,
        "transfer_bill_no": found.transfer_no,
        "create_time": facts.moment(found.at),
        "state": _STATES[Stage.PENDING] if waits else _state(found, stage),
    }
    return told | ({"package_info": package_of(found)} if waits else {})


def package_of(found: SandboxTransfer) -> str:
    """Return what opens the page on which a transfer is confirmed; nobody makes one without the merchant's secret."""
    key = f"{found.merchant.secrets['api_v3_key']} {found.transfer_no}".encode()
    return b64encode(f"{found.transfer_no} {sha256(key).hexdigest()}".encode()).decode()


@counter("POST")
def cancel(asked: Asked, out_bill_no: str) -> object:
    """Take back a transfer that its payee has not confirmed; asked again, it says the same."""
    now = timezone.now()
    found = transfers.find(asked.merchant, now, number=out_bill_no)
    if not transfers.say(found, Payee.CANCELLED, now):
        found.refresh_from_db(fields=["facts"])  # somebody may have said it in between
    if found.facts.get("said") != Payee.CANCELLED:
        raise SaidNo(400, "INVALID_REQUEST", "单据状态不支持撤销 (it cannot be taken back any more)")
    told = {"out_bill_no": found.out_biz_no, "transfer_bill_no": found.transfer_no, "state": "CANCELING"}
    return told | {"update_time": facts.moment(now)}


def _state(found: SandboxTransfer, stage: Stage) -> str:
    if found.facts.get("said") == Payee.CANCELLED:
        return "CANCELING" if stage is Stage.PENDING else "CANCELLED"
    return _STATES[stage]


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
        "state": _state(found, stage),
        "transfer_amount": found.money,
        "transfer_remark": found.facts["remark"],
        "openid": found.account,
        "create_time": facts.moment(found.at),
        "update_time": facts.moment(timezone.now()),
    }
    if stage is not Stage.FAILED or told["state"] == "CANCELLED":
        return told
    why = "OVERDUE_CLOSE" if Ending(found.ending).waits_for_payee else "PAYEE_ACCOUNT_ABNORMAL"
    return told | {"fail_reason": why}
