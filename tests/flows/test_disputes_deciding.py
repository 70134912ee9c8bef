"""Staff decide a case; money moves once: when nobody appeals, or when the one appeal is decided."""

from __future__ import annotations

import pytest

from tests import cast
from tests.flows.disputing import BUYER, NOW, SELLER, Trade, dee, in_escrow, later, trade, verdict
from tests.flows.rows import broken, leaves_nothing
from xinka.disputes import errors
from xinka.disputes.models import Case
from xinka.disputes.states import CaseState
from xinka.flows.disputes import cases, deciding
from xinka.flows.escrow import confirm
from xinka.kernel.errors import Refusal
from xinka.payments.models import Refund
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    from xinka.platform.vault import keys

    keys.forget()


@pytest.fixture
def deal() -> Trade:
    """Two pieces for 98.00, delivered."""
    return trade()


def refunded(deal: Trade) -> int:
    return sum(Refund.objects.filter(order_id=deal.order.id).values_list("amount", flat=True))


def now_of(case: Case) -> Case:
    return Case.objects.get(id=case.id)


@pytest.fixture
def case(deal: Trade) -> Case:
    case = deal.complain()
    return cases.escalate(case.id, by=SELLER, now=NOW)


def test_nothing_moves_while_a_decision_can_be_appealed(deal: Trade, case: Case) -> None:
    deciding.decide(case.id, verdict("refund"), by=dee(), now=NOW)
    assert (refunded(deal), deal.stops, now_of(case).state) == (0, {"dispute"}, CaseState.DECIDED)
    deciding.waive(case.id, by=SELLER, now=NOW)
    assert (refunded(deal), deal.order.state, now_of(case).outcome) == (9800, "refunded", "refunded")
    assert broken() == []


def test_a_part_waits_for_both_and_the_rest_is_released(deal: Trade, case: Case) -> None:
    deciding.decide(case.id, verdict("part", 3000), by=dee(), now=NOW)
    deciding.waive(case.id, by=SELLER, now=NOW)
    assert refunded(deal) == 0
    deciding.waive(case.id, by=BUYER, now=NOW)
    assert (refunded(deal), in_escrow(deal.bought), deal.hold.state) == (3000, 0, "aftersale")
    assert (deal.hold.released, deal.stops) == (6800, set())
    assert broken() == []


def test_released_to_the_merchant(deal: Trade, case: Case) -> None:
    deciding.decide(case.id, verdict("release"), by=dee(), now=NOW)
    deciding.waive(case.id, by=BUYER, now=NOW)
    assert (refunded(deal), deal.hold.state, deal.hold.released) == (0, "aftersale", 9800)
    assert broken() == []
    with pytest.raises(errors.DecidedBefore):
        leaves_nothing(deal.complain)


def test_a_decision_about_one_piece_does_not_release_the_other(deal: Trade) -> None:
    case = cases.escalate(deal.complain(1).id, by=SELLER, now=NOW)
    deciding.decide(case.id, verdict("release"), by=dee(), now=NOW)
    deciding.waive(case.id, by=BUYER, now=NOW)
    assert (deal.hold.state, deal.stops) == ("held", set())
    assert broken() == []


def test_one_appeal_decided_by_another_person_for_good(deal: Trade, case: Case) -> None:
    first, second = dee(), dee("dan")
    deciding.decide(case.id, verdict("release"), by=first, now=NOW)
    deciding.appeal(case.id, "They never answered me.", by=BUYER, now=NOW)
    with pytest.raises(errors.NotImpartial):
        leaves_nothing(lambda: deciding.decide_appeal(case.id, verdict("release"), by=first, now=NOW))
    deciding.decide_appeal(case.id, verdict("refund"), by=second, now=NOW)
    assert (refunded(deal), now_of(case).outcome, deal.stops) == (9800, "refunded", set())
    with pytest.raises(errors.CannotAppeal):
        leaves_nothing(lambda: deciding.appeal(case.id, "again", by=SELLER, now=NOW))
    assert broken() == []


def test_who_got_everything_cannot_appeal(case: Case) -> None:
    deciding.decide(case.id, verdict("refund"), by=dee(), now=NOW)
    with pytest.raises(errors.CannotAppeal):
        leaves_nothing(lambda: deciding.appeal(case.id, "more", by=BUYER, now=NOW))


def test_after_its_time_nobody_appeals(case: Case) -> None:
    deciding.decide(case.id, verdict("release"), by=dee(), now=NOW)
    with pytest.raises(errors.CannotAppeal):
        leaves_nothing(lambda: deciding.appeal(case.id, "late", by=BUYER, now=later(hours=72)))


def test_who_has_a_part_in_the_trade_does_not_decide(case: Case) -> None:
    from xinka.accounts.models import User

    bo = User.objects.get(email="bo@ada-cards.example")
    User.objects.filter(id=bo.id).update(is_staff=True)
    bo.refresh_from_db()
    for person in (bo, cast.person(cast.CY, staff=True), cast.person("eve@example.com")):
        with pytest.raises(errors.NotImpartial):
            leaves_nothing(lambda by=person: deciding.decide(case.id, verdict("refund"), by=by, now=NOW))


def test_a_decision_has_reasons_and_a_part_is_a_part(case: Case) -> None:
    judge = dee()
    bare = deciding.Verdict(verdict("refund").decision, "because")
    for bad in (bare, verdict("part", 0), verdict("part", 9800)):
        with pytest.raises(Refusal):
            leaves_nothing(lambda bad=bad: deciding.decide(case.id, bad, by=judge, now=NOW))


def test_staff_are_needed_before_they_may_decide(deal: Trade) -> None:
    case = deal.complain()
    judge = dee()
    with pytest.raises(errors.CaseMoved):
        leaves_nothing(lambda: deciding.decide(case.id, verdict("refund"), by=judge, now=NOW))


def test_a_claim_that_is_rejected_goes_on_maturing(deal: Trade) -> None:
    run(confirm(deal.order.id, by=BUYER))
    case = cases.escalate(deal.complain().id, by=SELLER, now=NOW)
    deciding.decide(case.id, verdict("release"), by=dee(), now=NOW)
    deciding.waive(case.id, by=BUYER, now=NOW)
    assert (deal.hold.state, deal.hold.due_event, deal.stops) == ("aftersale", "mature", set())
    assert deal.hold.due_at is not None
    assert broken() == []
