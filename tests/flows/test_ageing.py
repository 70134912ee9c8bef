"""What is owed is told by age, and with what has no day of its own it is exactly what the books say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.holding import held, hold_of
from tests.ledger.test_months import enter
from tests.plans import read_by
from xinka.escrow.models import Hold
from xinka.flows.reconciling.ageing import owed_by_age
from xinka.flows.refunds.unmatched import take_up
from xinka.flows.settle import VerifiedMoney
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.queries import trial_balance
from xinka.payments.models import Receipt, Refund

pytestmark = pytest.mark.django_db

A = Account


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def told(now: datetime) -> dict[A, tuple[tuple[int, ...], int]]:
    """Return the classes and the rest of each account; that they sum up to the books is seen to here."""
    lines = owed_by_age("CNY", now)
    by_the_books = {line.account: -line.amount for line in trial_balance().lines}
    assert {one.account: one.total for one in lines} == {one.account: by_the_books[one.account] for one in lines}
    return {one.account: (one.classes, one.rest) for one in lines}


def test_a_merchants_balance_is_the_newest_of_what_came(now: datetime) -> None:
    for days, amount in ((100, 500), (60, 300), (20, 200), (3, 100)):
        enter(now - timedelta(days=days), JournalKind.MATURE, (A.BANK_TRUST, amount), (A.SELLER_AVAILABLE, -amount))
    assert told(now)[A.SELLER_AVAILABLE] == ((100, 200, 300, 500), 0)
    enter(now, JournalKind.PAYOUT_ASKED, (A.SELLER_AVAILABLE, 650), (A.SELLER_IN_TRANSIT, -650))
    assert told(now) == {A.SELLER_AVAILABLE: ((100, 200, 150, 0), 0), A.SELLER_IN_TRANSIT: ((650, 0, 0, 0), 0)}


def test_two_merchants_are_aged_apart(now: datetime) -> None:
    for owner, days in ((7, 100), (8, 1)):
        legs = ((A.BANK_TRUST, 400), (A.SELLER_RESERVE, -400))
        enter(now - timedelta(days=days), JournalKind.RESERVE, *legs, owner=owner)
    enter(now, JournalKind.MATURE, (A.SELLER_RESERVE, 400), (A.SELLER_AVAILABLE, -400), owner=8)
    assert told(now)[A.SELLER_RESERVE] == ((0, 0, 0, 400), 0)


def test_escrow_counts_from_delivery_and_part_payments_have_no_day(now: datetime) -> None:
    bought = held()
    Hold.objects.update(delivered_at=now - timedelta(days=8))
    assert told(now) == {A.ESCROW: ((0, hold_of(bought).amount, 0, 0), 0)}
    other = cast.buy(cast.ware(bought.order.sku.product.merchant, 1, slug="other").sku, bought.channel)
    cast.settle(cast.money_for(other, amount=100))
    assert told(now)[A.ESCROW] == ((0, hold_of(bought).amount, 0, 0), 100)


def test_money_of_nobody_and_money_on_its_way_back_have_their_own_days(now: datetime) -> None:
    channel = cast.channel()
    for number, amount in (("A", 700), ("B", 900)):
        cast.settle(VerifiedMoney(channel.id, None, number, amount))
    Receipt.objects.filter(trade_no="A").update(received_at=now - timedelta(days=31))
    assert told(now) == {A.SUSPENSE: ((900, 0, 700, 0), 0)}
    take_up(channel.id, "A", by=cast.person("dee@example.com", staff=True))
    Refund.objects.update(created_at=now - timedelta(days=91))
    assert told(now) == {A.SUSPENSE: ((900, 0, 0, 0), 0), A.REFUND_IN_TRANSIT: ((0, 0, 0, 700), 0)}


def test_a_day_of_age_is_over_when_it_is_over(now: datetime) -> None:
    for days, amount in ((7, 1), (30, 20), (90, 300)):
        for later, times in ((0, 1), (1, 2)):
            moment = now - timedelta(days=days, seconds=later)
            enter(moment, JournalKind.MATURE, (A.BANK_TRUST, amount * times), (A.SELLER_AVAILABLE, -amount * times))
    assert told(now)[A.SELLER_AVAILABLE] == ((1, 22, 340, 600), 0)


def test_what_has_gone_back_or_was_seized_is_owed_no_more(now: datetime) -> None:
    bought = held()
    amount = hold_of(bought).amount
    cast.settle(VerifiedMoney(bought.channel.id, None, "A", 700))
    take_up(bought.channel.id, "A", by=cast.person("dee@example.com", staff=True))
    Hold.objects.update(seized_held=300)
    assert told(now) == {A.ESCROW: ((amount - 300, 0, 0, 0), 300), A.REFUND_IN_TRANSIT: ((700, 0, 0, 0), 0)}
    Refund.objects.update(state="done")
    assert told(now)[A.REFUND_IN_TRANSIT] == ((0, 0, 0, 0), 700), "what the books still have has no day"


def test_nothing_is_owed_in_another_currency(now: datetime) -> None:
    held()
    assert owed_by_age("USD", now) == []


def test_what_is_older_than_any_class_is_not_read(now: datetime) -> None:
    for n in range(30):
        enter(now - timedelta(days=100 + n), JournalKind.MATURE, (A.BANK_TRUST, 10), (A.SELLER_AVAILABLE, -10))
    enter(now - timedelta(days=3), JournalKind.MATURE, (A.BANK_TRUST, 7), (A.SELLER_AVAILABLE, -7))
    assert told(now) == {A.SELLER_AVAILABLE: ((7, 0, 0, 300), 0)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off")  # all of a test is within one range of the index by time
    assert read_by(lambda: owed_by_age("CNY", now), about="ledger_balance")["ledger_entry"] == 1
