"""Silence has consequences, each once: also with two workers, also late, never early."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connections

from tests.flows.disputing import BUYER, NOW, SELLER, Trade, dee, in_escrow, later, trade, verdict
from tests.flows.rows import broken
from xinka.disputes.models import Case, CaseMove
from xinka.disputes.states import CaseState, Outcome
from xinka.flows.disputes import cases, deciding
from xinka.flows.disputes.timers import fire_due
from xinka.flows.escrow import freeze
from xinka.ledger.models import Entry
from xinka.payments.models import Refund
from xinka.platform.database.django_drive import run


@pytest.fixture(autouse=True)
def _fresh_vault() -> Iterator[None]:
    from xinka.platform.vault import keys

    keys.forget()
    yield
    keys.forget()


def now_of(case: Case) -> Case:
    return Case.objects.get(id=case.id)


def refunds(deal: Trade) -> list[int]:
    return list(Refund.objects.filter(order_id=deal.order.id).values_list("amount", flat=True))


@pytest.mark.django_db
def test_a_silent_seller_gives_the_money_back_at_the_hour_and_not_before() -> None:
    deal = trade()
    case = deal.complain()
    assert fire_due(later(hours=11, minutes=59)) == 0
    assert fire_due(later(hours=12)) == 1
    assert fire_due(later(days=30)) == 0
    assert (now_of(case).outcome, refunds(deal), deal.order.state) == (Outcome.REFUNDED, [9800], "refunded")
    assert broken() == []


@pytest.mark.django_db
def test_a_silent_seller_gives_the_one_piece_back_and_keeps_the_other_held() -> None:
    deal = trade()
    deal.complain(2)
    assert fire_due(later(days=9)) == 1
    assert (refunds(deal), in_escrow(deal.bought), deal.stops) == ([4900], 4900, set())
    assert broken() == []


@pytest.mark.django_db
def test_a_question_nobody_answers_goes_to_staff_as_a_dispute() -> None:
    deal = trade()
    case = deal.complain(question=True)
    assert fire_due(later(hours=12)) == 1
    seen = now_of(case)
    assert (seen.kind, seen.state, deal.stops) == ("dispute", CaseState.UNDER_REVIEW, {"dispute"})
    assert seen.due_at == later(hours=12 + 72)
    assert broken() == []


@pytest.mark.django_db
def test_a_silent_buyer_lets_the_money_go_on_its_way() -> None:
    deal = trade()
    case = deal.complain()
    cases.write(case.id, "Try again.", by=SELLER, now=NOW)
    assert fire_due(later(hours=48)) == 1
    assert (now_of(case).outcome, refunds(deal), in_escrow(deal.bought)) == (Outcome.LAPSED, [], 9800)
    assert deal.stops == set()
    assert deal.hold.due_at is not None
    assert broken() == []


@pytest.mark.django_db
def test_staff_who_are_late_are_shown_as_late_and_decide_all_the_same() -> None:
    deal = trade()
    case = cases.escalate(deal.complain().id, by=SELLER, now=NOW)
    assert fire_due(later(days=3)) == 1
    seen = now_of(case)
    assert (seen.state, seen.is_late, seen.due_at) == (CaseState.UNDER_REVIEW, True, None)
    assert deciding.decide(case.id, verdict("refund"), by=dee(), now=later(days=4)).is_late is False


@pytest.mark.django_db
def test_a_decision_nobody_appeals_is_carried_out_when_its_time_is_over() -> None:
    deal = trade()
    case = cases.escalate(deal.complain().id, by=SELLER, now=NOW)
    deciding.decide(case.id, verdict("part", 1800), by=dee(), now=NOW)
    assert fire_due(later(hours=71)) == 0
    assert fire_due(later(hours=72)) == 1
    assert (refunds(deal), in_escrow(deal.bought), deal.hold.state) == ([1800], 0, "aftersale")
    assert now_of(case).outcome == Outcome.PART_REFUNDED
    assert broken() == []


@pytest.mark.django_db
def test_an_answer_takes_the_timer_off() -> None:
    deal = trade()
    case = deal.complain()
    cases.write(case.id, "Which?", by=SELLER, now=later(hours=11))
    cases.write(case.id, "Both.", by=BUYER, now=later(hours=11.5))
    assert fire_due(later(hours=13)) == 0
    assert now_of(case).state == CaseState.AWAITS_SELLER


@pytest.mark.django_db
def test_a_timer_waits_while_the_authorities_hold_the_money() -> None:
    deal = trade()
    case = deal.complain()
    run(freeze(deal.order.id, "court 12", by=(dee().pk, dee("dan").pk)))
    assert fire_due(later(hours=13)) == 0
    seen = now_of(case)
    assert (seen.state, seen.due_at, refunds(deal)) == (CaseState.AWAITS_SELLER, later(hours=14), [])


def _together(moments: list[datetime]) -> list[int]:
    """Fire from several connections at once."""
    gate, fired = threading.Barrier(len(moments)), []

    def work(now: datetime) -> None:
        try:
            gate.wait(10)
            fired.append(fire_due(now))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(moment,)) for moment in moments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return fired


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_fire_each_timer_once() -> None:
    deal = trade(quantity=1)
    case = deal.complain()
    fired = _together([later(hours=12), later(hours=13), later(hours=14), later(days=2)])
    assert sum(fired) == 1
    assert refunds(deal) == [4900]
    assert list(CaseMove.objects.filter(case=case).values_list("event", flat=True)) == ["open", "seller_silent"]
    assert -sum(Entry.objects.filter(order_id=deal.order.id, account=3).values_list("amount", flat=True)) == 4900
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_answer_in_the_last_moment_and_the_timer_do_not_both_count() -> None:
    deal = trade(quantity=1)
    case = deal.complain()
    gate, outcomes = threading.Barrier(2), []

    def answer() -> None:
        try:
            gate.wait(10)
            cases.write(case.id, "Here I am.", by=SELLER, now=later(hours=12))
            outcomes.append("answered")
        except cases.CaseMoved:
            outcomes.append("too late")
        finally:
            connections.close_all()

    def fire() -> None:
        try:
            gate.wait(10)
            outcomes.append(f"fired {fire_due(later(hours=12))}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=target) for target in (answer, fire)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) in (["answered", "fired 0"], ["fired 1", "too late"])
    assert (refunds(deal) == [4900]) is (now_of(case).state == CaseState.CLOSED)
    assert broken() == []
