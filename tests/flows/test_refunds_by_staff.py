"""Dee gives an order's money back though nobody asked: with a reason, and from a limit on with somebody else's yes."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import NOW, Trade, trade
from tests.flows.rows import broken, leaves_nothing
from xinka.accounts.models import User
from xinka.disputes.errors import CaseIsOpen
from xinka.escrow.errors import KeyTaken, NoHold, PartInOrder, RefundDecided, SecondPersonNeeded, TooMuchBack
from xinka.escrow.models import GivenBack, StaffRefund
from xinka.escrow.states import HoldState, StaffRefundState
from xinka.flows.disputes import cases
from xinka.flows.refunds import by_staff
from xinka.flows.refunds.by_staff import Wanted
from xinka.kernel.actors import Actor, Role
from xinka.kernel.ids import new_uuid
from xinka.kernel.per_currency import PerCurrency
from xinka.merchants.models import Membership
from xinka.orders.errors import OrderNotFound
from xinka.payments.models import Refund
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

WHY = "The maker withdrew the product on 11-20."


@pytest.fixture
def deal() -> Trade:
    """An order of ¥98, delivered."""
    return trade()


@pytest.fixture
def dee() -> User:
    return staff("dee")


def staff(name: str) -> User:
    return cast.person(f"{name}@example.com", staff=True)


def wanted(deal: Trade, amount: int, *, key: UUID | None = None, reason: str = WHY) -> Wanted:
    return Wanted(deal.order.id, amount, reason, key or new_uuid())


def sums() -> list[tuple[int, str]]:
    """Return what is on its way back, and why."""
    return sorted(Refund.objects.values_list("amount", "reason"))


def test_below_the_limit_it_goes_back_at_once_with_its_reason(deal: Trade, dee: User) -> None:
    made = by_staff.ask(wanted(deal, 4_000), by=dee)
    assert (made.state, made.needs_two, made.decided_by_id) == (StaffRefundState.DONE, False, dee.pk)
    assert (sums(), deal.hold.refunded) == ([(4_000, "staff")], 4_000)
    assert GivenBack.objects.get().role == Role.ARBITER
    entries = AuditEntry.objects.filter(action__startswith="refund.").order_by("id")
    assert [entry.action for entry in entries] == ["refund.ask", "refund.by_staff"]
    assert entries[1].details == {"amount": 4_000, "currency": "CNY", "reason": WHY, "asked_by": dee.pk}
    assert broken() == []


def test_the_same_form_twice_gives_back_once_and_with_other_words_not_at_all(deal: Trade, dee: User) -> None:
    key = new_uuid()
    first = by_staff.ask(wanted(deal, 4_000, key=key), by=dee)
    assert by_staff.ask(wanted(deal, 4_000, key=key), by=dee).id == first.id
    with pytest.raises(KeyTaken):
        by_staff.ask(wanted(deal, 5_000, key=key), by=dee)
    assert sums() == [(4_000, "staff")]


def test_from_the_limit_on_somebody_else_must_agree(deal: Trade, dee: User, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 9_800})
    asked = by_staff.ask(wanted(deal, 9_800), by=dee)
    assert (asked.state, sums(), deal.hold.refunded) == (StaffRefundState.ASKED, [], 0)
    with pytest.raises(SecondPersonNeeded):
        by_staff.decide(asked.id, grant=True, by=dee)
    assert sums() == []
    bea = staff("bea")
    made = by_staff.decide(asked.id, grant=True, by=bea)
    assert (made.state, made.asked_by_id, made.decided_by_id) == (StaffRefundState.DONE, dee.pk, bea.pk)
    assert (sums(), deal.hold.state) == ([(9_800, "staff")], HoldState.RETURNED)
    for grant in (True, False):
        with pytest.raises(RefundDecided):
            by_staff.decide(asked.id, grant=grant, by=staff("dan" + str(grant)))
    assert broken() == []


def test_the_limit_is_that_of_the_orders_currency(deal: Trade, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"USD": 500, "CNY": 5_000})
    order = deal.order.id
    found = [
        by_staff.needs_two(order, amount, currency)
        for amount, currency in ((499, "USD"), (500, "USD"), (4_999, "CNY"), (1, "KWD"))
    ]
    assert found == [False, True, False, True]


def test_small_refunds_of_one_order_are_added_up(deal: Trade, dee: User, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 6_000})
    assert by_staff.ask(wanted(deal, 3_000), by=dee).state == StaffRefundState.DONE
    assert by_staff.ask(wanted(deal, 2_999), by=dee).state == StaffRefundState.DONE
    assert by_staff.ask(wanted(deal, 1), by=dee).state == StaffRefundState.ASKED
    assert sums() == [(2_999, "staff"), (3_000, "staff")]


def test_who_asked_may_take_it_back_and_it_counts_no_more(deal: Trade, dee: User, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 6_000})
    asked = by_staff.ask(wanted(deal, 6_000), by=dee)
    assert by_staff.decide(asked.id, grant=False, by=dee).state == StaffRefundState.REFUSED
    assert by_staff.ask(wanted(deal, 5_999), by=dee).state == StaffRefundState.DONE
    assert AuditEntry.objects.filter(action="refund.refuse").count() == 1


def test_nobody_refunds_an_order_they_sell_or_buy_in(deal: Trade, dee: User, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 1})
    ada = deal.ware.product.merchant.memberships.get(role="owner").user
    cy = cast.person("cy@example.com", staff=True)
    for user in (ada, cy):
        with pytest.raises(PartInOrder):
            by_staff.ask(wanted(deal, 100), by=user)
    asked = by_staff.ask(wanted(deal, 100), by=dee)
    with pytest.raises(PartInOrder):
        by_staff.decide(asked.id, grant=True, by=cy)
    bea = staff("bea")
    Membership.objects.create(merchant=deal.ware.product.merchant, user=bea, role="clerk")
    with pytest.raises(PartInOrder):
        by_staff.decide(asked.id, grant=True, by=bea)
    assert sums() == []


def test_a_case_goes_before_it_also_one_that_is_opened_meanwhile(deal: Trade, dee: User, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 1})
    asked = by_staff.ask(wanted(deal, 100), by=dee)
    case = deal.complain()
    for act in (
        lambda: by_staff.ask(wanted(deal, 100), by=dee),
        lambda: by_staff.decide(asked.id, grant=True, by=staff("bea")),
    ):
        with pytest.raises(CaseIsOpen):
            act()
    assert sums() == []
    cases.withdraw(case.id, by=Actor(Role.BUYER), now=NOW)
    assert by_staff.decide(asked.id, grant=True, by=staff("dan")).state == StaffRefundState.DONE


@pytest.mark.parametrize("amount", [0, -1, 9_801])
def test_more_than_is_left_or_nothing_is_not_given_back(deal: Trade, dee: User, amount: int) -> None:
    def refused() -> None:
        with pytest.raises(TooMuchBack):
            by_staff.ask(wanted(deal, amount), by=dee)

    leaves_nothing(refused)


def test_what_was_never_delivered_or_never_ordered_has_nothing_to_give_back(dee: User) -> None:
    ware = cast.ware(cast.adas_shop(), 2)
    bought = cast.buy(ware.sku, cast.channel())
    with pytest.raises(NoHold):
        by_staff.ask(Wanted(bought.order_id, 100, WHY, new_uuid()), by=dee)
    with pytest.raises(OrderNotFound):
        by_staff.ask(Wanted(new_uuid(), 100, WHY, new_uuid()), by=dee)
    assert not StaffRefund.objects.exists()


def test_the_database_itself_wants_two_people(deal: Trade, dee: User, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 1})
    asked = by_staff.ask(wanted(deal, 100), by=dee)
    done = {"state": "done", "decided_at": timezone.now()}
    for who in (dee.pk, None):
        with pytest.raises(IntegrityError, match="staff_refund_four_eyes"), transaction.atomic():
            StaffRefund.objects.filter(id=asked.id).update(decided_by_id=who, **done)
