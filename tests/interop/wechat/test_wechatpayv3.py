"""wechatpayv3 2.0.4 as the other side, in both directions, and what it accepts that we refuse."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client

from tests.interop.wechat.conftest import OtherSide
from tests.payments.providers.wechat.wechat_side import PAID, REFUNDED, Platform, certify, private_pem, public_pem
from xinka.payments.providers.errors import NoticeRefused
from xinka.payments.providers.protocol import PaymentRequest, RawNotice, RefundRequest, RefundStatus, TradeStatus
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import NotifyAttempt, SandboxMerchant, SandboxTrade

pytestmark = pytest.mark.interop
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
KEY_ID = "PUB_KEY_ID_0119000091912024110400000000000000"


def notice_of(attempt: NotifyAttempt) -> RawNotice:
    """What our till makes of a notice."""
    headers = {name.lower(): value for name, value in attempt.headers.items()}
    return RawNotice(attempt.method, b"", attempt.body.encode(), headers["content-type"], headers)


def press(trade: SandboxTrade, ending: str) -> None:
    """Press one of the cashier's buttons."""
    assert Client().post(f"/sandbox/pay/{trade.token}/{ending}").status_code == 302
    trade.refresh_from_db()


# Their client, our gateway.


@pytest.mark.parametrize("signs_with", ["public_key", "either"])
def test_their_client_pays_asks_refunds_and_closes_at_our_gateway(
    sdk: OtherSide, account: dict[str, Any], merchant: SandboxMerchant, payment: PaymentRequest, signs_with: str
) -> None:
    from xinka.sandbox.models import SandboxTrade

    merchant.secrets["signs_with"] = signs_with
    merchant.save()
    wanted = {
        "description": "云听音乐 年度会员",
        "out_trade_no": NUMBER,
        "amount": {"total": 9310, "currency": "CNY"},
        "notify_url": payment.notify_url,
    }
    status, answer = sdk.ask("call", account=account, method="pay", arguments=wanted)
    trade = SandboxTrade.objects.get()
    assert (status, trade.token in answer["code_url"], trade.name) == (200, True, "云听音乐 年度会员")
    asked = {"account": account, "method": "query", "arguments": {"out_trade_no": NUMBER}}
    assert sdk.ask("call", **asked)[1]["trade_state"] == "NOTPAY"
    press(trade, "pay")
    status, answer = sdk.ask("call", **asked)
    assert (status, answer["trade_state"], answer["amount"]["total"]) == (200, "SUCCESS", 9310)
    by_id = sdk.ask("call", account=account, method="query", arguments={"transaction_id": trade.trade_no})
    assert by_id == [200, answer]
    back = {
        "out_refund_no": "ref_1",
        "amount": {"refund": 310, "total": 9310, "currency": "CNY"},
        "out_trade_no": NUMBER,
    }
    status, answer = sdk.ask("call", account=account, method="refund", arguments=back)
    assert (status, answer["status"], answer["amount"]["refund"]) == (200, "SUCCESS", 310)
    found = sdk.ask("call", account=account, method="query_refund", arguments={"out_refund_no": "ref_1"})
    assert found[1]["refund_id"] == answer["refund_id"]
    other = wanted | {"out_trade_no": "pay_other"}
    assert sdk.ask("call", account=account, method="pay", arguments=other)[0] == 200
    assert sdk.ask("call", account=account, method="close", arguments={"out_trade_no": "pay_other"}) == [204, None]
    assert (
        sdk.ask("call", account=account, method="query", arguments={"out_trade_no": "pay_other"})[1]["trade_state"]
        == "CLOSED"
    )
    assert (
        sdk.ask("call", account=account, method="close", arguments={"out_trade_no": NUMBER})[1]["code"] == "ORDERPAID"
    )


def test_their_client_fetches_and_trusts_our_certificate(
    sdk: OtherSide, account: dict[str, Any], merchant: SandboxMerchant, tmp_path: Path
) -> None:
    serial = merchant.secrets["certificate_serial"]
    (tmp_path / f"{serial}.pem").write_text(merchant.secrets["certificate"])
    merchant.secrets["signs_with"] = "certificate"
    merchant.save()
    certified = account | {"cert_dir": str(tmp_path)}
    assert sdk.ask("certificates", account=certified) == [serial]
    asked = {"account": certified, "method": "query", "arguments": {"out_trade_no": "pay_nobody"}}
    assert sdk.ask("call", **asked)[1]["code"] == "ORDER_NOT_EXIST"


def test_their_client_shares_money_out_at_our_gateway(
    sdk: OtherSide, account: dict[str, Any], provider: WechatProvider, payment: PaymentRequest
) -> None:
    from xinka.sandbox.models import SandboxTrade

    held = WechatProvider.from_settings(account | {"profit_sharing": True})
    held.prepare(payment)
    trade = SandboxTrade.objects.get()
    press(trade, "pay")
    share = {
        "transaction_id": trade.trade_no,
        "out_order_no": "P0001",
        "receivers": [{"type": "MERCHANT_ID", "account": "1900000109", "amount": 8000, "description": "卖家"}],
        "unfreeze_unsplit": False,
    }
    status, answer = sdk.ask("call", account=account, method="profitsharing_order", arguments=share)
    assert (status, answer["state"], answer["receivers"][0]["result"]) == (200, "FINISHED", "SUCCESS")
    rest = {"transaction_id": trade.trade_no, "out_order_no": "P0002", "description": "解冻"}
    assert sdk.ask("call", account=account, method="profitsharing_unfreeze", arguments=rest)[0] == 200


# Our gateway's notice, their verifier.


@pytest.fixture(params=["public_key", "certificate"])
def theirs(request: pytest.FixtureRequest, account: dict[str, Any], merchant: SandboxMerchant, tmp_path: Path) -> Any:
    """Ada's account as the SDK holds it, and the gateway set to sign with the key it knows."""
    (tmp_path / "platform.pem").write_text(merchant.secrets["certificate"])
    merchant.secrets["signs_with"] = request.param
    merchant.save()
    return account | ({"cert_dir": str(tmp_path)} if request.param == "certificate" else {})


def test_their_verifier_accepts_our_gateways_notices(
    sdk: OtherSide, theirs: dict[str, Any], provider: WechatProvider, payment: PaymentRequest
) -> None:
    from xinka.sandbox.models import SandboxTrade

    provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    press(trade, "pay")
    provider.refund(RefundRequest(NUMBER, 310, "CNY", trade.trade_no, "ref_000001", 9310))
    paid, refunded = trade.attempts.order_by("id")
    read = sdk.ask("callback", account=theirs, headers=paid.headers, body=paid.body)
    assert (read["event_type"], read["resource"]["out_trade_no"]) == ("TRANSACTION.SUCCESS", NUMBER)
    assert read["resource"]["amount"]["total"] == provider.judge_notice(notice_of(paid)).amount_minor
    read = sdk.ask("callback", account=theirs, headers=refunded.headers, body=refunded.body)
    assert (read["event_type"], read["resource"]["out_refund_no"]) == ("REFUND.SUCCESS", "ref_000001")
    assert provider.judge_notice(notice_of(refunded)).subject_no == read["resource"]["refund_id"]


# Their signature, our verifier.


@pytest.fixture(scope="module")
def keys() -> list[rsa.RSAPrivateKey]:
    """Ours, WeChat's, its certificate's, Eve's."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)]


@pytest.fixture
def platform(keys: list[rsa.RSAPrivateKey]) -> Platform:
    """WeChat's keys."""
    now, year = datetime.now(UTC), timedelta(days=365)
    return Platform(keys[1], keys[2], certify(keys[2], since=now - year, until=now + year, serial=0xABCDEF0123456789))


@pytest.fixture
def ada(keys: list[rsa.RSAPrivateKey], platform: Platform) -> dict[str, Any]:
    """A merchant whose WeChat is the SDK's signing function."""
    return {
        "mchid": PAID["mchid"],
        "appid": PAID["appid"],
        "serial_no": "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
        "private_key": private_pem(keys[0]),
        "api_v3_key": "K8264ILTKCH16CQ2502SI8ZNMTM67VS1",
        "public_key_id": KEY_ID,
        "public_key": public_pem(keys[1]),
        "base_url": "http://127.0.0.1:9",
        "plain_http": True,
    }


def sdk_notice(sdk: OtherSide, key: rsa.RSAPrivateKey, body: str, *, at: float | None = None) -> dict[str, str]:
    """Sign a notice with the SDK; the headers as they come over HTTP."""
    timestamp, nonce = str(int(at or time.time())), "593BEC0C930BF1AFEB40B4A08C8FB242"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sdk.ask(
            "sign", private_key=private_pem(key), timestamp=timestamp, nonce=nonce, body=body
        ),
        "Wechatpay-Serial": KEY_ID,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def raw(headers: dict[str, str], body: str) -> RawNotice:
    """The same for our verifier."""
    return RawNotice(
        "POST", b"", body.encode(), "application/json", {name.lower(): value for name, value in headers.items()}
    )


def test_our_verifier_accepts_what_the_sdk_signed(
    sdk: OtherSide, ada: dict[str, Any], platform: Platform, keys: list[rsa.RSAPrivateKey]
) -> None:
    channel = WechatProvider.from_settings(ada)
    for facts, event in ((PAID, "TRANSACTION.SUCCESS"), (REFUNDED, "REFUND.SUCCESS")):
        body = json.dumps(platform.envelope(facts, event_type=event), ensure_ascii=False)
        headers = sdk_notice(sdk, keys[1], body)
        assert sdk.ask("callback", account=ada, headers=headers, body=body)["resource"] == facts
        assert channel.judge_notice(raw(headers, body)).trade_no == PAID["transaction_id"]


#: What the SDK makes of each: True where it accepts, though it should not.
NEGATIVE: dict[str, bool] = {
    "ten days old": True,
    "from the future": True,
    "another merchant": True,
    "another app": True,
    "another currency": True,
    "an amount as text": True,
    "a field twice": True,
    "flipped byte": False,
    "reordered": False,
    "wrong key": False,
    "sha1": False,
    "wrong aad": False,
    "wrong nonce": False,
    "wrong api key": False,
    "no signature": False,
    "no timestamp": False,
    "no nonce": False,
    "no serial": False,
    "no signature type": False,
    "another signature type": False,
}


@pytest.mark.parametrize(("fault", "sdk_accepts"), NEGATIVE.items(), ids=list(NEGATIVE))
def test_we_refuse_even_what_the_sdk_accepts(
    sdk: OtherSide,
    ada: dict[str, Any],
    platform: Platform,
    keys: list[rsa.RSAPrivateKey],
    fault: str,
    sdk_accepts: bool,
) -> None:
    body, headers = broken(sdk, platform, keys, fault)
    with pytest.raises(NoticeRefused):
        WechatProvider.from_settings(ada).judge_notice(raw(headers, body))
    found = sdk.ask("callback", account=ada, headers=headers, body=body)
    assert isinstance(found, dict) is sdk_accepts


def broken(sdk: OtherSide, platform: Platform, keys: list[rsa.RSAPrivateKey], fault: str) -> tuple[str, dict[str, str]]:
    """Return a notice with one fault, signed with the SDK."""
    facts, changed = _contents(fault)
    body = json.dumps(platform.envelope(facts, **changed), ensure_ascii=False)
    age = {"ten days old": -10 * 86400, "from the future": 86400}.get(fault, 0)
    headers = sdk_notice(sdk, keys[3] if fault == "wrong key" else keys[1], body, at=time.time() + age)
    if fault == "flipped byte":
        body = body.replace("TRANSACTION", "TRANSACTIOM", 1)
    if fault == "reordered":
        body = json.dumps(dict(reversed(json.loads(body).items())), ensure_ascii=False)
    if fault == "sha1":
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n{body}\n".encode()
        weak = keys[1].sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - what is refused here
        headers["Wechatpay-Signature"] = base64.b64encode(weak).decode()
    if fault.startswith("no "):
        del headers["Wechatpay-" + fault.removeprefix("no ").title().replace(" ", "-")]
    if fault == "another signature type":
        headers["Wechatpay-Signature-Type"] = "WECHATPAY2-SM2-WITH-SM3"
    return body, headers


def _contents(fault: str) -> tuple[object, dict[str, object]]:
    amount = dict(PAID["amount"])  # type: ignore[call-overload]  # it is a mapping
    facts: dict[str, object] = {
        "another merchant": PAID | {"mchid": "1900009192"},
        "another app": PAID | {"appid": "wx0000000000000000"},
        "another currency": PAID | {"amount": amount | {"currency": "USD"}},
        "an amount as text": PAID | {"amount": amount | {"total": "9310"}},
        "a field twice": json.dumps(PAID).replace('"mchid"', '"mchid": "1", "mchid"', 1).encode(),
    }
    changed: dict[str, dict[str, object]] = {
        "wrong aad": {"associated_data": "refund"},
        "wrong nonce": {"nonce": "000000000000"},
        "wrong api key": {"real_key": "K8264ILTKCH16CQ2502SI8ZNMTM67VS2"},
    }
    return facts.get(fault, PAID), changed.get(fault, {})


def test_an_unknown_serial_makes_the_sdk_ask_its_gateway_and_us_nobody(
    sdk: OtherSide, ada: dict[str, Any], platform: Platform, keys: list[rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    pem = platform.certificate.public_bytes(Encoding.PEM).decode()
    (tmp_path / "platform.pem").write_text(pem)
    own = certify(
        keys[0], since=datetime.now(UTC) - timedelta(days=1), until=datetime.now(UTC) + timedelta(days=1), serial=7
    )
    port = sdk.ask(
        "serve",
        merchant_certificate=own.public_bytes(Encoding.PEM).decode(),
        platform_private_key=private_pem(keys[1]),
        serial=KEY_ID,
        answers={},
    )
    theirs = ada | {"cert_dir": str(tmp_path), "base_url": f"http://127.0.0.1:{port}"}
    ours = {name: value for name, value in ada.items() if not name.startswith("public_key")} | {"certificates": pem}
    body = json.dumps(platform.envelope(PAID), ensure_ascii=False)
    headers = sdk_notice(sdk, keys[3], body) | {"Wechatpay-Serial": "DEADBEEF" * 5}
    before = len(sdk.ask("seen"))
    channel = WechatProvider.from_settings(ours | {"base_url": f"http://127.0.0.1:{port}"})
    with pytest.raises(NoticeRefused):
        channel.judge_notice(raw(headers, body))
    assert len(sdk.ask("seen")) == before
    assert not isinstance(sdk.ask("callback", account=theirs, headers=headers, body=body), dict)
    assert sdk.ask("seen")[before:] == [["GET", "/v3/certificates", True]]


# Our client, a gateway that only believes the SDK.


def test_a_gateway_that_only_believes_the_sdk_verifies_every_call_of_ours(
    sdk: OtherSide, ada: dict[str, Any], keys: list[rsa.RSAPrivateKey], payment: PaymentRequest
) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    own = certify(keys[0], since=now - day, until=now + day, serial=7)
    refund = RefundRequest(NUMBER, 310, "CNY", str(PAID["transaction_id"]), "ref_000001", 9310)
    given_back = {
        "refund_id": "5020020",
        "out_refund_no": refund.refund_no,
        "transaction_id": refund.trade_no,
        "status": "SUCCESS",
        "amount": {"refund": 310, "total": 9310},
    }
    port = sdk.ask(
        "serve",
        merchant_certificate=own.public_bytes(Encoding.PEM).decode(),
        platform_private_key=private_pem(keys[1]),
        serial=KEY_ID,
        answers={
            "POST /v3/pay/transactions/native": {"code_url": "weixin://wxpay/bizpayurl?pr=NwY5Mz9"},
            f"GET /v3/pay/transactions/out-trade-no/{NUMBER}": PAID,
            f"GET /v3/pay/transactions/id/{PAID['transaction_id']}": PAID,
            "POST /v3/refund/domestic/refunds": given_back,
            f"GET /v3/refund/domestic/refunds/{refund.refund_no}": given_back,
        },
    )
    before = len(sdk.ask("seen"))
    channel = WechatProvider.from_settings(ada | {"base_url": f"http://127.0.0.1:{port}"})
    assert channel.prepare(payment).target == "weixin://wxpay/bizpayurl?pr=NwY5Mz9"
    assert channel.query(NUMBER).status is TradeStatus.PAID
    assert channel.query(NUMBER, str(PAID["transaction_id"])).paid
    channel.refund(refund)
    assert channel.refund_query(refund).status is RefundStatus.DONE
    channel.close(NUMBER)
    asked = sdk.ask("seen")[before:]
    assert [verified for _, _, verified in asked] == [True] * 6
