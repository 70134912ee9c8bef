"""wechatpayv3 pays a person out through our gateway as ours does: the name sealed, the number in its alphabet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.sides import OtherSide
from xinka.flows.payouts.wechat import WechatTransfers
from xinka.kernel.errors import ProviderError
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferStatus

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant

pytestmark = pytest.mark.interop
OPENID = "o-MYE42l80oelYMDE34nYD456Xoy"
REPORT = [{"info_type": "岗位类型", "info_content": "商家"}, {"info_type": "报酬说明", "info_content": "货款结算"}]


def test_their_client_pays_out_here_once_and_asks(
    sdk: OtherSide, account: dict[str, Any], merchant: SandboxMerchant
) -> None:
    from xinka.sandbox.models import SandboxTransfer

    wanted = {
        "out_bill_no": "outp100",
        "transfer_scene_id": "1005",
        "openid": OPENID,
        "transfer_amount": 250_000,
        "transfer_remark": "货款",
        "user_name": "艾达",
        "transfer_scene_report_infos": REPORT,
        "notify_url": "https://shop.example/notify",
    }
    status, made = sdk.ask("call", account=account, method="mch_transfer_bills", arguments=wanted)
    assert (status, made["state"], bool(made["package_info"])) == (200, "WAIT_USER_CONFIRM", True)
    asked = {"account": account, "method": "mch_transfer_bills_query", "arguments": {"out_bill_no": "outp100"}}
    status, found = sdk.ask("call", **asked)
    assert (status, found["state"], found["transfer_amount"]) == (200, "SUCCESS", 250_000)
    kept = SandboxTransfer.objects.get()
    assert (kept.holder, kept.account, kept.merchant_id) == ("艾达", OPENID, merchant.id)
    ours = WechatTransfers.of_settings(account)
    to = AccountDetails(AccountKind.WECHAT, "艾达", OPENID)
    same = ours.send(TransferRequest("out_p100", to, 250_000, "CNY", "货款"))
    assert (same.status, same.reference) == (TransferStatus.DONE, made["transfer_bill_no"])
    assert SandboxTransfer.objects.count() == 1


def test_their_client_and_ours_read_the_same_of_a_payee_who_is_asked_and_of_what_is_taken_back(
    sdk: OtherSide, account: dict[str, Any], merchant: SandboxMerchant
) -> None:
    wanted = {
        "out_bill_no": "outp101",
        "transfer_scene_id": "1005",
        "openid": OPENID,
        "transfer_amount": 20_008,
        "transfer_remark": "货款",
        "transfer_scene_report_infos": REPORT,
    }
    ours, bill = WechatTransfers.of_settings(account), {"out_bill_no": "outp101"}
    _, made = sdk.ask("call", account=account, method="mch_transfer_bills", arguments=wanted)
    to = AccountDetails(AccountKind.WECHAT, "艾达", OPENID)
    same = ours.send(TransferRequest("out_p101", to, 20_008, "CNY", "货款"))
    assert (same.status, same.package, same.reference) == (
        TransferStatus.TO_CONFIRM,
        made["package_info"],
        made["transfer_bill_no"],
    )
    assert same.confirm_by == datetime.fromisoformat(made["create_time"]) + timedelta(hours=24)
    _, found = sdk.ask("call", account=account, method="mch_transfer_bills_query", arguments=bill)
    assert (found["state"], "package_info" in found) == ("WAIT_USER_CONFIRM", False)
    for _ in range(2):
        status, told = sdk.ask("call", account=account, method="mch_transfer_bills_cancel", arguments=bill)
        assert (status, told["state"]) == (200, "CANCELING")
    _, found = sdk.ask("call", account=account, method="mch_transfer_bills_query", arguments=bill)
    assert found["state"] == "CANCELLED"
    assert ours.query("out_p101").status is TransferStatus.CALLED_BACK
    assert merchant.transfers.count() == 1


def test_what_is_paid_is_not_taken_back(sdk: OtherSide, account: dict[str, Any]) -> None:
    ours = WechatTransfers.of_settings(account)
    ours.send(TransferRequest("out_p102", AccountDetails(AccountKind.WECHAT, "艾达", OPENID), 20_000, "CNY", "货款"))
    asked = {"account": account, "method": "mch_transfer_bills_cancel", "arguments": {"out_bill_no": "outp102"}}
    assert sdk.ask("call", **asked)[0] == 400
    assert ours.query("out_p102").status is TransferStatus.DONE


def test_what_nobody_made_is_not_known_to_either(sdk: OtherSide, account: dict[str, Any]) -> None:
    asked = {"account": account, "method": "mch_transfer_bills_query", "arguments": {"out_bill_no": "nobody"}}
    status, answer = sdk.ask("call", **asked)
    assert (status, answer["code"]) == (404, "NOT_FOUND")
    assert WechatTransfers.of_settings(account).query("out_nobody").status is TransferStatus.NOT_FOUND


def test_what_we_call_back_their_client_sees_go_back_and_then_gone(
    sdk: OtherSide, account: dict[str, Any], merchant: SandboxMerchant
) -> None:
    ours, bill = WechatTransfers.of_settings(account), {"out_bill_no": "outp103"}
    asked = {"account": account, "method": "mch_transfer_bills_query", "arguments": bill}
    ours.send(TransferRequest("out_p103", AccountDetails(AccountKind.WECHAT, "艾达", OPENID), 20_009, "CNY", "货款"))
    for _ in range(2):
        ours.cancel("out_p103")
    assert sdk.ask("call", **asked)[1]["state"] == "CANCELING"
    meanwhile = ours.query("out_p103")
    assert (meanwhile.status, meanwhile.why) == (TransferStatus.PENDING, "WeChat is taking it back")
    row = merchant.transfers.get()
    row.facts["said_at"] = (datetime.fromisoformat(row.facts["said_at"]) - timedelta(minutes=2)).isoformat()
    row.save(update_fields=["facts"])
    assert sdk.ask("call", **asked)[1]["state"] == "CANCELLED"
    assert ours.query("out_p103").status is TransferStatus.CALLED_BACK


def test_what_cannot_be_called_back_is_refused_to_both(sdk: OtherSide, account: dict[str, Any]) -> None:
    ours = WechatTransfers.of_settings(account)
    ours.send(TransferRequest("out_p104", AccountDetails(AccountKind.WECHAT, "艾达", OPENID), 20_000, "CNY", "货款"))
    for number, status, code in (("out_p104", 400, "INVALID_REQUEST"), ("out_nobody", 404, "NOT_FOUND")):
        theirs = {"out_bill_no": number.replace("_", "")}
        answer = sdk.ask("call", account=account, method="mch_transfer_bills_cancel", arguments=theirs)
        assert (answer[0], answer[1]["code"]) == (status, code)
        with pytest.raises(ProviderError, match=code) as refused:
            ours.cancel(number)
        assert refused.value.permanent
    assert ours.query("out_p104").status is TransferStatus.DONE
