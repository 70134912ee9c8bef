"""A day of trade through the gateway, over real HTTP, and its bill compared with the shop's books: to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.flows.reconciling import bills
from xinka.flows.settle import VerifiedMoney
from xinka.kernel import ids
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.payments.models import Channel

DAY = timedelta(days=1)


def _pay(provider: WechatProvider, channel: Channel, payment: PaymentRequest) -> VerifiedMoney:
    """Cy buys and pays at the gateway; return the money it then confirms."""
    from xinka.sandbox.models import SandboxTrade

    bought = cast.buy(cast.ware(cast.adas_shop(slug=f"ada-{channel.id}"), 1, slug="e2e").sku, channel)
    number = ids.show("pay", bought.payment_id)
    provider.prepare(replace(payment, out_trade_no=number, amount_minor=bought.amount))
    trade = SandboxTrade.objects.get(out_trade_no=number)
    Client().post(f"/sandbox/pay/{trade.token}/pay")
    said = provider.query(number)
    return VerifiedMoney(channel.id, bought.payment_id, said.trade_no, said.amount_minor)


def test_a_day_through_the_gateway_is_found_in_its_bill(
    provider: WechatProvider, payment: PaymentRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinka.ledger.models import Entry
    from xinka.payments.models import Receipt, Refund
    from xinka.reconciling.models import Difference
    from xinka.sandbox.models import SandboxEntry

    channel, refund_id, now = cast.channel(), ids.new_uuid(), timezone.now()
    money = _pay(provider, channel, payment)
    number = ids.show("pay", money.payment_id)
    cast.settle(money)
    Refund.objects.create(
        id=refund_id, channel=channel, trade_no=money.trade_no, amount=1000, currency="CNY", reason="staff",
        key="e2e", state="done", created_at=now, done_at=now - DAY,
    )  # fmt: skip
    provider.refund(RefundRequest(number, 1000, "CNY", money.trade_no, ids.show("ref", refund_id), money.amount))
    Receipt.objects.update(received_at=F("received_at") - DAY)
    SandboxEntry.objects.update(at=F("at") - DAY)
    monkeypatch.setattr(bills, "provider_of", lambda _channel: provider)
    bill = bills.reconcile_from_gateway(channel.id, timezone.localdate() - DAY)
    assert bill is not None
    assert (bill.n_payments, bill.n_refunds, bill.n_differences) == (1, 1, 0)
    taken = bill.sums["CNY"]["fees"]
    assert taken > 0
    assert Entry.objects.get(account=18).amount == taken
    Receipt.objects.filter(trade_no=money.trade_no).update(amount=money.amount + 1)
    bills.reconcile_from_gateway(channel.id, bill.day)
    assert [(found.what, found.there_amount) for found in Difference.objects.all()] == [("amount", money.amount)]
