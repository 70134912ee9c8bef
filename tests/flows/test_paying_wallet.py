"""The balance, the payment and the goods move in one commit, or none of them does."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.rows import broken, leaves_nothing
from xinka.accounts.models import User
from xinka.flows.paying.attempts import OrderClosed, channels_for
from xinka.flows.paying.wallet import WalletTooLow, balance_of_buyer, pay_from_balance, payer_of
from xinka.flows.refunds.sending import execute_refund
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry
from xinka.ledger.posting import Journal, Leg, post
from xinka.orders.errors import NoSuchChannel
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel, Payment, Refund
from xinka.payments.states import RefundReason, RefundState
from xinka.platform.database.django_drive import run


@pytest.fixture(autouse=True)
def _balances(settings: Settings) -> None:
    settings.WALLET = True


def channel() -> Channel:
    return Channel.objects.create(
        slug="balance", name="余额", name_en="Balance", provider="balance", config=seal_config("balance", {})
    )


def cy(amount: int = 10_000) -> User:
    """Return Cy with so much on the balance."""
    person = cast.person(cast.CY)
    legs = (Leg(Account.BANK_TRUST, amount), Leg(Account.WALLET, -amount, person.pk))
    run(post([Journal(JournalKind.WALLET, f"test/{secrets.token_hex(6)}", "CNY", legs)]))
    return person


def order(codes: int = 1) -> cast.Bought:
    return cast.buy(cast.ware(cast.adas_shop(), codes).sku, channel())


@pytest.mark.django_db
def test_the_order_is_paid_and_delivered_at_once() -> None:
    person, bought = cy(), order()
    pay_from_balance(bought.payment_id, by=person)
    assert bought.order.state == OrderState.DELIVERED
    assert balance_of_buyer(person) == 5_100
    assert sum(Entry.objects.filter(account=Account.CLEARING).values_list("amount", flat=True)) == 0
    assert payer_of(bought.payment_id) == person.pk
    assert broken() == []
    assert leaves_nothing(lambda: pay_from_balance(bought.payment_id, by=person)) is None
    assert balance_of_buyer(person) == 5_100


@pytest.mark.django_db
def test_too_little_and_nothing_moves() -> None:
    person, bought = cy(4_899), order()
    with pytest.raises(WalletTooLow):
        pay_from_balance(bought.payment_id, by=person)
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert balance_of_buyer(person) == 4_899
    assert broken() == []


@pytest.mark.django_db
def test_somebody_elses_balance_is_not_touched() -> None:
    person, bought = cy(), order()
    with pytest.raises(WalletTooLow):
        pay_from_balance(bought.payment_id, by=cast.person(cast.EVE))
    assert balance_of_buyer(person) == 10_000


@pytest.mark.django_db
def test_an_order_that_expired_takes_nothing() -> None:
    person, bought = cy(), order()
    Order.objects.filter(id=bought.order_id).update(expires_at=TransactionNow() - timedelta(seconds=1))
    with pytest.raises(OrderClosed):
        pay_from_balance(bought.payment_id, by=person)
    assert balance_of_buyer(person) == 10_000


@pytest.mark.django_db
def test_where_there_are_no_balances_none_is_offered_or_taken(settings: Settings) -> None:
    person, bought = cy(), order()
    assert [one.slug for one in channels_for(4_900, "CNY")] == ["balance"]
    settings.WALLET = False
    assert channels_for(4_900, "CNY") == []
    with pytest.raises(NoSuchChannel):
        pay_from_balance(bought.payment_id, by=person)
    assert balance_of_buyer(person) == 10_000


@pytest.mark.django_db
def test_an_attempt_through_a_gateway_is_not_paid_from_a_balance() -> None:
    person = cy()
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    with pytest.raises(NoSuchChannel):
        pay_from_balance(bought.payment_id, by=person)


@pytest.mark.django_db
def test_a_refund_goes_back_to_the_balance_it_came_from(settings: Settings) -> None:
    person = cy()
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, channel(), contact="another@example.com")
    pay_from_balance(bought.payment_id, by=person)
    receipt_no = Payment.objects.get(id=bought.payment_id)

    legs = (Leg(Account.ESCROW, 900), Leg(Account.REFUND_IN_TRANSIT, -900))
    run(post([Journal(JournalKind.REFUND_DECIDED, "test/refund", "CNY", legs, order_id=bought.order_id)]))
    refund = Refund.objects.create(
        id=ids.new_uuid(), order_id=bought.order_id, channel=bought.channel, trade_no=ids.show("pay", receipt_no.id),
        amount=900, currency="CNY", reason=RefundReason.SELLER, key="test", state=RefundState.DUE,
        created_at=timezone.now(),
    )  # fmt: skip
    settings.WALLET = False
    assert execute_refund(refund.id) == RefundState.DONE
    assert balance_of_buyer(person) == 6_000


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_balance_and_eight_orders_at_once_pays_two() -> None:
    person, way = cy(), channel()
    ware = cast.ware(cast.adas_shop(), 8)
    orders = [cast.buy(ware.sku, way, contact=f"cy{n}@example.com") for n in range(8)]

    def pay(bought: cast.Bought) -> str:
        try:
            pay_from_balance(bought.payment_id, by=person)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "paid"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(pay, orders))
    assert answers == ["paid"] * 2 + ["wallet_too_low"] * 6
    assert balance_of_buyer(person) == 200
    assert broken() == []
