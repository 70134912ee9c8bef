"""Other people's clients pay out through our gateway as ours does, and read what became of it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from tests.interop.alipay.conftest import customer, pem, public_pem
from tests.interop.sides import OtherSide
from xinka.flows.payouts.alipay import AlipayTransfers
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferStatus
from xinka.sandbox.alipay import accounts
from xinka.sandbox.models import SandboxMerchant, SandboxTransfer

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]
PRODUCT = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}


def test_the_official_client_pays_out_here_once_and_asks(
    official: OtherSide, merchant: SandboxMerchant, gateway_url: str
) -> None:
    account = customer(merchant, gateway_url, style=PrivateFormat.TraditionalOpenSSL)

    def call(method: str, **content: object) -> Any:
        wanted = PRODUCT | content
        return official.ask("call", account=account, method=method, content=wanted, addresses={})

    payee = {"identity_type": "ALIPAY_LOGON_ID", "identity": "ada@example.com", "name": "艾达"}
    wanted = {"out_biz_no": "p1", "trans_amount": "12.34", "order_title": "货款", "payee_info": payee}
    made = [call("alipay.fund.trans.uni.transfer", **wanted) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["code"], made[0]["status"]) == ("10000", "SUCCESS")
    found = call("alipay.fund.trans.common.query", out_biz_no="p1")
    assert (found["trans_amount"], found["order_id"]) == ("12.34", made[0]["order_id"])
    assert call("alipay.fund.trans.common.query", out_biz_no="p2")["sub_code"] == "ORDER_NOT_EXIST"
    assert SandboxTransfer.objects.get().tries == 2


def test_the_community_client_pays_out_here_in_certificate_mode_as_ours_does(
    community: OtherSide, certified: SandboxMerchant, gateway_url: str
) -> None:
    account = customer(certified, gateway_url) | {"private": pem(certified.secrets["app_private"])}
    account["public"] = public_pem(account["public"])
    theirs = {
        "out_biz_no": "p1",
        "identity_type": "ALIPAY_LOGON_ID",
        "identity": "ada@example.com",
        "trans_amount": "12.34",
        "name": "艾达",
    }
    made = community.ask("call", account=account, method="alipay_fund_trans_uni_transfer", arguments=theirs)
    place = gateway_url.removesuffix("/gateway.do")
    ours = AlipayTransfers.of_settings(accounts.shop_settings(certified, place, place))
    to = AccountDetails(AccountKind.ALIPAY, "艾达", "ada@example.com")
    same = ours.send(TransferRequest("p1", to, 1234, "CNY", "货款"))
    assert (same.status, same.reference) == (TransferStatus.DONE, made["order_id"])
    assert ours.query("p1").amount_minor == 1234
    assert SandboxTransfer.objects.get().holder == "艾达"
