"""epay between us and other implementations: epay-sdk for V1, Node's signatures for V2 (no SDK of it is published)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.interop.sides import OtherSide, node_side, python_side
from tests.notices import planned_notices
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import Signer, SignType
from xinka.payments.providers.epay_v2 import wire as v2_wire
from xinka.payments.providers.epay_v2.provider import EpayV2Provider
from xinka.payments.providers.errors import BadSignature, MalformedNotice, WrongMerchant
from xinka.payments.providers.protocol import PaymentRequest, RawNotice
from xinka.sandbox import endings

if TYPE_CHECKING:  # models can only be read once the settings are, which is after the conftests
    from xinka.sandbox.models import SandboxMerchant

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
#: Public vectors with a public key, which no channel of ours would take.
VECTOR_KEY = "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i"
VECTORS = {
    "221ed49ddabb13fc56e43a089825f3a6": {
        "money": "1.00",
        "name": "测试卡密 x1",
        "notify_url": "https://shop.example/pay/epay/notify",
        "out_trade_no": "20260101000001",
        "pid": "1001",
        "return_url": "https://shop.example/pay/epay/return",
        "type": "alipay",
        "param": "",
    },
    "f6661018164032616e1fda11a2ea3724": {
        "money": "1.00",
        "name": "测试卡密 x1",
        "out_trade_no": "20260101000001",
        "pid": "1001",
        "trade_no": "2026010112345678901",
        "trade_status": "TRADE_SUCCESS",
        "type": "alipay",
    },
}


@pytest.fixture(scope="session")
def sdk() -> Iterator[OtherSide]:
    """epay-sdk."""
    with python_side(Path(__file__).parent / "sdk_side.py", "epay-sdk") as side:
        yield side


@pytest.fixture(scope="session")
def node() -> Iterator[OtherSide]:
    """Somebody else's RSA over the same text."""
    with node_side(Path(__file__).parents[1] / "alipay" / "npm_side.cjs") as side:
        yield side


@pytest.fixture
def merchant(live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's account at our V1 gateway, signed with MD5, all that the SDK knows."""
    from xinka.sandbox.epay.accounts import open_merchant

    settings.SITE_URL = live_server.url
    return open_merchant("Ada", sign_type="MD5")


@pytest.fixture
def account(merchant: SandboxMerchant, live_server: LiveServer) -> dict[str, str]:
    """What the SDK needs to be that merchant."""
    return {"pid": merchant.pid, "key": merchant.secrets["key"], "base_url": f"{live_server.url}/sandbox/"}


@pytest.fixture
def provider(account: dict[str, str]) -> EpayProvider:
    """The shop's own side of it."""
    return EpayProvider.from_settings({**account, "plain_http": True})


@pytest.fixture
def order(live_server: LiveServer) -> dict[str, str]:
    """What Cy is to pay, in the SDK's words."""
    return {
        "out_trade_no": NUMBER,
        "name": "云听音乐 年度会员 x1",
        "money": "93.10",
        "notify_url": f"{live_server.url}/n",
        "return_url": f"{live_server.url}/r",
        "pay_type": "alipay",
    }


@pytest.mark.parametrize("expected", VECTORS)
def test_published_vectors_come_out_alike(sdk: OtherSide, expected: str) -> None:
    theirs = sdk.ask("sign", account={"pid": "1", "key": VECTOR_KEY, "base_url": "http://x"}, fields=VECTORS[expected])
    assert theirs == Signer(VECTOR_KEY.encode(), SignType.MD5).sign(VECTORS[expected]) == expected


def test_their_client_pays_and_asks_at_our_gateway(
    sdk: OtherSide, account: dict[str, str], order: dict[str, str]
) -> None:
    from xinka.sandbox.models import SandboxTrade

    opened = httpx.get(sdk.ask("address", account=account, order=order))
    trade = SandboxTrade.objects.get()
    assert (opened.status_code, opened.headers["location"]) == (302, f"/sandbox/pay/{trade.token}")
    assert sdk.ask("query", account=account, out_trade_no=NUMBER)["raw"]["status"] == 0
    endings.bring_about(trade, "pay", now=timezone.now())
    found = sdk.ask("query", account=account, out_trade_no=NUMBER)
    assert (found["query_ok"], found["gateway_trade_no"], found["amount"]) == (True, trade.trade_no, "93.10")
    # The SDK's own ``paid`` looks for ``trade_status``, which this protocol has in notices only.
    assert found["raw"]["status"] == 1


def test_our_notice_is_believed_by_them_and_our_forgery_is_not(
    sdk: OtherSide, account: dict[str, str], order: dict[str, str]
) -> None:
    from xinka.sandbox.models import SandboxTrade

    httpx.get(sdk.ask("address", account=account, order=order))
    trade = SandboxTrade.objects.get()
    for ending in ("forge", "pay"):
        assert endings.bring_about(trade, ending, now=timezone.now())
    forged, genuine = (dict(parse_qsl(notice.query.decode())) for notice in planned_notices())
    assert sdk.ask("believes", account=account, fields=forged) == "EPaySignError"
    said = sdk.ask("believes", account=account, fields=genuine)
    assert (said["out_trade_no"], said["money"], said["trade_status"]) == (NUMBER, "93.10", "TRADE_SUCCESS")


def test_our_requests_are_signed_as_theirs(
    sdk: OtherSide, account: dict[str, str], provider: EpayProvider, live_server: LiveServer
) -> None:
    here = live_server.url
    payment = PaymentRequest(NUMBER, 9310, "CNY", "云听音乐 x1", "alipay", f"{here}/n", f"{here}/r")
    ours = dict(provider.prepare_form(payment).fields)
    assert ours["sign"] == sdk.ask("sign", account=account, fields=ours)


def notice(account: dict[str, str], **change: str) -> dict[str, str]:
    """Return the fields of a notice, not signed yet."""
    return {
        "pid": account["pid"],
        "trade_no": "2026112112345678901",
        "out_trade_no": NUMBER,
        "type": "alipay",
        "name": "云听音乐 年度会员 x1",
        "money": "93.10",
        "trade_status": "TRADE_SUCCESS",
        "sign_type": "MD5",
    } | change


def by_get(fields: dict[str, str]) -> RawNotice:
    return RawNotice("GET", urlencode(fields).encode(), b"", "")


def test_a_notice_they_sign_is_believed_here(sdk: OtherSide, account: dict[str, str], provider: EpayProvider) -> None:
    fields = notice(account)
    said = provider.judge_notice(by_get(fields | {"sign": sdk.ask("sign", account=account, fields=fields)}))
    assert (said.out_trade_no, said.amount_minor, said.is_paid) == (NUMBER, 9310, True)
    assert provider.is_weak, "with MD5, the gateway is asked all the same"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "x&money=93.10"}, MalformedNotice),
        ({"money": " 93.10 "}, BadSignature),
        ({"buyer": ""}, MalformedNotice),
    ],
)
def test_what_they_accept_and_could_be_misread_is_refused_here(
    sdk: OtherSide, account: dict[str, str], provider: EpayProvider, change: dict[str, str], error: type[Exception]
) -> None:
    fields = notice(account, **change)
    signed = fields | {"sign": sdk.ask("sign", account=account, fields=fields)}
    assert isinstance(sdk.ask("believes", account=account, fields=signed), dict)
    with pytest.raises(error):
        provider.judge_notice(by_get(signed))


def test_both_refuse_another_key_another_merchant_and_a_changed_amount(
    sdk: OtherSide, account: dict[str, str], provider: EpayProvider
) -> None:
    fields = notice(account)
    good = sdk.ask("sign", account=account, fields=fields)
    eve = sdk.ask("sign", account=account | {"key": "x" * 32}, fields=fields)
    others = notice(account, pid="1")
    foreign = sdk.ask("sign", account=account, fields=others)
    for sent, error in (
        (fields | {"sign": eve}, BadSignature),
        (fields | {"sign": good, "money": "0.01"}, BadSignature),
        (others | {"sign": foreign}, WrongMerchant),
    ):
        assert isinstance(sdk.ask("believes", account=account, fields=sent), str)
        with pytest.raises(error):
            provider.judge_notice(by_get(sent))


@pytest.fixture
def rsa_merchant(live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's account at our V2 gateway."""
    from xinka.sandbox.epay_v2.accounts import open_merchant

    settings.SITE_URL = live_server.url
    return open_merchant("Ada")


@pytest.fixture
def rsa_provider(rsa_merchant: SandboxMerchant, live_server: LiveServer) -> EpayV2Provider:
    """The shop's own side of it."""
    return EpayV2Provider.from_settings(
        {
            "base_url": f"{live_server.url}/sandbox/epay-v2/",
            "pid": rsa_merchant.pid,
            "merchant_private_key": rsa_merchant.secrets["merchant_private"],
            "platform_public_key": rsa_merchant.secrets["platform_public"],
            "plain_http": True,
        }
    )


def joined(fields: dict[str, str]) -> str:
    """Return the text of V2 that is signed, as its document says."""
    return "&".join(f"{k}={v}" for k, v in sorted(fields.items()) if v and k not in {"sign", "sign_type"})


def test_v2_requests_and_notices_are_believed_by_nodes_rsa(
    node: OtherSide, rsa_provider: EpayV2Provider, rsa_merchant: SandboxMerchant, live_server: LiveServer
) -> None:
    from xinka.sandbox.models import SandboxTrade

    here, keys = live_server.url, rsa_merchant.secrets
    payment = PaymentRequest(NUMBER, 9310, "CNY", "云听 & x1", "alipay", f"{here}/n", f"{here}/r", "203.0.113.7", "pc")
    sent = dict(v2_wire.create_call(rsa_provider.config, payment, timezone.now().timestamp()).form)
    rsa_provider.prepare(payment)
    endings.bring_about(SandboxTrade.objects.get(), "pay", now=timezone.now())
    told = dict(parse_qsl(planned_notices()[0].query.decode()))
    for fields, public in ((sent, keys["merchant_public"]), (told, keys["platform_public"])):
        account = {"app_id": "1", "private": keys["merchant_private"], "public": public, "gateway": here}
        assert node.ask("believes", account=account, text=joined(fields), signature=fields["sign"])


def test_a_v2_notice_signed_by_node_is_believed_here(
    node: OtherSide, rsa_provider: EpayV2Provider, rsa_merchant: SandboxMerchant
) -> None:
    now = str(int(timezone.now().timestamp()))
    fields = notice({"pid": rsa_merchant.pid}, timestamp=now, sign_type="RSA", param="")
    signature = node.ask("sign", privateKey=rsa_merchant.secrets["platform_private"], text=joined(fields))
    assert rsa_provider.judge_notice(by_get(fields | {"sign": signature})).is_paid
    mine = node.ask("sign", privateKey=rsa_merchant.secrets["merchant_private"], text=joined(fields))
    with pytest.raises(BadSignature):
        rsa_provider.judge_notice(by_get(fields | {"sign": mine}))
