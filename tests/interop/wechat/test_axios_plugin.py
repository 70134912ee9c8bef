"""wechatpay-axios-plugin 0.9.6 (Node) as a third implementation: its vectors and ours, its client at our gateway."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.interop.wechat.conftest import OtherSide
from tests.payments.providers.wechat.wechat_side import PAID
from xinka.payments.providers.protocol import PaymentRequest, RawNotice
from xinka.payments.providers.wechat.provider import WechatProvider
from xinka.payments.providers.wechat.wire import bill_call, create_call

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant, SandboxTrade

pytestmark = pytest.mark.interop
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"


def paid_trade(provider: WechatProvider, payment: PaymentRequest) -> SandboxTrade:
    """A trade that Cy has paid."""
    from xinka.sandbox.models import SandboxTrade

    provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    assert Client().post(f"/sandbox/pay/{trade.token}/pay").status_code == 302
    return trade


def test_both_make_the_same_signature_of_a_request(
    plugin: OtherSide, account: dict[str, Any], provider: WechatProvider, payment: PaymentRequest
) -> None:
    calls = [
        create_call(provider.config, payment, "native", now=1_554_208_460),
        bill_call(provider.config, "tradebill", date(2026, 11, 20), now=1_554_208_460),
    ]
    for call in calls:
        given = dict(re.findall(r'([a-z_]+)="([^"]*)"', call.headers["authorization"]))
        theirs = plugin.ask(
            "request",
            privateKey=account["private_key"],
            method=call.method,
            target=call.url.removeprefix(account["base_url"]),
            timestamp="1554208460",
            nonce=given["nonce_str"],
            body=call.content.decode(),
        )
        assert theirs == given["signature"]


def test_both_make_the_same_signature_for_wechats_browser(
    plugin: OtherSide, account: dict[str, Any], provider: WechatProvider
) -> None:
    key = provider.config.merchant
    fields = key.bridge_fields(
        str(account["appid"]), "wx201410272009395522657a690389285100", now=1414561699, nonce="5K8"
    )
    lines = [fields["appId"], "1414561699", "5K8", "prepay_id=wx201410272009395522657a690389285100"]
    assert fields["paySign"] == plugin.ask("lines", privateKey=account["private_key"], lines=lines)
    assert (fields["signType"], fields["timeStamp"], fields["package"]) == ("RSA", lines[1], lines[3])


def test_our_verifier_accepts_its_notice(
    plugin: OtherSide, account: dict[str, Any], merchant: SandboxMerchant, provider: WechatProvider
) -> None:
    facts = PAID | {"mchid": account["mchid"], "appid": account["appid"], "attach": "云听音乐"}
    for private, serial in (("public_key_private", "public_key_id"), ("certificate_private", "certificate_serial")):
        made = plugin.ask(
            "notice",
            privateKey=merchant.secrets[private],
            apiKey=account["api_v3_key"],
            serial=merchant.secrets[serial],
            facts=facts,
        )
        headers = {f"wechatpay-{name}": made[name] for name in ("timestamp", "nonce", "signature", "serial")}
        headers["wechatpay-signature-type"] = "WECHATPAY2-SHA256-RSA2048"
        said = provider.judge_notice(RawNotice("POST", b"", made["body"].encode(), "application/json", headers))
        assert (said.is_paid, said.trade_no, said.amount_minor) == (True, PAID["transaction_id"], 9310)


def test_it_accepts_our_gateways_notice(
    plugin: OtherSide,
    account: dict[str, Any],
    merchant: SandboxMerchant,
    provider: WechatProvider,
    payment: PaymentRequest,
) -> None:
    merchant.secrets["signs_with"] = "public_key"
    merchant.save()
    attempt = paid_trade(provider, payment).attempts.get()
    seal = {name: attempt.headers[f"Wechatpay-{name.title()}"] for name in ("timestamp", "nonce", "signature")}
    asked = {"publicKey": account["public_key"], "body": attempt.body, **seal}
    assert plugin.ask("verify", **asked)
    assert not plugin.ask("verify", **(asked | {"body": attempt.body.replace("SUCCESS", "SUCCESs", 1)}))
    opened = plugin.ask("open", apiKey=account["api_v3_key"], resource=json.loads(attempt.body)["resource"])
    assert (opened["out_trade_no"], opened["amount"]["total"]) == (NUMBER, 9310)


def test_its_client_pays_asks_refunds_and_closes_at_our_gateway(
    plugin: OtherSide, account: dict[str, Any], merchant: SandboxMerchant, payment: PaymentRequest
) -> None:
    from xinka.sandbox.models import SandboxTrade

    theirs = account | {
        "certificate_serial": merchant.secrets["certificate_serial"],
        "certificate_key": account["certificates"],
    }
    wanted = {
        "appid": account["appid"],
        "mchid": account["mchid"],
        "description": "云听音乐",
        "out_trade_no": NUMBER,
        "notify_url": payment.notify_url,
        "amount": {"total": 9310},
    }

    def ask(path: str, method: str, data: object = None, **params: str) -> Any:
        return plugin.ask("call", account=theirs, path=path, method=method, data=data, params=params)

    status, answer = ask("v3/pay/transactions/native", "post", wanted)
    trade = SandboxTrade.objects.get()
    assert (status, trade.token in answer["code_url"]) == (200, True)
    assert Client().post(f"/sandbox/pay/{trade.token}/pay").status_code == 302
    status, answer = ask(f"v3/pay/transactions/out-trade-no/{NUMBER}", "get", mchid=account["mchid"])
    assert (status, answer["trade_state"]) == (200, "SUCCESS")
    back = {
        "out_trade_no": NUMBER,
        "out_refund_no": "ref_1",
        "amount": {"refund": 310, "total": 9310, "currency": "CNY"},
    }
    assert ask("v3/refund/domestic/refunds", "post", back)[1]["status"] == "SUCCESS"
    status, answer = ask(f"v3/pay/transactions/out-trade-no/{NUMBER}/close", "post", {"mchid": account["mchid"]})
    assert (status, answer["code"]) == (400, "ORDERPAID")
    eve = theirs | {"mchid": "12345678"}
    assert plugin.ask("call", account=eve, path="v3/certificates", method="get", data=None, params={})[0] == 401


def test_it_reads_our_gateways_bill_as_we_do(
    plugin: OtherSide, merchant: SandboxMerchant, provider: WechatProvider, payment: PaymentRequest
) -> None:
    from xinka.sandbox.wechat.bills import _lines

    trade = paid_trade(provider, payment)
    yesterday = timezone.localdate() - timedelta(days=1)
    for entry in trade.entries.all():
        entry.at -= timedelta(days=1)
        entry.save()
    (ours,) = provider.bill(yesterday)
    read = plugin.ask("bill", text="".join(_lines(merchant, "tradebill", yesterday)))
    (row,) = read["rows"]
    assert (row["微信订单号"], row["商户订单号"], row["订单金额"]) == (ours.trade_no, ours.out_trade_no, "93.10")
    assert read["summary"]["总交易单数"] == "1"
