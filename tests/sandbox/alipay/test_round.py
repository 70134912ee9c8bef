"""The shop's own client and the sandbox's Alipay, over real HTTP, with keys and with certificates."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.notices import planned_notices
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.alipay import bills as our_bills
from xinka.payments.providers.alipay.provider import AlipayProvider
from xinka.payments.providers.alipay.wire import BEIJING
from xinka.payments.providers.errors import AlreadyPaid, BadSignature, BillNotReady, WrongMerchant
from xinka.payments.providers.protocol import (
    BillKind,
    PayBy,
    PaymentRequest,
    RawNotice,
    RefundRequest,
    RefundStatus,
    TradeStatus,
)
from xinka.sandbox import endings, rsa, trades
from xinka.sandbox.alipay import accounts, bills
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxTrade
from xinka.sandbox.protocols import protocol_named

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"


@pytest.fixture(params=["keys", "certificates"])
def merchant(request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's application at a gateway that runs, in both modes."""
    settings.SITE_URL = live_server.url
    return accounts.open_merchant("Ada", with_certificates=request.param == "certificates")


@pytest.fixture
def channel(merchant: SandboxMerchant, live_server: LiveServer) -> dict[str, object]:
    """The shop's settings of that application."""
    found = {
        "app_id": merchant.pid,
        "app_private_key": merchant.secrets["app_private"],
        "seller_id": merchant.secrets["seller_id"],
        "gateway_url": f"{live_server.url}/sandbox/alipay/gateway.do",
        "plain_http": True,
    }
    if "app_cert" not in merchant.secrets:
        return found | {"alipay_public_key": merchant.secrets["alipay_public"]}
    names = {"app_cert": "app_cert", "alipay_cert": "alipay_cert", "alipay_root_cert": "root_cert"}
    return found | {ours: merchant.secrets[theirs] for ours, theirs in names.items()}


@pytest.fixture
def provider(channel: dict[str, object]) -> AlipayProvider:
    """The shop's side."""
    return AlipayProvider.from_settings(channel)


@pytest.fixture
def payment(live_server: LiveServer) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    here = live_server.url
    return PaymentRequest(
        NUMBER,
        9310,
        "CNY",
        '云听 }{ 会员 & "x1" 𠮷',
        "alipay",
        f"{here}/pay/notify/a",
        f"{here}/r",
        "203.0.113.7",
        "pc",
    )


@pytest.fixture
def pay(payment: PaymentRequest, provider: AlipayProvider) -> Callable[[], SandboxTrade]:
    """Let Cy pay."""

    def act() -> SandboxTrade:
        provider.prepare(payment)
        trade = SandboxTrade.objects.get(out_trade_no=NUMBER)
        assert endings.bring_about(trade, "pay", now=timezone.now())
        return trade

    return act


def test_a_payment_goes_round(
    provider: AlipayProvider, payment: PaymentRequest, pay: Callable[[], SandboxTrade], merchant: SandboxMerchant
) -> None:
    assert provider.query(NUMBER).status is TradeStatus.NOT_FOUND
    how = provider.prepare(payment)
    assert (how.by, how.target.rpartition("/")[2]) == (PayBy.QR, SandboxTrade.objects.get().token)
    assert provider.query(NUMBER).status is TradeStatus.UNPAID
    trade = pay()
    said = provider.judge_notice(planned_notices()[0])
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.is_paid) == (NUMBER, trade.trade_no, 9310, True)
    found = provider.query(NUMBER, trade.trade_no)
    assert (found.paid, found.amount_minor) == (True, 9310)
    assert merchant.pid in provider.check()


def test_refunds_happen_once_for_each_number(provider: AlipayProvider, pay: Callable[[], SandboxTrade]) -> None:
    pay()
    first = RefundRequest(NUMBER, 3000, "CNY", refund_no="ref_1")
    assert provider.refund_query(first).status is RefundStatus.NOT_FOUND
    for _ in range(3):
        provider.refund(first)
    found = provider.refund_query(first)
    assert (found.status, found.amount_minor, found.gateway_refund_no) == (RefundStatus.DONE, 3000, "ref_1")
    with pytest.raises(ProviderError) as refused:
        provider.refund(replace(first, amount_minor=6311, refund_no="ref_2"))
    assert refused.value.permanent
    provider.refund(replace(first, amount_minor=6310, refund_no="ref_2"))
    assert list(SandboxEntry.objects.order_by("id").values_list("amount", flat=True)) == [9310, -3000, -6310]
    assert provider.query(NUMBER).status is TradeStatus.REFUNDED


def test_money_that_names_no_payment_of_ours_goes_back_by_alipays_number(
    provider: AlipayProvider, pay: Callable[[], SandboxTrade]
) -> None:
    stray = RefundRequest("", 9310, "CNY", pay().trade_no, "ref_1")
    assert provider.refund_query(stray).status is RefundStatus.NOT_FOUND
    for _ in range(2):
        provider.refund(stray)
    assert provider.refund_query(stray).status is RefundStatus.DONE
    assert list(SandboxEntry.objects.order_by("id").values_list("amount", flat=True)) == [9310, -9310]


def test_an_unpaid_payment_is_closed_and_a_paid_one_is_not(
    provider: AlipayProvider, payment: PaymentRequest, pay: Callable[[], SandboxTrade]
) -> None:
    provider.close("pay_unknown")
    other = replace(payment, out_trade_no="pay_2")
    provider.prepare(other)
    provider.close("pay_2")
    provider.close("pay_2")
    assert provider.query("pay_2").status is TradeStatus.CLOSED
    assert endings.possible(SandboxTrade.objects.get(), timezone.now()) == {}
    pay()
    with pytest.raises(AlreadyPaid):
        provider.close(NUMBER)


@pytest.mark.parametrize(("device", "method"), [("pc", "page.pay"), ("mobile", "wap.pay")])
def test_pages_of_alipay_open_the_trade_and_lead_back(
    channel: dict[str, object], payment: PaymentRequest, device: str, method: str
) -> None:
    provider = AlipayProvider.from_settings(channel | {"desktop": "page", "phone": "wap"})
    how = provider.prepare(replace(payment, device=device))
    assert how.by is PayBy.REDIRECT
    page = httpx.get(how.target, follow_redirects=True)
    assert (page.status_code, "93.10" in page.text) == (200, True)
    trade = SandboxTrade.objects.get()
    assert trade.type == method
    assert httpx.get(how.target.replace("93.10", "0.01")).status_code == 400
    endings.bring_about(trade, "pay", now=timezone.now())
    assert protocol_named("alipay").way_back(trade, paid=True).startswith(payment.return_url + "?")


def test_a_notice_with_empty_values_is_genuine_and_a_forged_one_is_not(
    provider: AlipayProvider, payment: PaymentRequest, pay: Callable[[], SandboxTrade]
) -> None:
    provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    endings.bring_about(trade, "forge", now=timezone.now())
    with pytest.raises(BadSignature):
        provider.judge_notice(planned_notices()[0])
    pay()
    genuine = planned_notices()[1]
    assert b"passback_params=&" in genuine.body
    assert provider.judge_notice(genuine).is_paid
    dropped = genuine._replace(body=genuine.body.replace(b"passback_params=&", b""))
    with pytest.raises(BadSignature):
        provider.judge_notice(dropped)


def test_a_retry_says_when_it_is_made(provider: AlipayProvider, pay: Callable[[], SandboxTrade]) -> None:
    trade = pay()
    request = protocol_named("alipay").again(trade, trade.attempts.get().request)
    raw = RawNotice("POST", b"", request.body.encode(), request.headers["Content-Type"])
    assert provider.judge_notice(raw).is_paid


def test_money_paid_to_another_seller_is_not_ours(channel: dict[str, object], pay: Callable[[], SandboxTrade]) -> None:
    pay()
    other = AlipayProvider.from_settings(channel | {"seller_id": "2088111122223333"})
    with pytest.raises(WrongMerchant):
        other.judge_notice(planned_notices()[0])


def test_eve_is_not_heard_without_the_applications_key(
    channel: dict[str, object], payment: PaymentRequest, merchant: SandboxMerchant
) -> None:
    if "app_cert" in merchant.secrets:
        channel |= {"app_cert": accounts.open_merchant("Eve", with_certificates=True).secrets["app_cert"]}
        with pytest.raises(Exception, match="does not belong"):
            AlipayProvider.from_settings(channel)
        return
    eve = AlipayProvider.from_settings(channel | {"app_private_key": rsa.new_pair()[0]})
    for act in (lambda: eve.prepare(payment), eve.check, lambda: eve.refund(RefundRequest(NUMBER, 1, "CNY"))):
        with pytest.raises(ProviderError):
            act()
    assert SandboxTrade.objects.count() == 0


def test_an_answer_with_another_key_or_certificate_is_not_believed(
    channel: dict[str, object], payment: PaymentRequest, merchant: SandboxMerchant
) -> None:
    if "app_cert" in merchant.secrets:
        change = {"alipay_cert": accounts.open_merchant("Eve", with_certificates=True).secrets["alipay_cert"]}
    else:
        change = {"alipay_public_key": rsa.new_pair()[1]}
    fooled = AlipayProvider.from_settings(channel | change)
    with pytest.raises(ProviderError, match=r"another certificate|signature"):
        fooled.prepare(payment)


def test_the_bill_of_yesterday_lists_what_was_paid_and_given_back(
    provider: AlipayProvider, pay: Callable[[], SandboxTrade], payment: PaymentRequest
) -> None:
    trade = pay()
    provider.refund(RefundRequest(NUMBER, 3000, "CNY", refund_no="ref_1"))
    yesterday = timezone.now() - timedelta(days=1)
    SandboxEntry.objects.update(at=yesterday)
    day = yesterday.astimezone(BEIJING).date()
    payment_row, refund_row = provider.bill(day)
    assert payment_row == (BillKind.PAYMENT, trade.trade_no, NUMBER, "", 9310, 56, "CNY", payment_row.at)
    assert refund_row == (BillKind.REFUND, trade.trade_no, NUMBER, "ref_1", 3000, 0, "CNY", refund_row.at)
    assert payment_row.at == yesterday.replace(microsecond=0)


def test_a_bill_that_is_not_made_yet_is_asked_for_later(
    provider: AlipayProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).astimezone(BEIJING).date()
    with pytest.raises(BillNotReady):
        provider.bill(today)
    assert list(provider.bill(today - timedelta(days=9))) == [], "a day without trades never gets one"


def test_an_address_of_a_bill_cannot_be_made_up(provider: AlipayProvider, live_server: LiveServer) -> None:
    place = f"{live_server.url}/sandbox/alipay/downloadBillFile.resource"
    assert httpx.get(place).status_code == httpx.get(f"{place}?fileId=x:y:z").status_code == 404


def test_a_large_bill_is_read_line_by_line(merchant: SandboxMerchant, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = trades.Wanted("many", "云听 & 会员", 100)
    trade = trades.open_trade(merchant, wanted)
    now = timezone.now()
    entries = [SandboxEntry(trade=trade, kind="payment", amount=100 + n, at=now) for n in range(5000)]
    monkeypatch.setattr(bills, "_entries", lambda *_: entries)
    rows = our_bills.read_archive(io.BytesIO(bills.archive(merchant, now.date())))
    assert next(rows).amount_minor == 100
    assert sum(row.amount_minor for row in rows) == sum(101 + n for n in range(4999))


def test_a_changed_request_is_refused(channel: dict[str, object], payment: PaymentRequest) -> None:
    provider = AlipayProvider.from_settings(channel | {"desktop": "page"})
    address, _, query = provider.prepare(payment).target.partition("?")
    fields = dict(parse_qsl(query, keep_blank_values=True))
    for change in ({"notify_url": "https://evil.example/"}, {"sign": ""}, {"sign_type": "RSA"}, {"app_id": "1"}):
        assert httpx.get(f"{address}?{urlencode(fields | change)}").status_code == 400
    assert SandboxTrade.objects.count() == 0
