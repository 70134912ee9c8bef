"""The demo: loaded whole into an empty shop, let alone the second time, and closed where the shop is no demo."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from xinka.accounts.demo_people import PASSWORD, PEOPLE
from xinka.flows.audit import check_all
from xinka.flows.demo.sales import _moments
from xinka.flows.sweep import LOOK_BACK
from xinka.kernel.per_currency import PerCurrency
from xinka.ledger.accounts import JournalKind
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db(transaction=True)


def _counts() -> dict[str, int]:
    from xinka.accounts.models import User
    from xinka.catalog.models import Product
    from xinka.orders.models import Order
    from xinka.platform.outbox.models import OutboxEvent
    from xinka.stock.models import StockCode

    return {model.__name__: model.objects.count() for model in (User, Product, Order, StockCode, OutboxEvent)}


def test_the_demo_keeps_every_rule_and_is_loaded_once() -> None:
    from xinka.config import demo
    from xinka.escrow.models import Hold
    from xinka.ledger.models import Entry
    from xinka.ledger.queries import trial_balance
    from xinka.orders.models import Order
    from xinka.payouts.models import Payout
    from xinka.sandbox.models import SandboxTrade

    assert demo.load()
    first = _counts()
    assert first["Product"] == 31
    assert first["User"] == len(PEOPLE)
    assert first["StockCode"] > 3000
    assert first["Order"] > 100
    assert first["OutboxEvent"] == 0, "nobody is mailed about what never happened"
    assert sorted(Payout.objects.values_list("state", flat=True)) == ["asked", "paid", "sending"]
    assert {"held", "aftersale", "settled", "frozen"} == set(Hold.objects.values_list("state", flat=True))
    assert [found.missing for found in trial_balance().cover] == [0]
    groups = ("stock", "ledger", "delivery", "escrow", "disputes")
    assert all(finding.holds for group in groups for finding in run(check_all(group)))
    now = timezone.now()
    assert not Order.objects.filter(placed_at__gt=now - timedelta(hours=2, minutes=59)).exists()
    assert Order.objects.filter(placed_at__lt=now - timedelta(days=13)).exists()
    assert not Entry.objects.filter(at__gt=now - timedelta(hours=2, minutes=50), kind=JournalKind.PAYMENT).exists()
    assert _unheard_by_the_gateway() == [], "money of the past can be given back"
    n_trades = SandboxTrade.objects.count()
    assert n_trades > 100
    assert not demo.load()
    assert _counts() == first
    assert SandboxTrade.objects.count() == n_trades


@pytest.mark.parametrize(
    ("limits", "states"),
    [
        (("PAYOUT_FOUR_EYES_FROM", "REFUND_FOUR_EYES_FROM"), ["asked", "paid", "sending"]),
        (("PAYOUT_MINIMUM",), []),
    ],
)
def test_it_is_loaded_whatever_the_limits_of_the_shop(
    limits: tuple[str, ...], states: list[str], settings: Settings
) -> None:
    from xinka.config import demo
    from xinka.payouts.models import Payout

    for name in limits:
        setattr(settings, name, PerCurrency({"CNY": 1 if states else 10**12}))
    assert demo.load()
    assert sorted(Payout.objects.values_list("state", flat=True)) == states
    assert all(finding.holds for finding in run(check_all("ledger")))


def test_there_are_thirty_goods_of_four_kinds_with_stock_and_two_that_are_sold_out() -> None:
    from xinka.catalog.models import Product, Sku
    from xinka.config import demo
    from xinka.stock.queries import live_counts

    demo.load()
    live = Product.objects.filter(state="live")
    assert live.count() == 30
    assert set(live.values_list("kind", flat=True)) == {"card_code", "licence", "download", "course"}
    assert set(live.values_list("category__slug", flat=True)) == {"games", "members", "software", "courses"}
    skus = Sku.objects.filter(product__state="live", on_sale=True)
    left = live_counts(skus.values_list("id", flat=True))
    in_stock = {sku.product.slug for sku in skus.select_related("product") if left.get(sku.id, 0) != 0}
    sold_out = set(live.values_list("slug", flat=True)) - in_stock
    assert sold_out == {"chess-hall-coins", "paper-crane-online"}, "what a sold-out page looks like"


def _unheard_by_the_gateway() -> list[str]:
    """Return the numbers of money that was taken, and of which the gateway knows nothing or another sum."""
    from xinka.kernel import ids
    from xinka.payments.models import Receipt
    from xinka.sandbox.models import SandboxTrade

    known = {
        (trade.trade_no, trade.out_trade_no, trade.paid_money)
        for trade in SandboxTrade.objects.filter(state="paid", entries__kind="payment", entries__amount=F("paid_money"))
    }
    taken = Receipt.objects.filter(trade_no__startswith="D")
    told = [(one.trade_no, ids.show("pay", one.payment_id), one.amount) for one in taken if one.payment_id]
    return [number for number, *facts in told if (number, *facts) not in known]


@pytest.mark.parametrize("hour", [0, 3, 10, 15, 21, 23])
def test_the_sweeper_never_sees_an_order_whose_buyer_was_not_written_to(hour: int) -> None:
    now = timezone.make_aware(datetime(2026, 11, 30, hour, 30))  # noqa: DTZ001 - made aware here, in the shop's zone
    moments = _moments(Random(14), now)
    assert len(moments) > 100
    assert max(moments) < now - LOOK_BACK
    assert min(moments) < now - timedelta(days=13)


def test_a_shop_with_people_of_its_own_is_left_alone() -> None:
    from tests.cast import person
    from xinka.config import demo
    from xinka.flows.demo.loading import ShopInUse

    person("ada@shop.example")
    before = _counts()
    with pytest.raises(ShopInUse):
        demo.load()
    assert _counts() == before


def test_its_people_and_ways_to_pay_are_shut_out_of_a_real_shop(settings: Settings) -> None:
    from xinka.config import demo
    from xinka.payments.models import Channel

    demo.load()
    cy = Client()
    assert cy.login(email=PEOPLE[0].email, username=PEOPLE[0].email, password=PASSWORD)
    assert cy.get("/account/").status_code == 200
    settings.SANDBOX = False
    demo.close()
    assert cy.get("/account/").status_code == 302, "a session that was open ends"
    assert not Client().login(email=PEOPLE[0].email, username=PEOPLE[0].email, password=PASSWORD)
    assert not Channel.objects.filter(on=True).exists()
