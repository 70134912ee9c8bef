"""Stripe's own SDK as the other side: its client against our gateway, its verifier and its signer against our webhooks.

The gateway runs on a real socket; the shop's side is the same SDK as in production, behind our provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stripe
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from stripe import Webhook, WebhookSignature

from tests.payments.providers.stripe.conftest import event as stripes_event
from tests.payments.providers.stripe.conftest import notice as raw
from tests.payments.providers.stripe.conftest import session as stripes_session
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import AlreadyPaid, BadSignature, BillNotReady, MalformedNotice
from xinka.payments.providers.protocol import (
    BillKind,
    PaymentRequest,
    RawNotice,
    RefundRequest,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.stripe import client as room
from xinka.payments.providers.stripe.provider import StripeProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant, SandboxTrade

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Send no notice by itself, and leave no connection open."""
    from xinka.sandbox import notifier

    monkeypatch.setattr(notifier._thread, "wake", lambda: None)
    yield
    for made in (room._client,):
        made.cache_clear()


@pytest.fixture
def merchant(live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's account at the gateway."""
    from xinka.sandbox.stripe.accounts import open_merchant

    settings.SITE_URL = live_server.url
    return open_merchant("Ada", f"{live_server.url}/pay/notify/stripe")


@pytest.fixture
def provider(merchant: SandboxMerchant, live_server: LiveServer) -> StripeProvider:
    """The shop's side of it."""
    keys = {"secret_key": merchant.secrets["secret_key"], "webhook_secret": merchant.secrets["webhook_secret"]}
    there = {"api_url": f"{live_server.url}/sandbox/stripe", "plain_http": True, "currency": "USD"}
    return StripeProvider.from_settings(keys | there)


@pytest.fixture
def payment(live_server: LiveServer) -> PaymentRequest:
    """What Cy is to pay, asked for just now."""
    number = ids.show("pay", ids.new_uuid())
    back = f"{live_server.url}/pay/return/stripe"
    return PaymentRequest(number, 1990, "USD", "云听会员 & Co <1>", "card", f"{live_server.url}/n", back)


def trade_of(payment: PaymentRequest) -> SandboxTrade:
    """Return the gateway's record."""
    from xinka.sandbox.models import SandboxTrade

    return SandboxTrade.objects.select_related("merchant").get(out_trade_no=payment.out_trade_no)


def pay(payment: PaymentRequest, ending: str = "pay") -> SandboxTrade:
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


def test_a_payment_is_made_asked_about_paid_and_given_back(provider: StripeProvider, payment: PaymentRequest) -> None:
    way = provider.prepare(payment)
    number = payment.out_trade_no
    assert provider.prepare(payment) == way, "asked twice, it is the same session"
    assert provider.query(number, way.handle).status is TradeStatus.UNPAID
    assert provider.query(number).status is TradeStatus.NOT_FOUND
    pay(payment)
    paid = provider.query(number, way.handle)
    assert (paid.status, paid.amount_minor, paid.currency) == (TradeStatus.PAID, 1990, "USD")
    assert provider.query(number, paid.trade_no) == paid
    with pytest.raises(AlreadyPaid):
        provider.close(number, way.handle)
    part = RefundRequest(number, 500, "USD", paid.trade_no, "ref_1", 1990)
    assert provider.refund_query(part).status is RefundStatus.NOT_FOUND
    provider.refund(part)
    provider.refund(part)
    assert provider.refund_query(part).status is RefundStatus.DONE
    assert trade_of(payment).refunded_money == 500, "the same number gives back only once"
    rest = RefundRequest(number, 1490, "USD", paid.trade_no, "ref_2", 1990)
    provider.refund(rest)
    assert provider.query(number, paid.trade_no).status is TradeStatus.REFUNDED
    with pytest.raises(ProviderError) as refused:
        provider.refund(RefundRequest(number, 1, "USD", paid.trade_no, "ref_3", 1990))
    assert refused.value.permanent


def test_a_session_is_closed_once_and_then_cannot_be_paid(provider: StripeProvider, payment: PaymentRequest) -> None:
    from xinka.sandbox import endings

    way = provider.prepare(payment)
    provider.close(payment.out_trade_no, way.handle)
    provider.close(payment.out_trade_no, way.handle)
    provider.close(payment.out_trade_no)
    assert provider.query(payment.out_trade_no, way.handle).status is TradeStatus.CLOSED
    assert not endings.bring_about(trade_of(payment), "pay", now=timezone.now())


def test_the_bill_lists_payments_and_refunds_page_by_page(
    provider: StripeProvider, payment: PaymentRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinka.sandbox.models import SandboxEntry

    monkeypatch.setattr(room, "_PER_PAGE", 1)
    way = provider.prepare(payment)
    pay(payment)
    trade_no = provider.query(payment.out_trade_no, way.handle).trade_no
    provider.refund(RefundRequest(payment.out_trade_no, 500, "USD", trade_no, "ref_1", 1990))
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    assert list(provider.bill(day)) == []
    SandboxEntry.objects.update(at=datetime.now(UTC) - timedelta(days=1))
    rows = sorted(provider.bill(day), key=lambda row: row.kind)
    assert [(row.kind, row.trade_no, row.out_trade_no, row.amount_minor) for row in rows] == [
        (BillKind.PAYMENT, trade_no, payment.out_trade_no, 1990),
        (BillKind.REFUND, trade_no, payment.out_trade_no, 500),
    ]
    assert (rows[0].fee_minor, rows[1].refund_no) == (87, "ref_1")
    with pytest.raises(BillNotReady):
        next(provider.bill(datetime.now(UTC).date()))


def test_the_settings_are_tried_and_a_wrong_key_is_named_without_being_shown(
    provider: StripeProvider, merchant: SandboxMerchant, payment: PaymentRequest
) -> None:
    assert provider.check() == f"{merchant.pid} (test)"
    wrong = StripeProvider.from_settings(
        {
            "secret_key": "sk_test_" + "0" * 48,
            "webhook_secret": merchant.secrets["webhook_secret"],
            "api_url": provider.config.api_url,
            "plain_http": True,
            "currency": "USD",
        }
    )
    for ask in (wrong.check, lambda: wrong.prepare(payment), lambda: wrong.query("pay_x", "cs_test_1")):
        with pytest.raises(ProviderError) as refused:
            ask()
        assert "sk_test_" not in str(refused.value)
        assert refused.value.permanent


def test_eve_with_an_account_of_her_own_sees_nothing_of_adas(
    provider: StripeProvider, payment: PaymentRequest, live_server: LiveServer
) -> None:
    from xinka.sandbox.stripe.accounts import open_merchant

    way = provider.prepare(payment)
    trade = pay(payment)
    eve = stripe.StripeClient(
        open_merchant("Eve", f"{live_server.url}/n").secrets["secret_key"],
        base_addresses={"api": f"{live_server.url}/sandbox/stripe"},
    )
    for ask in (
        lambda: eve.v1.checkout.sessions.retrieve(way.handle),
        lambda: eve.v1.payment_intents.retrieve(f"pi_{trade.trade_no}"),
        lambda: eve.v1.refunds.create({"payment_intent": f"pi_{trade.trade_no}"}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            ask()
    assert eve.v1.balance_transactions.list().data == []
    assert trade_of(payment).refunded_money == 0


def test_our_webhook_satisfies_stripes_verifier_and_ours(
    provider: StripeProvider, merchant: SandboxMerchant, payment: PaymentRequest
) -> None:
    provider.prepare(payment)
    pay(payment)
    heard = sent(payment)
    found: Any = Webhook.construct_event(
        heard.body, heard.headers["stripe-signature"], merchant.secrets["webhook_secret"]
    )
    assert (found.type, found.data.object.client_reference_id) == ("checkout.session.completed", payment.out_trade_no)
    said = provider.judge_notice(heard)
    assert (said.out_trade_no, said.amount_minor, said.is_paid) == (payment.out_trade_no, 1990, True)


@pytest.mark.parametrize("ending", ["dispute", "dispute-won", "dispute-lost", "refund-there"])
def test_what_happens_after_the_payment_is_told_too(
    provider: StripeProvider, payment: PaymentRequest, ending: str
) -> None:
    way = provider.prepare(payment)
    pay(payment)
    trade_no = provider.query(payment.out_trade_no, way.handle).trade_no
    pay(payment, ending)
    said = provider.judge_notice(sent(payment))
    assert (said.is_paid, said.trade_no, said.about.value) == (
        False,
        trade_no,
        "dispute" if ending.startswith("dispute") else "refund",
    )
    assert (said.due_at is not None) is ending.startswith("dispute")
    if ending.startswith("dispute-"):
        assert said.status == ending.removeprefix("dispute-")


def test_the_cashiers_forgery_is_refused_by_both(
    provider: StripeProvider, merchant: SandboxMerchant, payment: PaymentRequest
) -> None:
    provider.prepare(payment)
    pay(payment, "forge")
    heard = sent(payment)
    with pytest.raises(BadSignature):
        provider.judge_notice(heard)
    with pytest.raises(stripe.SignatureVerificationError):
        Webhook.construct_event(heard.body, heard.headers["stripe-signature"], merchant.secrets["webhook_secret"])


def test_a_header_that_stripes_own_helper_makes_is_accepted_and_its_future_is_not(provider: StripeProvider) -> None:
    body = stripes_event(stripes_session())
    (secret,) = provider.config.webhook_secrets
    made = WebhookSignature.generate_signature_header(body.decode(), secret)
    assert provider.judge_notice(raw(body, made)).is_paid
    ahead = int(datetime.now(UTC).timestamp()) + 86_400
    made = WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=ahead)
    assert Webhook.construct_event(body, made, secret), "the SDK accepts a signature from tomorrow"
    with pytest.raises(MalformedNotice):
        provider.judge_notice(raw(body, made))
