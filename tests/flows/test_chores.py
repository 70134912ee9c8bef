"""The jobs of the house do all of their parts that can be done: a failure in one is told and holds up no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import cast
from tests.flows.disputing import Trade, later, trade
from xinka.disputes.models import Case
from xinka.flows.disputes import timers
from xinka.flows.disputes.timers import fire_due
from xinka.flows.escrow import ensure_hold
from xinka.flows.tasks import chores
from xinka.kernel.ids import new_uuid
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed
from xinka.platform.mail.models import LetterState, SentLetter

pytestmark = pytest.mark.django_db


def _break(*_: object) -> int:
    raise RuntimeError("a row that nobody thought of")


def test_the_nightly_tidying_does_what_comes_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    old = timezone.now() - timedelta(days=100)
    SentLetter.objects.create(
        kind="goods", subject=new_uuid(), message_id="<1@x>", state=LetterState.SENT, tried_at=old
    )
    for name in ("forget_unconfirmed", "forget_ended_sessions"):
        monkeypatch.setattr(chores, name, _break)
    with pytest.raises(SomeFailed, match=r"^unconfirmed accounts: .*; sessions: RuntimeError: a row"):
        chores.tidy.func(0)
    assert not SentLetter.objects.exists(), "what comes last was done all the same"


def test_a_round_that_cannot_open_a_shop_still_looks_for_what_was_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[str] = []
    monkeypatch.setattr(chores, "open_left_behind", _break)
    monkeypatch.setattr(chores.sweep, "sweep", lambda: rounds.append("swept"))
    with pytest.raises(SomeFailed, match=r"^shops: "):
        chores.sweep_round.func(0)
    assert rounds == ["swept"]


def test_a_case_that_cannot_be_moved_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = trade()
    other = cast.buy(deal.ware.sku, deal.bought.channel)
    cast.pay(other)
    run(ensure_hold(other.order_id))
    first, second = deal.complain(), Trade(deal.ware, other).complain()
    refund = timers._refund

    def break_first(case: Case, now: object) -> None:
        if case.id == first.id:
            _break()
        refund(case, now)  # type: ignore[arg-type]  # it is handed on as it came

    monkeypatch.setattr(timers, "_EVENTS", {**timers._EVENTS, timers.CaseEvent.SELLER_SILENT: break_first})
    with pytest.raises(SomeFailed, match=f"^case {first.id.hex}: RuntimeError"):
        fire_due(later(days=30))
    states = {case.id: case.state for case in Case.objects.all()}
    assert (states[first.id], states[second.id]) == ("awaits_seller", "closed")
    assert Case.objects.get(id=first.id).due_at == later(days=30, hours=1), "and it is tried again in an hour"
