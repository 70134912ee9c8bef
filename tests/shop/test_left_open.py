"""A payment page that its gateway cannot close is named while it matters, and what comes through it is never lost."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.delivery.models import DeliveredCode
from xinka.flows.paying import closing
from xinka.flows.refunds.sending import execute_refund
from xinka.flows.sweep import expire_orders
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Channel, Payment, Refund
from xinka.payments.providers.protocol import Can
from xinka.payments.states import RefundState
from xinka.stock.models import UnsoldCode

pytestmark = pytest.mark.django_db

NO_MORE = "Do not pay at Alipay any more."


def page(cy: Client, bought: cast.Bought, tail: str = "/pay") -> str:
    return unescape(cy.get(f"{order_path(bought.order_id)}{tail}", follow=True).content.decode())


def expire(bought: cast.Bought) -> None:
    """Let the order's time pass, and have the sweeper give the stock back."""
    Order.objects.filter(id=bought.order_id).update(expires_at=timezone.now() - timedelta(minutes=5))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_reservation SET expires_at = now() - interval '5 minutes'")
    expire_orders()
    assert bought.order.state == OrderState.EXPIRED


def offering(monkeypatch: pytest.MonkeyPatch, *can: Can) -> None:
    """The gateway behind every channel offers so much and no more."""
    monkeypatch.setattr(closing, "provider_of", lambda _channel: SimpleNamespace(can=frozenset(can)))


def test_who_pays_at_a_page_that_cannot_be_closed_is_told_until_when(bought: cast.Bought, cy: Client) -> None:
    text = page(cy, bought)
    assert "What you opened at Alipay stays open after that" in text
    assert "does not come back by itself" not in text


def test_and_whether_it_would_come_back(bought: cast.Bought, cy: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, Can.NOTICE)
    assert "Money sent this way does not come back by itself." in page(cy, bought)


def test_a_page_that_can_be_closed_needs_no_words(
    bought: cast.Bought, cy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering(monkeypatch, Can.CLOSE, Can.REFUND)
    assert "stays open after that" not in page(cy, bought)
    expire(bought)
    assert NO_MORE not in page(cy, bought)


@pytest.mark.parametrize("tail", ["/pay", ""])
def test_after_the_time_both_pages_say_that_it_is_still_open_there(bought: cast.Bought, cy: Client, tail: str) -> None:
    page(cy, bought)
    expire(bought)
    text = page(cy, bought, tail)
    assert NO_MORE in text
    assert "the money goes back the way it came" in text
    assert "Paid in the last moment?" not in text


def test_so_they_do_when_the_buyer_cancels(bought: cast.Bought, cy: Client) -> None:
    page(cy, bought)
    cy.post(f"{order_path(bought.order_id)}/cancel")
    assert NO_MORE in page(cy, bought)


def test_what_was_never_begun_at_the_gateway_is_not_open_there(bought: cast.Bought, cy: Client) -> None:
    expire(bought)
    text = page(cy, bought)
    assert NO_MORE not in text
    assert "Paid in the last moment?" in text


def test_a_channel_that_cannot_be_read_any_more_is_taken_for_open(bought: cast.Bought, cy: Client) -> None:
    page(cy, bought)
    expire(bought)
    Channel.objects.update(config=b"not an envelope")
    assert NO_MORE in page(cy, bought)


def test_paid_there_all_the_same_the_goods_follow_once(bought: cast.Bought, cy: Client) -> None:
    page(cy, bought)
    expire(bought)
    for _ in range(2):  # its notice comes twice
        cast.settle(cast.money_for(bought, trade_no="T-late"))
    assert bought.order.state == OrderState.DELIVERED
    assert DeliveredCode.objects.count() == 2
    assert NO_MORE not in page(cy, bought, "")
    assert (Refund.objects.count(), broken()) == (0, [])


def test_sold_out_by_then_a_person_asks_where_coins_shall_go(
    bought: cast.Bought, cy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering(monkeypatch, Can.NOTICE)
    page(cy, bought)
    expire(bought)
    assert "we write to you and ask where the money shall go" in page(cy, bought)
    UnsoldCode.objects.all().delete()
    cast.pay(bought)
    refund = Refund.objects.get()
    text = page(cy, bought, "")
    assert "we send it by hand: we write to" in text
    assert "You need not do anything" not in text
    assert NO_MORE not in text
    assert Payment.objects.get().state == "paid"
    Refund.objects.update(state=RefundState.DONE, done_at=timezone.now())
    assert "we send it by hand" not in page(cy, bought, "")
    assert refund.amount == bought.order.amount
    assert execute_refund(refund.id) == RefundState.DONE
