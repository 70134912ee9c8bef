"""A gateway's fee is held against what was agreed when the money came: half up per payment, a minor unit either way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.flows.reconciling.bills import MOST_FEES, reconcile_day
from xinka.ledger.days import day_of, start_of
from xinka.payments import fees
from xinka.payments.actions import save_channel, settings_of
from xinka.payments.fees import ALWAYS, Terms, terms_at
from xinka.payments.models import Channel, FeeTerms, Receipt
from xinka.payments.providers.protocol import BillKind, BillRow
from xinka.reconciling.models import Bill, Difference

pytestmark = pytest.mark.django_db

TODAY = day_of(timezone.now())
NOON = start_of(TODAY) + timedelta(hours=12)


class Shop:
    """One channel with agreed fees of 0.6 %, and whatever was bought through it for 49 yuan each."""

    def __init__(self) -> None:
        self.channel = cast.channel(fee_bps=60)
        self.ware = cast.ware(cast.adas_shop(), 60)

    def paid(self, *trade_nos: str, at: datetime = NOON) -> None:
        """Orders paid in full."""
        for trade_no in trade_nos:
            bought = cast.buy(self.ware.sku, self.channel)
            cast.settle(cast.money_for(bought, trade_no=trade_no))
        Receipt.objects.filter(trade_no__in=trade_nos).update(received_at=at)

    def read(self, *lines: BillRow) -> Bill:
        """Compare a bill of these lines."""
        return reconcile_day(self.channel, TODAY, lines)

    def now_takes(self, bps: int, fixed: int = 0) -> None:
        """Agree on other fees, as the office does."""
        self.channel.fee_bps, self.channel.fee_fixed = bps, fixed
        save_channel(self.channel, settings_of(self.channel))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def paid(trade_no: str, fee: int, amount: int = 4900) -> BillRow:
    return BillRow(BillKind.PAYMENT, trade_no, "", "", amount, fee, "CNY", None)


def apart(trade_no: str, fee: int) -> BillRow:
    return BillRow(BillKind.FEE, trade_no, "", "", fee, 0, "CNY", None)


def queued() -> list[tuple[str, str, int | None, int | None, str]]:
    """Return what is queued: what, payment, fee there, fee agreed, state."""
    rows = Difference.objects.order_by("trade_no")
    return list(rows.values_list("what", "trade_no", "there_amount", "here_amount", "state"))


@pytest.mark.parametrize(
    ("amount", "bps", "fixed", "fee"),
    [
        (4900, 60, 0, 29),
        (83, 60, 0, 0),
        (84, 60, 0, 1),
        (25, 200, 0, 1),
        (24, 200, 0, 0),
        (1, 290, 30, 30),
        (100, 0, 7, 7),
    ],
)
def test_a_half_is_rounded_up_and_then_the_fixed_part_is_added(amount: int, bps: int, fixed: int, fee: int) -> None:
    assert Terms(bps, fixed).fee_of(amount) == fee


def test_a_fee_as_agreed_is_silent_and_the_bill_remembers_what_was_expected(shop: Shop) -> None:
    shop.paid("A", "B")
    bill = shop.read(paid("A", 29), paid("B", 29))
    assert queued() == []
    assert (bill.n_differences, bill.fees_agreed, bill.fees_entered) == (0, {"CNY": 58}, {"CNY": 58})


@pytest.mark.parametrize(
    ("told", "differs"), [(27, True), (28, False), (30, False), (31, True), (0, True), (-29, True)]
)
def test_a_gateways_own_rounding_is_no_difference_and_more_than_that_is(shop: Shop, told: int, differs: bool) -> None:
    shop.paid("A", "B")
    shop.read(paid("A", told), paid("B", 29))
    assert queued() == ([("fee", "A", told, 29, "open")] if differs else [])


def test_what_was_billed_is_entered_whatever_was_agreed(shop: Shop) -> None:
    shop.paid("A")
    bill = shop.read(paid("A", 98))
    assert (bill.fees_entered, bill.fees_agreed) == ({"CNY": 98}, {"CNY": 29})
    assert queued() == [("fee", "A", 98, 29, "open")]
    assert broken() == []


def test_a_later_reading_that_agrees_resolves_it(shop: Shop) -> None:
    shop.paid("A")
    shop.read(paid("A", 98))
    shop.read(paid("A", 29))
    assert queued() == [("fee", "A", 98, 29, "resolved")]


def test_a_fee_on_a_line_of_its_own_is_the_payments_fee(shop: Shop) -> None:
    shop.paid("A", "B")
    shop.read(paid("A", 0), apart("A", 29), paid("B", 0), apart("B", 49))
    assert queued() == [("fee", "B", 49, 29, "open")]


def test_a_bill_that_tells_of_no_fees_says_nothing_about_them(shop: Shop) -> None:
    shop.paid("A")
    bill = shop.read(paid("A", 0))
    assert queued() == []
    assert bill.fees_agreed == {}


def test_without_an_agreement_no_fee_is_wrong(shop: Shop) -> None:
    Channel.objects.update(fee_bps=0)
    shop.paid("A")
    shop.read(paid("A", 4000))
    assert queued() == []


def test_refunds_have_no_agreed_fee(shop: Shop) -> None:
    shop.paid("A")
    shop.read(paid("A", 29), BillRow(BillKind.REFUND, "A", "", "R", 4900, -29, "CNY", None))
    assert [what for what, *_ in queued()] == ["missing_here"]


def test_an_agreement_that_is_wrong_altogether_is_one_difference_and_hides_no_other(shop: Shop) -> None:
    numbers = [f"P{n:02d}" for n in range(MOST_FEES + 1)]
    shop.paid(*numbers)
    shop.read(*[paid(number, 49) for number in numbers], paid("unknown", 49))
    assert queued() == [
        ("fee", "", 49 * 51, 29 * 51, "open"),
        ("missing_here", "unknown", 4900, None, "open"),
    ]


def test_money_is_judged_by_the_terms_of_its_own_time(shop: Shop) -> None:
    shop.paid("old")
    shop.now_takes(100, 5)
    FeeTerms.objects.exclude(since=ALWAYS).update(since=NOON + timedelta(hours=1))
    shop.paid("new", at=NOON + timedelta(hours=1))
    shop.read(paid("old", 29), paid("new", 54))
    assert queued() == []
    shop.read(paid("old", 54), paid("new", 29))
    assert queued() == [("fee", "new", 29, 54, "open"), ("fee", "old", 54, 29, "open")]


def test_the_office_writes_down_since_when_fees_hold(shop: Shop) -> None:
    shop.now_takes(60)
    assert not FeeTerms.objects.exists(), "nothing changed"
    before = timezone.now()
    shop.now_takes(38, 10)
    assert list(FeeTerms.objects.order_by("since").values_list("bps", "fixed")) == [(60, 0), (38, 10)]
    assert terms_at(shop.channel, before) == Terms(60, 0)
    assert terms_at(shop.channel, timezone.now()) == Terms(38, 10)
    fresh = Channel(slug="fresh", name="新", name_en="New", provider="epay", config=b"", fee_bps=55)
    save_channel(fresh, settings_of(shop.channel))
    assert list(FeeTerms.objects.filter(channel=fresh).values_list("since", "bps")) == [(ALWAYS, 55)]


def test_both_ways_to_reckon_agree(shop: Shop) -> None:
    shop.now_takes(137, 3)
    FeeTerms.objects.exclude(since=ALWAYS).update(since=ALWAYS + timedelta(days=1))
    shop.paid(*[f"P{n}" for n in range(30)])
    amounts = [1 + n * 331 for n in range(30)]
    for n, amount in enumerate(amounts):
        Receipt.objects.filter(trade_no=f"P{n}").update(amount=amount)
    bill = shop.read(*[paid(f"P{n}", 1, amount) for n, amount in enumerate(amounts)])
    terms = fees.Terms(137, 3)
    assert bill.fees_agreed == {"CNY": sum(terms.fee_of(amount) for amount in amounts)}
