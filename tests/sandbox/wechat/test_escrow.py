"""A trade whose money WeChat keeps: shared out at the release, called back for a refund, and the rest let go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.holding import books, hold_of, terms
from tests.flows.rows import broken
from xinka.escrow.models import Receiver, Split
from xinka.flows import escrow
from xinka.flows.escrow import splitting
from xinka.flows.escrow.four_eyes import CourtOrder, ask_to_freeze, ask_to_hand_over, decide_freeze
from xinka.flows.escrow.splitting import execute_split
from xinka.flows.refunds import sending
from xinka.flows.refunds.sending import execute_refund
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.payments.models import Refund
from xinka.payments.providers.protocol import PaymentRequest
from xinka.payments.providers.wechat.provider import WechatProvider
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.wechat.sharing import frozen

CY, DEE = Actor(Role.BUYER), Actor(Role.ARBITER, 2)


@pytest.fixture
def bought(provider: WechatProvider, base_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> cast.Bought:
    """An order of 100 yuan, paid at WeChat and delivered here; 5 % are the platform's."""
    settings.CUSTODY = "provider_split"
    for room in (splitting, sending):
        monkeypatch.setattr(room, "provider_of", lambda _: provider)
    terms(commission_bps=500)
    sku = cast.ware(cast.adas_shop(), 1, sku={"price": 10_000}).sku
    made = cast.buy(sku, cast.channel("wechat"))
    number, shop = ids.show("pay", made.payment_id), base_url.removesuffix("/sandbox/wechat")
    facts = {"title": "星海远征 点卡", "method": "wxpay", "device": "pc", "client_ip": "203.0.113.7"}
    back = {"notify_url": f"{shop}/pay/notify/wechat", "return_url": f"{shop}/pay/return/wechat"}
    provider.prepare(PaymentRequest(out_trade_no=number, amount_minor=10_000, currency="CNY", **facts, **back))
    Client().post(f"/sandbox/pay/{_trade().token}/pay")
    cast.settle(cast.money_for(made, trade_no=_trade().trade_no))
    run(relay_batch())
    Receiver.objects.create(
        merchant_id=made.order.merchant_id, channel_id=made.channel.id, account="1900000109", name="艾达卡铺"
    )
    return made


def _trade() -> SandboxTrade:
    return SandboxTrade.objects.get()


def test_shared_refunded_in_part_and_settled_to_the_cent(bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    assert frozen(_trade()) == 10_000
    assert hold_of(bought).state == "held"
    execute_split(Split.objects.get(action="share").id)
    assert frozen(_trade()) == 500
    assert hold_of(bought).state == "aftersale"
    run(escrow.give_back(bought.order_id, 4_000, reason=RefundReason.DISPUTE, key="d1", by=DEE))
    refund = Refund.objects.get()
    assert execute_refund(refund.id) == "due"
    assert _trade().refunded_money == 0
    execute_split(Split.objects.get(action="return").id)
    assert frozen(_trade()) == 500 + 3_800
    assert execute_refund(refund.id) == "done"
    assert _trade().refunded_money == 4_000
    run(escrow.mature_due(timezone.now() + timedelta(days=30)))
    execute_split(Split.objects.get(action="unfreeze").id)
    assert frozen(_trade()) == 0
    assert books(bought.order_id) == {"clearing": -300, "commission": 300}
    assert broken() == []


def test_what_is_given_back_before_the_release_was_never_shared(bought: cast.Bought) -> None:
    run(escrow.give_back(bought.order_id, None, reason=RefundReason.SELLER, key="d1", by=DEE))
    assert execute_refund(Refund.objects.get().id) == "done"
    assert _trade().refunded_money == 10_000
    assert not Split.objects.exists()
    assert books(bought.order_id) == {}
    assert broken() == []


def test_what_a_court_had_whole_wechat_lets_go_without_any_share(bought: cast.Bought) -> None:
    kai, dee = cast.person("kai@example.com", staff=True), cast.person("dee@example.com", staff=True)
    decide_freeze(ask_to_freeze(bought.order_id, "case 7", by=kai).pk, grant=True, by=dee)
    paper = CourtOrder(10_000, "Pudong court, article 244", "(2026) 7-114")
    decide_freeze(ask_to_hand_over(bought.order_id, paper, by=kai).pk, grant=True, by=dee)
    assert frozen(_trade()) == 10_000
    for _ in range(2):
        assert execute_split(Split.objects.get(action="unfreeze").id) == "done"
    assert (frozen(_trade()), hold_of(bought).state) == (0, "seized")
    assert broken() == []
