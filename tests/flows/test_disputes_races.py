"""Several people at one case at one moment: one of them counts; a death at any statement leaves nothing half-done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction

from tests import cast
from tests.flows.disputing import BUYER, NOW, SELLER, Trade, dee, in_escrow, later, trade, verdict
from tests.flows.rows import broken, leaves_nothing
from xinka.delivery.models import DeliveredCode
from xinka.disputes.models import Case
from xinka.disputes.states import CaseState, Offer
from xinka.flows.disputes import cases, chargebacks, deciding, money
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.flows.escrow import confirm, mature_due
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Query, Row
from xinka.payments.models import Receipt, Refund
from xinka.platform.database import drive
from xinka.platform.database.django_drive import run


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


def _waits_somewhere() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.01)


def _open_chargeback(deal: Trade) -> str:
    """Open one about all of an order; return ``done``, or why the database ended it."""
    receipt = Receipt.objects.get(order_id=deal.order.id)
    try:
        chargebacks.open_chargeback(Chargeback(receipt.channel_id, receipt.trade_no, receipt.trade_no, 0), now=NOW)
    except OperationalError as error:
        return type(error.__cause__).__name__
    return "done"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False])
def test_three_chargebacks_at_once_against_who_never_owed_anything(
    is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first makes the debt's row while the second waits for the others; the third locks that row before them."""
    ware = cast.ware(cast.adas_shop(), 7, sku={"price": 4900})
    channel = cast.channel()
    deals = [Trade(ware, cast.buy(ware.sku, channel, quantity=quantity)) for quantity in (1, 2, 2, 2)]
    for deal in deals:
        cast.settle(cast.money_for(deal.bought, trade_no=str(deal.bought.order_id)))
    run(confirm(deals[0].order.id, by=BUYER))
    run(mature_due(later(days=60)))
    if not is_guarded:
        monkeypatch.setattr(money, "lock_payee", lambda _payee: None)
    lock, has_locked, go_on = money.lock_balances, threading.Event(), threading.Event()

    def locks(merchant_id: int, currency: str) -> None:
        lock(merchant_id, currency)
        if threading.current_thread().name == "second":
            has_locked.set()
            go_on.wait(30)

    monkeypatch.setattr(money, "lock_balances", locks)
    outcomes: list[str] = []

    def another(deal: Trade) -> None:
        outcomes.append(_open_chargeback(deal))
        connections.close_all()

    second, third = (
        threading.Thread(target=another, args=(deal,), name=name)
        for deal, name in zip(deals[2:], ("second", "third"), strict=True)
    )
    with transaction.atomic():
        outcomes.append(_open_chargeback(deals[1]))
        second.start()
        _wait_until(_waits_somewhere)
    _wait_until(has_locked.is_set)
    third.start()
    _wait_until(_waits_somewhere)
    go_on.set()
    second.join(60)
    third.join(60)
    assert sorted(outcomes) == (["done"] * 3 if is_guarded else ["DeadlockDetected", "done", "done"])
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
