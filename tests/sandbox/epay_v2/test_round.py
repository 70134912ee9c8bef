"""The shop's own client and the sandbox gateway, which share no code, over real HTTP: every call of epay V2."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.notices import planned_notices
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay_v2.provider import EpayV2Provider
from xinka.payments.providers.errors import AlreadyPaid, BadSignature
from xinka.payments.providers.protocol import PayBy, PaymentRequest, RawNotice, RefundRequest, RefundStatus, TradeStatus
from xinka.sandbox import endings, rsa
from xinka.sandbox.epay_v2 import accounts
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxTrade
from xinka.sandbox.protocols import protocol_named

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"


@pytest.fixture
def merchant(live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's account at a gateway that runs."""
    settings.SITE_URL = live_server.url
    return accounts.open_merchant("Ada")


@pytest.fixture
def channel(merchant: SandboxMerchant, live_server: LiveServer) -> dict[str, object]:
    """The shop's settings of that account."""
    return {
        "base_url": f"{live_server.url}/sandbox/epay-v2/",
        "pid": merchant.pid,
        "merchant_private_key": merchant.secrets["merchant_private"],
        "platform_public_key": merchant.secrets["platform_public"],
        "plain_http": True,
    }


@pytest.fixture
def provider(channel: dict[str, object]) -> EpayV2Provider:
    """The shop's side."""
    return EpayV2Provider.from_settings(channel)


@pytest.fixture
def payment(live_server: LiveServer) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    here = live_server.url
    return PaymentRequest(
        NUMBER,
        9310,
        "CNY",
        "云听音乐 & 年度会员=x1",
        "alipay",
        f"{here}/pay/notify/v2",
        f"{here}/r",
        "203.0.113.7",
        "pc",
    )


def test_a_payment_goes_round(provider: EpayV2Provider, payment: PaymentRequest, merchant: SandboxMerchant) -> None:
    assert provider.query(NUMBER).status is TradeStatus.NOT_FOUND
    how = provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    assert (how.by, how.target.rpartition("/")[2], how.trade_no) == (PayBy.QR, trade.token, trade.trade_no)
    assert provider.query(NUMBER).status is TradeStatus.UNPAID
    assert endings.bring_about(trade, "pay", now=timezone.now())
    said = provider.judge_notice(planned_notices()[0])
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.is_paid) == (NUMBER, trade.trade_no, 9310, True)
    found = provider.query(NUMBER, trade.trade_no)
    assert (found.paid, found.amount_minor) == (True, 9310)
    assert provider.check() == f"pid {merchant.pid}"


def test_refunds_happen_once_for_each_number(provider: EpayV2Provider, payment: PaymentRequest) -> None:
    provider.prepare(payment)
    endings.bring_about(SandboxTrade.objects.get(), "pay", now=timezone.now())
    first = RefundRequest(NUMBER, 3000, "CNY", refund_no="ref_1")
    assert provider.refund_query(first).status is RefundStatus.NOT_FOUND
    for _ in range(3):
        provider.refund(first)
    found = provider.refund_query(first)
    assert (found.status, found.amount_minor) == (RefundStatus.DONE, 3000)
    with pytest.raises(ProviderError):
        provider.refund(replace(first, amount_minor=6311, refund_no="ref_2"))
    provider.refund(replace(first, amount_minor=6310, refund_no="ref_2"))
    assert list(SandboxEntry.objects.order_by("id").values_list("amount", flat=True)) == [9310, -3000, -6310]
    assert provider.query(NUMBER).status is TradeStatus.REFUNDED


def test_money_that_names_no_payment_of_ours_goes_back_by_the_gateways_number(
    provider: EpayV2Provider, payment: PaymentRequest
) -> None:
    provider.prepare(payment)
    endings.bring_about(SandboxTrade.objects.get(), "pay", now=timezone.now())
    stray = RefundRequest("", 9310, "CNY", SandboxTrade.objects.get().trade_no, "ref_1")
    assert provider.refund_query(stray).status is RefundStatus.NOT_FOUND
    for _ in range(2):
        provider.refund(stray)
    assert provider.refund_query(stray).status is RefundStatus.DONE
    assert list(SandboxEntry.objects.order_by("id").values_list("amount", flat=True)) == [9310, -9310]


def test_an_unpaid_payment_is_closed_and_a_paid_one_is_not(provider: EpayV2Provider, payment: PaymentRequest) -> None:
    provider.close(NUMBER)
    provider.prepare(payment)
    provider.close(NUMBER)
    trade = SandboxTrade.objects.get()
    assert endings.possible(trade, timezone.now()) == {}
    other = replace(payment, out_trade_no="pay_2")
    provider.prepare(other)
    endings.bring_about(SandboxTrade.objects.get(out_trade_no="pay_2"), "pay", now=timezone.now())
    with pytest.raises(AlreadyPaid):
        provider.close("pay_2")


def test_the_page_of_the_gateway_opens_the_same_trade(channel: dict[str, object], payment: PaymentRequest) -> None:
    target = EpayV2Provider.from_settings(channel | {"way": "page"}).prepare(payment).target
    page = httpx.get(target, follow_redirects=True)
    assert (page.status_code, "93.10" in page.text) == (200, True)
    assert SandboxTrade.objects.count() == 1
    assert httpx.get(target.replace("93.10", "0.01")).status_code == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_notice_is_refused_and_a_retry_is_signed_anew(
    provider: EpayV2Provider, payment: PaymentRequest, method: str
) -> None:
    provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    assert endings.bring_about(trade, "forge", now=timezone.now(), method=method)
    with pytest.raises(BadSignature):
        provider.judge_notice(planned_notices()[0])
    endings.bring_about(trade, "pay", now=timezone.now(), method=method)
    protocol = protocol_named("epay_v2")
    request = protocol.again(trade, trade.attempts.order_by("id")[1].request)
    kind = request.headers.get("Content-Type", "")
    raw = RawNotice(request.method, urlsplit(request.url).query.encode(), request.body.encode(), kind)
    assert provider.judge_notice(raw).is_paid


def test_eve_is_not_heard_without_the_merchants_key(
    channel: dict[str, object], payment: PaymentRequest, merchant: SandboxMerchant
) -> None:
    eve = EpayV2Provider.from_settings(channel | {"merchant_private_key": rsa.new_pair()[0]})
    for act in (lambda: eve.prepare(payment), eve.check, lambda: eve.query(NUMBER)):
        with pytest.raises(ProviderError, match="bad signature"):
            act()
    assert SandboxTrade.objects.count() == 0


def test_an_answer_of_another_platform_is_not_believed(channel: dict[str, object], payment: PaymentRequest) -> None:
    fooled = EpayV2Provider.from_settings(channel | {"platform_public_key": rsa.new_pair()[1]})
    with pytest.raises(ProviderError, match="platform"):
        fooled.prepare(payment)


def test_the_way_back_carries_signed_fields(provider: EpayV2Provider, payment: PaymentRequest) -> None:
    provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    endings.bring_about(trade, "pay", now=timezone.now())
    back = protocol_named("epay_v2").way_back(trade, paid=True)
    assert dict(parse_qsl(urlsplit(back).query))["trade_status"] == "TRADE_SUCCESS"
