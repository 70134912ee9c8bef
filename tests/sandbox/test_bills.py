"""A day at each gateway that hands out bills: fetched over HTTP, it agrees with the books, and then it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.kernel import ids
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest

if TYPE_CHECKING:
    from xinka.payments.models import Channel

pytestmark = pytest.mark.django_db(transaction=True)

#: The currency, and the share and fixed part that each pretend gateway takes.
GATEWAYS = {"alipay": ("CNY", 60, 0), "paypal": ("USD", 340, 30), "stripe": ("USD", 290, 30)}


def settings_at(kind: str, url: str) -> Mapping[str, object]:
    """Open Ada's account at a gateway and return what she enters in the office."""
    from xinka.sandbox.alipay import accounts as alipay
    from xinka.sandbox.paypal import accounts as paypal
    from xinka.sandbox.stripe import accounts as stripe

    there = {"api_url": f"{url}/sandbox/{kind}", "plain_http": True, "currency": "USD"}
    if kind == "alipay":
        return alipay.shop_settings(alipay.open_merchant("Ada"), f"{url}/sandbox/alipay", f"{url}/sandbox/alipay")
    if kind == "stripe":
        known = stripe.open_merchant("Ada", f"{url}/pay/notify/stripe").secrets
        return there | {name: known[name] for name in ("secret_key", "webhook_secret")}
    known = paypal.open_merchant("Ada", f"{url}/pay/notify/paypal").secrets
    return (
        there
        | {name: known[name] for name in ("client_id", "client_secret", "webhook_id", "root")}
        | {"mode": "sandbox"}
    )


@pytest.fixture(params=sorted(GATEWAYS))
def channel(
    request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Channel]:
    """Ada's channel at one gateway, set up as the office does, with the fees that gateway takes."""
    from xinka.payments.actions import save_channel
    from xinka.payments.models import Channel
    from xinka.payments.providers.stripe import client as stripe_client
    from xinka.platform.vault import keys
    from xinka.sandbox import notifier

    keys.forget()
    monkeypatch.setattr(notifier._thread, "wake", lambda: None)
    settings.SITE_URL = live_server.url
    currency, bps, fixed = GATEWAYS[request.param]
    made = Channel(
        slug=request.param, name=request.param, name_en=request.param, provider=request.param, config=b"",
        currency=currency, fee_bps=bps, fee_fixed=fixed,
    )  # fmt: skip
    yield save_channel(made, settings_at(request.param, live_server.url))
    stripe_client._client.cache_clear()


def a_day_of_trade(channel: Channel, url: str, at: datetime) -> str:
    """Cy pays 19.90 and gets 5.00 back, both by the gateway and by our books; return the gateway's number."""
    from xinka.payments.channels import provider_of
    from xinka.payments.models import Receipt, Refund
    from xinka.sandbox import endings
    from xinka.sandbox.models import SandboxEntry, SandboxTrade

    provider, number, refund_id = provider_of(channel), ids.show("pay", ids.new_uuid()), ids.new_uuid()
    back = f"{url}/pay/return/{channel.slug}"
    request = PaymentRequest(number, 1990, channel.currency, "Tea", channel.method, f"{url}/n", back, device="pc")
    how = provider.prepare(request)
    assert endings.bring_about(SandboxTrade.objects.get(out_trade_no=number), "pay", now=timezone.now())
    trade_no = provider.query(number, how.handle).trade_no
    provider.refund(RefundRequest(number, 500, channel.currency, trade_no, ids.show("ref", refund_id), 1990))
    SandboxEntry.objects.update(at=at)
    Receipt.objects.create(
        channel_id=channel.id, trade_no=trade_no, amount=1990, currency=channel.currency, outcome="unmatched",
        journal_id=ids.new_uuid(), received_at=at,
    )  # fmt: skip
    Refund.objects.create(
        id=refund_id, channel=channel, trade_no=trade_no, amount=500, currency=channel.currency, reason="staff",
        key="one", state="done", created_at=at, done_at=at,
    )  # fmt: skip
    return trade_no


def test_a_gateways_own_bill_agrees_with_the_books_and_each_change_here_is_found(
    channel: Channel, live_server: LiveServer
) -> None:
    from xinka.flows.reconciling.bills import Day, reconcile_from_gateway
    from xinka.payments.models import FeeTerms, Receipt, Refund
    from xinka.reconciling.models import Difference

    day = timezone.localdate() - timedelta(days=2)
    noon = Day(channel, day).start + timedelta(hours=12)
    trade_no = a_day_of_trade(channel, live_server.url, noon)

    bill = reconcile_from_gateway(channel.id, day)
    assert bill is not None
    assert (bill.problem, bill.n_payments, bill.n_refunds, bill.n_differences) == ("", 1, 1, 0)
    assert bill.sums[channel.currency]["paid"] == 1990
    assert bill.fees_entered[channel.currency] > 0
    assert bill.fees_agreed.keys() == {channel.currency}

    Receipt.objects.filter(trade_no=trade_no).update(amount=1980)
    Refund.objects.update(amount=400)
    FeeTerms.objects.filter(channel=channel).update(bps=0, fixed=1)
    reconcile_from_gateway(channel.id, day)
    found = Difference.objects.filter(state="open").order_by("what").values_list("what", "about", "here_amount")
    assert list(found) == [("amount", "payment", 1980), ("fee", "payment", 1), ("refund", "refund", 400)]

    Receipt.objects.filter(trade_no=trade_no).update(trade_no="of another gateway")
    reconcile_from_gateway(channel.id, day)
    found = Difference.objects.filter(state="open", about="payment").order_by("what").values_list("what", "trade_no")
    assert list(found) == [("missing_here", trade_no), ("missing_there", "of another gateway")]
