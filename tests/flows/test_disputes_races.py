"""Several people at one case at one moment: one of them counts; a death at any statement leaves nothing half-done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connections

from tests.flows.disputing import BUYER, NOW, SELLER, Trade, dee, in_escrow, trade, verdict
from tests.flows.rows import broken, leaves_nothing
from xinka.delivery.models import DeliveredCode
from xinka.disputes.models import Case
from xinka.disputes.states import CaseState, Offer
from xinka.flows.disputes import cases, deciding
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Query, Row
from xinka.payments.models import Refund
from xinka.platform.database import drive


@pytest.fixture(autouse=True)
def _fresh_vault() -> Iterator[None]:
    from xinka.platform.vault import keys

    keys.forget()
    yield
    keys.forget()


def together(*acts: Callable[[], object]) -> list[str]:
    """Do things from several connections at once; return what came of each: ``done`` or a refusal's code."""
    gate, outcomes = threading.Barrier(len(acts)), []

    def work(act: Callable[[], object]) -> None:
        try:
            gate.wait(10)
            act()
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


def refunds(deal: Trade) -> list[int]:
    return list(Refund.objects.filter(order_id=deal.order.id).values_list("amount", flat=True))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_tabs_open_one_case() -> None:
    deal = trade()
    assert together(deal.complain, deal.complain, deal.complain) == ["case_is_open", "case_is_open", "done"]
    assert Case.objects.count() == 1
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_offer_is_taken_once_however_often_it_is_clicked() -> None:
    deal = trade()
    case = deal.complain(1)
    cases.offer(case.id, Offer.REPLACE, by=SELLER, now=NOW)
    clicks = [lambda: cases.accept(case.id, Offer.REPLACE, by=BUYER, now=NOW)] * 4
    assert together(*clicks) == ["case_moved"] * 3 + ["done"]
    assert DeliveredCode.objects.filter(order_id=deal.order.id).count() == 3
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_conceding_withdrawing_and_deciding_at_once_have_one_end() -> None:
    deal, judge = trade(), dee()
    case = cases.escalate(deal.complain().id, by=SELLER, now=NOW)
    outcomes = together(
        lambda: cases.concede(case.id, by=SELLER, now=NOW),
        lambda: cases.withdraw(case.id, by=BUYER, now=NOW),
        lambda: deciding.decide(case.id, verdict("release"), by=judge, now=NOW),
    )
    assert outcomes.count("done") == 1
    end = Case.objects.get(id=case.id)
    assert refunds(deal) == ([9800] if end.outcome == "refunded" else [])
    assert deal.stops == ({"dispute"} if end.state == CaseState.DECIDED else set())
    assert broken() == []


class Died(psycopg.OperationalError):
    """The process ends here."""


@pytest.mark.django_db
def test_a_death_at_any_statement_of_a_final_decision_leaves_nothing_half_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deal, first, second = trade(), dee(), dee("dan")
    case = cases.escalate(deal.complain().id, by=SELLER, now=NOW)
    deciding.decide(case.id, verdict("release"), by=first, now=NOW)
    deciding.appeal(case.id, "No.", by=BUYER, now=NOW)
    fetch, left = drive.fetch, [0]

    def dies(connection: psycopg.Connection[object], query: Query) -> list[Row]:
        left[0] -= 1
        if left[0] < 0:
            raise Died
        return fetch(connection, query)

    monkeypatch.setattr(drive, "fetch", dies)

    def decide() -> bool:
        try:
            deciding.decide_appeal(case.id, verdict("part", 3000), by=second, now=NOW)
        except Died:
            return False
        return True

    n = 0
    while True:
        left[0] = n
        before = Case.objects.get(id=case.id)
        if decide():
            break
        n += 1
        left[0] = 10**6
        assert Case.objects.get(id=case.id).version == before.version
        assert (refunds(deal), in_escrow(deal.bought), broken()) == ([], 9800, [])
    assert n >= 8, "it died at each of the statements that move money"
    left[0] = 10**6
    assert (refunds(deal), in_escrow(deal.bought), deal.hold.state) == ([3000], 0, "aftersale")
    assert broken() == []


@pytest.mark.django_db
def test_whoever_dies_while_the_letters_are_queued_has_moved_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = trade()
    case = deal.complain()

    def dies(_case: Case) -> None:
        raise Died

    monkeypatch.setattr(cases, "mail_move_later", dies)

    def concede() -> None:
        with pytest.raises(Died):
            cases.concede(case.id, by=SELLER, now=NOW)

    leaves_nothing(concede)
    assert Case.objects.get(id=case.id).state == CaseState.AWAITS_SELLER
    assert broken() == []
