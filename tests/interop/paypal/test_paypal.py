"""Our PayPal room against the pretend PayPal on a real socket: two hands that share no code."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BadSignature, BillNotReady, KeyMissing, MalformedNotice, NoticeRefused
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.paypal.provider import PayPalProvider
from xinka.payments.providers.protocol import (
    BillKind,
    NoticeAbout,
    PaymentRequest,
    RawNotice,
    RefundRequest,
    RefundStatus,
    TradeStatus,
    VerifiedNotice,
)

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant, SandboxTrade

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Send no notice by itself."""
    from xinka.sandbox import notifier

    monkeypatch.setattr(notifier._thread, "wake", lambda: None)
    return


@pytest.fixture
def merchant(live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's account at the gateway."""
    from xinka.sandbox.paypal.accounts import open_merchant

    settings.SITE_URL = live_server.url
    return open_merchant("Ada", f"{live_server.url}/pay/notify/paypal")


def channel_of(merchant: SandboxMerchant, url: str, **changed: object) -> PayPalProvider:
    """Return the shop's side of an account."""
    names = ("client_id", "client_secret", "webhook_id", "root")
    keys = {name: merchant.secrets[name] for name in names}
    there = {"mode": "sandbox", "api_url": f"{url}/sandbox/paypal", "plain_http": True, "currency": "USD"}
    return PayPalProvider.from_settings({**keys, **there, **changed})


@pytest.fixture
def provider(merchant: SandboxMerchant, live_server: LiveServer) -> PayPalProvider:
    """The shop's side of Ada's account."""
    return channel_of(merchant, live_server.url)


@pytest.fixture
def payment(live_server: LiveServer) -> PaymentRequest:
    """What Cy is to pay, asked for just now."""
    number = ids.show("pay", ids.new_uuid())
    back = f"{live_server.url}/pay/return/paypal"
    return PaymentRequest(number, 1990, "USD", "云听会员 & Co <1>", "", f"{live_server.url}/n", back)


def trade_of(payment: PaymentRequest) -> SandboxTrade:
    """Return the gateway's record."""
    from xinka.sandbox.models import SandboxTrade

    return SandboxTrade.objects.select_related("merchant").get(out_trade_no=payment.out_trade_no)


def press(payment: PaymentRequest, ending: str = "pay") -> SandboxTrade:
    """Press a button of the cashier's."""
    from xinka.sandbox import endings

    trade = trade_of(payment)
    assert endings.bring_about(trade, ending, now=timezone.now())
    return trade


def sent(payment: PaymentRequest) -> RawNotice:
    """Return the last notice about a payment as the shop would hear it."""
    attempt = trade_of(payment).attempts.latest("id")
    headers = {name.lower(): value for name, value in attempt.headers.items()}
    return RawNotice(attempt.method, b"", attempt.body.encode(), headers["content-type"], headers)


def heard(provider: PayPalProvider, notice: RawNotice) -> VerifiedNotice:
    """Judge a notice as the till does: fetch its key first where it is not known."""

    async def learn() -> None:
        async with provider.session() as session:
            await session.learn_key(notice)

    try:
        return provider.judge_notice(notice)
    except KeyMissing:
        asyncio.run(learn())
        return provider.judge_notice(notice)


def test_a_payment_is_made_agreed_to_captured_once_and_given_back(
    provider: PayPalProvider, payment: PaymentRequest
) -> None:
    way, number = provider.prepare(payment), payment.out_trade_no
    assert provider.prepare(payment) == way, "asked twice, it is the same order"
    assert provider.query(number, way.handle).status is TradeStatus.UNPAID
    assert provider.query(number).status is TradeStatus.NOT_FOUND
    press(payment)
    hint = heard(provider, sent(payment))
    assert (hint.is_hint, hint.is_paid, hint.out_trade_no, hint.trade_no) == (True, False, number, way.handle)
    paid = provider.query(number, way.handle)
    assert (paid.status, paid.amount_minor, paid.currency) == (TradeStatus.PAID, 1990, "USD")
    assert provider.query(number, way.handle) == paid == provider.query(number, paid.trade_no)
    said = heard(provider, sent(payment))
    assert (said.is_paid, said.trade_no, said.amount_minor) == (True, paid.trade_no, 1990)
    part = RefundRequest(number, 500, "USD", paid.trade_no, "ref_1", 1990)
    assert provider.refund_query(part).status is RefundStatus.NOT_FOUND
    provider.refund(part)
    provider.refund(part)
    assert provider.refund_query(part).status is RefundStatus.DONE
    assert trade_of(payment).refunded_money == 500, "the same number gives back only once"
    assert provider.query(number, paid.trade_no).status is TradeStatus.PAID
    provider.refund(RefundRequest(number, 1490, "USD", paid.trade_no, "ref_2", 1990))
    assert provider.query(number, paid.trade_no).status is TradeStatus.REFUNDED
    with pytest.raises(ProviderError) as refused:
        provider.refund(RefundRequest(number, 1, "USD", paid.trade_no, "ref_3", 1990))
    assert refused.value.permanent


def test_money_that_was_captured_without_a_word_is_found_by_asking(
    provider: PayPalProvider, payment: PaymentRequest
) -> None:
    way = provider.prepare(payment)
    press(payment, "silent")
    assert provider.query(payment.out_trade_no, way.handle).paid


def test_an_order_of_another_payment_is_never_captured(provider: PayPalProvider, payment: PaymentRequest) -> None:
    way = provider.prepare(payment)
    press(payment)
    with pytest.raises(ProviderError):
        provider.query("pay_other", way.handle)
    assert not trade_of(payment).is_paid(timezone.now())


def test_the_bill_lists_payments_and_refunds_page_by_page(
    provider: PayPalProvider, payment: PaymentRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinka.payments.providers.paypal import wire
    from xinka.sandbox.models import SandboxEntry

    monkeypatch.setattr(wire, "PAGE_SIZE", 1)
    way = provider.prepare(payment)
    press(payment)
    trade_no = provider.query(payment.out_trade_no, way.handle).trade_no
    provider.refund(RefundRequest(payment.out_trade_no, 500, "USD", trade_no, "ref_1", 1990))
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    assert list(provider.bill(day)) == []
    SandboxEntry.objects.update(at=datetime.now(UTC) - timedelta(days=2))
    rows = list(provider.bill(day))
    assert [(row.kind, row.trade_no, row.amount_minor, row.refund_no) for row in rows] == [
        (BillKind.PAYMENT, trade_no, 1990, ""),
        (BillKind.REFUND, trade_no, 500, "ref_1"),
    ]
    assert (rows[0].fee_minor, rows[0].out_trade_no) == (97, payment.out_trade_no)
    with pytest.raises(BillNotReady):
        next(provider.bill(datetime.now(UTC).date()))


def test_the_settings_are_tried_and_what_is_wrong_is_named_without_the_secret(
    provider: PayPalProvider, merchant: SandboxMerchant, live_server: LiveServer
) -> None:
    assert provider.check() == f"webhook → {merchant.secrets['webhook_url']} (sandbox)"
    for changed in ({"client_secret": "E" + "0" * 40}, {"webhook_id": "0" * 16}):
        with pytest.raises(ProviderError) as refused:
            channel_of(merchant, live_server.url, **changed).check()
        assert refused.value.permanent
        assert "0" * 16 not in str(refused.value)


def test_a_token_that_paypal_dropped_is_asked_for_anew(provider: PayPalProvider, merchant: SandboxMerchant) -> None:
    provider.check()
    merchant.secrets["token"] = "A21AAanother"
    merchant.save()
    assert provider.check()


@pytest.mark.parametrize("asks", [False, True])
def test_the_cashiers_forgery_is_refused_however_we_judge(
    merchant: SandboxMerchant, live_server: LiveServer, payment: PaymentRequest, asks: bool
) -> None:
    provider = channel_of(merchant, live_server.url, asks_paypal=asks)
    provider.prepare(payment)
    press(payment, "forge")
    with pytest.raises(BadSignature):
        heard(provider, sent(payment))


def test_paypal_itself_can_be_asked_about_a_webhook(
    merchant: SandboxMerchant, live_server: LiveServer, payment: PaymentRequest
) -> None:
    provider = channel_of(merchant, live_server.url, asks_paypal=True)
    provider.prepare(payment)
    press(payment)
    good = sent(payment)
    assert heard(provider, good).is_hint
    changed = good._replace(body=good.body.replace(b"19.90", b"99.90"))
    with pytest.raises(BadSignature):
        heard(provider, changed)
    smuggled = good._replace(body=good.body + b', "transmission_sig": "x"')
    with pytest.raises(MalformedNotice):
        heard(provider, smuggled)


def test_eves_certificate_on_the_same_gateway_does_not_sign_adas_webhooks(
    provider: PayPalProvider, payment: PaymentRequest, live_server: LiveServer
) -> None:
    from xinka.sandbox.paypal.accounts import open_merchant
    from xinka.sandbox.paypal.protocol import signature

    provider.prepare(payment)
    press(payment)
    eve, good = open_merchant("Eve", f"{live_server.url}/n"), sent(payment)
    number, at = good.headers["paypal-transmission-id"], good.headers["paypal-transmission-time"]
    headers = dict(good.headers) | {
        "paypal-cert-url": f"{live_server.url}/sandbox/paypal/v1/notifications/certs/CERT-{eve.pid}",
        "paypal-transmission-sig": signature(eve.secrets["key"], number, at, provider.config.webhook_id, good.body),
    }
    with pytest.raises(NoticeRefused):
        heard(provider, good._replace(headers=headers))
    missing = headers | {"paypal-cert-url": f"{live_server.url}/sandbox/paypal/v1/notifications/certs/CERT-none"}
    for _ in range(2):
        with pytest.raises(NoticeRefused):
            heard(provider, good._replace(headers=missing))


@pytest.mark.parametrize(
    ("ending", "about"),
    [
        ("dispute", NoticeAbout.DISPUTE),
        ("dispute-won", NoticeAbout.DISPUTE),
        ("dispute-lost", NoticeAbout.DISPUTE),
        ("refund-there", NoticeAbout.REFUND),
    ],
)
def test_what_happens_after_the_payment_is_told_too(
    provider: PayPalProvider, payment: PaymentRequest, ending: str, about: NoticeAbout
) -> None:
    way = provider.prepare(payment)
    press(payment)
    trade_no = provider.query(payment.out_trade_no, way.handle).trade_no
    press(payment, ending)
    said = heard(provider, sent(payment))
    assert (said.about, said.trade_no, said.is_paid) == (about, trade_no, False)
    assert (said.due_at is not None) is (about is NoticeAbout.DISPUTE)
    if ending.startswith("dispute-"):
        assert said.status.lower() == f"resolved_{'seller' if ending == 'dispute-won' else 'buyer'}_favour"


def test_eve_with_an_account_of_her_own_sees_nothing_of_adas(
    provider: PayPalProvider, payment: PaymentRequest, live_server: LiveServer
) -> None:
    from xinka.sandbox.paypal.accounts import open_merchant

    way, number = provider.prepare(payment), payment.out_trade_no
    press(payment)
    trade_no = provider.query(number, way.handle).trade_no
    eve = channel_of(open_merchant("Eve", f"{live_server.url}/n"), live_server.url)
    assert eve.query(number, way.handle).status is TradeStatus.NOT_FOUND
    assert eve.query(number, trade_no).status is TradeStatus.NOT_FOUND
    with pytest.raises(ProviderError):
        eve.refund(RefundRequest(number, 500, "USD", trade_no, "ref_1", 1990))
    assert trade_of(payment).refunded_money == 0


def test_a_gateway_that_does_not_answer_is_an_error_and_never_a_no(
    provider: PayPalProvider, payment: PaymentRequest
) -> None:
    away: PayPalConfig = dataclasses.replace(provider.config, api_url="http://127.0.0.1:9/sandbox/paypal")
    with pytest.raises(ProviderError) as error:
        PayPalProvider(away).query(payment.out_trade_no, "order/5O1")
    assert not error.value.permanent
