"""A court has what is frozen, or a part of it: by two persons, on its order, once, and to the cent (P9)."""

from __future__ import annotations

import pytest

from tests import cast
from tests.flows.holding import end_of, held, hold_of, terms
from xinka.accounts.models import User
from xinka.escrow.errors import HoldMoved, SamePerson, TooMuchBack, TooMuchToHandOver
from xinka.escrow.models import FreezeCase, HoldStep
from xinka.flows import escrow
from xinka.flows.audit import check_all
from xinka.flows.escrow.four_eyes import CourtOrder, ask_to_freeze, ask_to_hand_over, decide_freeze
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry, Journal
from xinka.payments.states import RefundReason
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

PAPER = {"basis": "Pudong court, article 244", "reference": "(2026) 7-114"}


def order_of(amount: int) -> CourtOrder:
    return CourtOrder(amount, **PAPER)


@pytest.fixture
def kai() -> User:
    return cast.person("kai@example.com", staff=True)


@pytest.fixture
def dee() -> User:
    return cast.person("dee@example.com", staff=True)


def frozen(kai: User, dee: User, *, released: bool) -> cast.Bought:
    """Return an order of 100 yuan that is frozen, before its release or after."""
    terms(commission_bps=250, reserve_bps=1000)
    bought = held()
    if released:
        run(escrow.confirm(bought.order_id, by=Actor(Role.BUYER)))
    decide_freeze(ask_to_freeze(bought.order_id, "case 7", by=kai).pk, grant=True, by=dee)
    return bought


def hand_over(bought: cast.Bought, amount: int, kai: User, dee: User) -> FreezeCase:
    return decide_freeze(ask_to_hand_over(bought.order_id, order_of(amount), by=kai).pk, grant=True, by=dee)


def legs_of(kind: JournalKind) -> list[dict[int, int]]:
    keys = Journal.objects.filter(kind=kind).order_by("key").values_list("id", flat=True)
    return [dict(Entry.objects.filter(journal_id=one).values_list("account", "amount")) for one in keys]


def broken() -> list[str]:
    return [finding.check.name for finding in run(check_all()) if finding.rows]


def refuses(kind: type[Refusal], act: object, *args: object, **named: object) -> None:
    before = (Entry.objects.count(), HoldStep.objects.count(), FreezeCase.objects.count(), AuditEntry.objects.count())
    with pytest.raises(kind):
        act(*args, **named)  # type: ignore[operator]  # one of the flows above
    after = (Entry.objects.count(), HoldStep.objects.count(), FreezeCase.objects.count(), AuditEntry.objects.count())
    assert after == before


@pytest.mark.parametrize(("released", "source", "all_of_it"), [(False, "ESCROW", 10_000), (True, "FROZEN", 9_750)])
def test_all_that_is_frozen_leaves_the_trust_account_and_the_hold_is_done(
    kai: User, dee: User, released: bool, source: str, all_of_it: int
) -> None:
    bought = frozen(kai, dee, released=released)
    hand_over(bought, all_of_it, kai, dee)
    hold = hold_of(bought)
    assert (hold.state, hold.due_at, hold.reserved, hold.frozen_from) == ("seized", None, 0, "")
    assert legs_of(JournalKind.HAND_OVER) == [{Account[source]: all_of_it, Account.BANK_TRUST: -all_of_it}]
    step = HoldStep.objects.get(event="hand_over")
    assert (step.role, step.by_id, step.amount) == ("regulator", dee.pk, all_of_it)
    assert step.note == "(2026) 7-114 Pudong court, article 244"
    facts = {"case": "case 7", "asked_by": kai.pk, "amount": all_of_it, "currency": "CNY", **PAPER}
    assert AuditEntry.objects.get(action="escrow.hand_over").details == facts
    assert broken() == []


@pytest.mark.parametrize("released", [False, True])
def test_a_part_leaves_and_the_rest_stays_frozen_until_it_is_handed_over_or_freed(
    kai: User, dee: User, released: bool
) -> None:
    bought = frozen(kai, dee, released=released)
    hand_over(bought, 3_000, kai, dee)
    hand_over(bought, 1_000, kai, dee)
    assert (hold_of(bought).state, broken()) == ("frozen", [])
    decide_freeze(ask_to_freeze(bought.order_id, "over", by=dee).pk, grant=True, by=kai)
    assert hold_of(bought).state == ("aftersale" if released else "held")
    if not released:
        run(escrow.confirm(bought.order_id, by=Actor(Role.BUYER)))
        assert (hold_of(bought).released, hold_of(bought).commission) == (6_000, 150)
    assert broken() == []
    run(escrow.mature_due(end_of(bought)))
    yours = 5_750 if released else 5_850
    available = Entry.objects.filter(account=Account.SELLER_AVAILABLE).values_list("amount", flat=True)
    reserved = hold_of(bought).reserved
    assert -sum(available) + reserved == yours
    assert broken() == []


def test_what_a_court_left_can_still_go_back_to_the_buyer_and_no_more(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=True)
    hand_over(bought, 4_000, kai, dee)
    decide_freeze(ask_to_freeze(bought.order_id, "over", by=dee).pk, grant=True, by=kai)
    seller = Actor(Role.SELLER, 1)

    def give_back(amount: int | None, key: str) -> int:
        return run(escrow.give_back(bought.order_id, amount, reason=RefundReason.SELLER, key=key, by=seller))

    refuses(TooMuchBack, give_back, 5_898, "much")  # 10 000 × (9 750 − 4 000) / 9 750 = 5 897
    assert give_back(1_000, "some") == 1_000
    assert give_back(None, "rest") == 4_897
    assert (hold_of(bought).state, broken()) == ("aftersale", [])
    run(escrow.mature_due(end_of(bought)))
    assert (hold_of(bought).state, broken()) == ("settled", [])


def test_before_the_release_all_that_a_court_left_goes_back(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=False)
    hand_over(bought, 4_000, kai, dee)
    decide_freeze(ask_to_freeze(bought.order_id, "over", by=dee).pk, grant=True, by=kai)
    seller = Actor(Role.SELLER, 1)
    run(escrow.give_back(bought.order_id, None, reason=RefundReason.SELLER, key="k", by=seller))
    hold = hold_of(bought)
    assert (hold.state, hold.refunded, hold.seized_held, bought.order.state) == ("returned", 6_000, 4_000, "refunded")
    assert broken() == []


@pytest.mark.parametrize("amount", [0, -1, 9_751])
def test_no_more_than_is_frozen_and_not_nothing(kai: User, dee: User, amount: int) -> None:
    bought = frozen(kai, dee, released=True)
    refuses(TooMuchToHandOver, ask_to_hand_over, bought.order_id, order_of(amount), by=kai)


def test_one_person_is_not_two(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=True)
    asked = ask_to_hand_over(bought.order_id, order_of(3_000), by=kai)
    refuses(SamePerson, decide_freeze, asked.pk, grant=True, by=kai)
    flow = escrow.hand_over(bought.order_id, "paper", 3_000, by=(kai.pk, kai.pk))
    refuses(SamePerson, run, flow)


def test_a_decision_told_twice_is_carried_out_once(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=True)
    decided = hand_over(bought, 3_000, kai, dee)
    refuses(HoldMoved, decide_freeze, decided.pk, grant=True, by=dee)
    assert len(legs_of(JournalKind.HAND_OVER)) == 1


def test_only_one_thing_waits_for_an_order_at_a_time(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=True)
    ask_to_hand_over(bought.order_id, order_of(3_000), by=kai)
    refuses(HoldMoved, ask_to_hand_over, bought.order_id, order_of(3_000), by=dee)
    refuses(HoldMoved, ask_to_freeze, bought.order_id, "over", by=dee)


def test_what_is_not_frozen_is_not_handed_over(kai: User) -> None:
    bought = held()
    refuses(HoldMoved, ask_to_hand_over, bought.order_id, order_of(1), by=kai)
    refuses(HoldMoved, run, escrow.hand_over(bought.order_id, "paper", 1, by=(1, 2)))


def test_the_audit_finds_a_hand_over_that_nobody_granted(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=True)
    run(escrow.hand_over(bought.order_id, "no order at all", 1_000, by=(kai.pk, dee.pk)))
    assert broken() == ["handed_over_by_order"]


def test_a_seized_hold_is_over_for_everybody(kai: User, dee: User) -> None:
    bought = frozen(kai, dee, released=True)
    hand_over(bought, 9_750, kai, dee)
    order_id = bought.order_id
    refuses(HoldMoved, ask_to_freeze, order_id, "again", by=kai)
    refuses(HoldMoved, run, escrow.release(order_id, by=Actor(Role.ARBITER, 1)))
    refuses(HoldMoved, run, escrow.hand_over(order_id, "paper", 1, by=(1, 2)))
