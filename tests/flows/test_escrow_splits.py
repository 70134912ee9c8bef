"""Custody at a licensed provider: a release counts when the provider has confirmed it, however late, often or never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from tests import cast
from tests.flows.holding import books, end_of, held, history, hold_of, now, terms
from tests.flows.licensed import Licensed
from tests.flows.rows import broken
from xinka.accounts.models import User
from xinka.escrow.errors import HoldMoved, SharedOutAtProvider
from xinka.escrow.models import FreezeCase, Receiver, Split
from xinka.escrow.queries import splits_for_staff
from xinka.escrow.states import HoldState, SplitState, StopCause
from xinka.flows import escrow
from xinka.flows.escrow import splitting, timers
from xinka.flows.escrow.four_eyes import CourtOrder, ask_to_freeze, ask_to_hand_over, decide_freeze
from xinka.flows.escrow.releasing import shared
from xinka.flows.escrow.splitting import execute_split, mark_split_done, try_split_again
from xinka.flows.refunds import sending
from xinka.flows.refunds.sending import execute_refund
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import ProviderError
from xinka.payments.models import Refund
from xinka.payments.providers.protocol import Can
from xinka.payments.states import RefundReason, RefundState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

CY, DEE = Actor(Role.BUYER), Actor(Role.ARBITER, 2)


@pytest.fixture
def licensed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Licensed]:
    """The shop is in the mode in which a provider has custody."""
    settings.CUSTODY = "provider_split"
    made = Licensed()
    for room in (splitting, sending):
        monkeypatch.setattr(room, "provider_of", lambda _: made)
    yield made
    assert broken() == []


@pytest.fixture
def bought(licensed: Licensed) -> cast.Bought:
    """An order whose merchant is known to the provider."""
    terms(commission_bps=500)
    made = held()
    Receiver.objects.create(merchant_id=made.order.merchant_id, channel_id=made.channel.id, account="ada-at-psp")
    return made


def _the(action: str) -> Split:
    return Split.objects.get(action=action)


def _queued() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'escrow.split'")
        return int(cursor.fetchone()[0])


def _released(bought: cast.Bought) -> bool:
    return books(bought.order_id).get("seller_pending", 0) > 0


def test_a_release_waits_for_the_providers_word(licensed: Licensed, bought: cast.Bought) -> None:
    assert run(escrow.confirm(bought.order_id, by=CY)) is HoldState.HELD
    assert not _released(bought)
    assert _queued() == 1
    assert run(escrow.confirm(bought.order_id, by=CY)) is HoldState.HELD
    assert run(escrow.confirm_due(now() + timedelta(days=900))) == 0
    assert _queued() == 1
    assert execute_split(_the("share").id) is SplitState.DONE
    assert list(licensed.moved.values()) == [("share", 9_500, "ada-at-psp")]
    assert books(bought.order_id) == {"clearing": -10_000, "seller_pending": 9_500, "commission": 500}
    assert history(bought) == ["confirm", "shared"]


@pytest.mark.parametrize("mood", ["silent", "lost", "slow"])
def test_a_late_answer_releases_once(licensed: Licensed, bought: cast.Bought, mood: str) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    licensed.mood = mood
    for _ in range(3):
        with pytest.raises(ProviderError) as caught:
            execute_split(_the("share").id)
        assert not caught.value.permanent
        assert not _released(bought)
        if mood != "slow":
            break
    licensed.mood = "yes"
    assert execute_split(_the("share").id) is SplitState.DONE
    assert _released(bought)
    assert len(licensed.moved) == 1
    assert licensed.calls.count("share") == (2 if mood == "lost" else 1)


def test_an_answer_that_comes_twice_releases_once(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    for _ in range(3):
        assert execute_split(_the("share").id) is SplitState.DONE
    run(shared(bought.order_id))
    assert books(bought.order_id)["seller_pending"] == 9_500
    assert licensed.calls == ["share"]


def test_an_answer_that_never_comes_releases_nothing_and_ends_with_staff(
    licensed: Licensed, bought: cast.Bought
) -> None:
    dee = cast.person("dee@example.com", staff=True)
    run(escrow.confirm(bought.order_id, by=CY))
    licensed.mood = "slow"
    for _ in range(7):
        with pytest.raises(ProviderError):
            execute_split(_the("share").id)
    assert execute_split(_the("share").id) is SplitState.NEEDS_STAFF
    assert not _released(bought)
    mark_split_done(_the("share").id, by=dee, note="seen at the provider")
    assert _released(bought)
    assert AuditEntry.objects.get().action == "split.mark_done"
    with pytest.raises(HoldMoved):
        mark_split_done(_the("share").id, by=dee, note="again")


def test_a_merchant_the_provider_does_not_know_waits_for_staff_who_mend_it(
    licensed: Licensed, bought: cast.Bought
) -> None:
    dee = cast.person("dee@example.com", staff=True)
    Receiver.objects.all().delete()
    run(escrow.confirm(bought.order_id, by=CY))
    assert execute_split(_the("share").id) is SplitState.NEEDS_STAFF
    assert licensed.calls == []
    Receiver.objects.create(merchant_id=bought.order.merchant_id, channel_id=bought.channel.id, account="ada-now")
    try_split_again(_the("share").id, by=dee)
    assert execute_split(_the("share").id) is SplitState.DONE
    assert list(licensed.moved.values()) == [("share", 9_500, "ada-now")]


def test_a_channel_that_cannot_share_waits_for_staff(licensed: Licensed, bought: cast.Bought) -> None:
    licensed.can = frozenset({Can.REFUND})
    run(escrow.confirm_due(end_of(bought)))
    assert execute_split(_the("share").id) is SplitState.NEEDS_STAFF
    assert not _released(bought)


def test_what_matured_has_left_clearing_and_the_rest_is_let_go(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    execute_split(_the("share").id)
    run(escrow.mature_due(end_of(bought)))
    assert books(bought.order_id) == {"clearing": -500, "commission": 500}
    assert execute_split(_the("unfreeze").id) is SplitState.DONE
    assert licensed.calls == ["share", "unfreeze"]


def test_a_dispute_before_anything_was_sent_takes_the_share_back(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    run(escrow.stop(bought.order_id, StopCause.RISK, "r"))
    assert execute_split(_the("share").id) is SplitState.DROPPED
    assert licensed.calls == []
    run(escrow.resume(bought.order_id, StopCause.RISK, "r"))
    run(escrow.confirm_due(end_of(bought)))
    assert execute_split(Split.objects.get(action="share", state="due").id) is SplitState.DONE
    assert _released(bought)


def test_what_is_held_goes_back_without_any_share(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    run(escrow.give_back(bought.order_id, 4_000, reason=RefundReason.DISPUTE, key="a", by=DEE))
    assert execute_split(_the("share").id) is SplitState.DROPPED
    run(escrow.confirm_due(now()))
    execute_split(Split.objects.get(action="share", state="due").id)
    assert list(licensed.moved.values()) == [("share", 5_700, "ada-at-psp")]


def test_a_share_on_its_way_is_answered_before_anything_goes_back(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    licensed.mood = "slow"
    with pytest.raises(ProviderError):
        execute_split(_the("share").id)
    with pytest.raises(HoldMoved):
        run(escrow.give_back(bought.order_id, None, reason=RefundReason.DISPUTE, key="a", by=DEE))
    assert not Refund.objects.exists()


def test_a_refund_after_the_share_waits_until_the_seller_gave_it_back(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    execute_split(_the("share").id)
    run(escrow.give_back(bought.order_id, 5_000, reason=RefundReason.DISPUTE, key="a", by=DEE))
    refund = Refund.objects.get()
    assert execute_refund(refund.id) is RefundState.DUE
    assert licensed.refunded == []
    licensed.mood = "lost"
    with pytest.raises(ProviderError):
        execute_split(_the("return").id)
    assert execute_refund(refund.id) is RefundState.DUE
    licensed.mood = "yes"
    assert execute_split(_the("return").id) is SplitState.DONE
    assert licensed.moved[ids.show("spl", _the("return").id)][:2] == ("return", 4_750)
    assert execute_refund(refund.id) is RefundState.DONE
    assert licensed.refunded == [5_000]
    run(escrow.mature_due(end_of(bought)))
    assert books(bought.order_id) == {"clearing": -250, "commission": 250}


#: What a court wants to have in the tests below.
PAPER = CourtOrder(4_000, "Pudong court, article 244", "(2026) 7-114")


@pytest.fixture
def staff() -> tuple[User, User]:
    """Kai asks and Dee grants."""
    return cast.person("kai@example.com", staff=True), cast.person("dee@example.com", staff=True)


def _freeze_or_end_it(bought: cast.Bought, staff: tuple[User, User]) -> None:
    decide_freeze(ask_to_freeze(bought.order_id, "case 7", by=staff[0]).pk, grant=True, by=staff[1])


def test_what_a_provider_has_shared_out_is_not_handed_over_to_a_court(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User]
) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    execute_split(_the("share").id)
    _freeze_or_end_it(bought, staff)
    before = (books(bought.order_id), history(bought), FreezeCase.objects.count(), AuditEntry.objects.count())
    assert before[0] == {"clearing": -10_000, "frozen": 9_500, "commission": 500}
    with pytest.raises(SharedOutAtProvider, match="Send the court's document to the provider"):
        ask_to_hand_over(bought.order_id, PAPER, by=staff[0])
    for amount in (4_000, 9_500):
        with pytest.raises(SharedOutAtProvider):
            run(escrow.hand_over(bought.order_id, "(2026) 7-114", amount, by=(1, 2)))
    after = (books(bought.order_id), history(bought), FreezeCase.objects.count(), AuditEntry.objects.count())
    assert after == before
    _freeze_or_end_it(bought, staff)
    run(escrow.mature_due(end_of(bought)))
    assert books(bought.order_id) == {"clearing": -500, "commission": 500}


def test_what_a_court_had_before_is_not_shared_out(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User]
) -> None:
    _freeze_or_end_it(bought, staff)
    decide_freeze(ask_to_hand_over(bought.order_id, PAPER, by=staff[0]).pk, grant=True, by=staff[1])
    _freeze_or_end_it(bought, staff)
    run(escrow.confirm(bought.order_id, by=CY))
    assert execute_split(_the("share").id) is SplitState.DONE
    assert [moved[1] for moved in licensed.moved.values()] == [5_700]
    run(escrow.mature_due(end_of(bought)))
    assert books(bought.order_id) == {"clearing": -4_300, "bank_trust": 4_000, "commission": 300}


def _handed_over(bought: cast.Bought, staff: tuple[User, User], amount: int) -> None:
    paper = CourtOrder(amount, PAPER.basis, PAPER.reference)
    decide_freeze(ask_to_hand_over(bought.order_id, paper, by=staff[0]).pk, grant=True, by=staff[1])


def test_what_a_court_had_whole_the_provider_lets_go_to_the_shop_once(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User]
) -> None:
    _freeze_or_end_it(bought, staff)
    _handed_over(bought, staff, 4_000)
    assert not Split.objects.exists(), "the rest may still be shared"
    _handed_over(bought, staff, 6_000)
    split = _the("unfreeze")
    assert (split.state, split.amount, split.order_id, _queued()) == ("due", 0, bought.order_id, 1)
    for _ in range(3):
        assert execute_split(split.id) is SplitState.DONE
    assert list(licensed.moved.items()) == [(ids.show("spl", split.id), ("unfreeze", 0, "ada-at-psp"))]
    assert licensed.calls == ["unfreeze"]
    assert books(bought.order_id) == {"clearing": -10_000, "bank_trust": 10_000}
    assert hold_of(bought).state == "seized"


@pytest.mark.parametrize("mood", ["silent", "lost", "slow"])
def test_a_provider_that_answers_late_lets_it_go_once(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User], mood: str
) -> None:
    _freeze_or_end_it(bought, staff)
    _handed_over(bought, staff, 10_000)
    licensed.mood = mood
    with pytest.raises(ProviderError):
        execute_split(_the("unfreeze").id)
    licensed.mood = "yes"
    assert execute_split(_the("unfreeze").id) is SplitState.DONE
    assert licensed.calls.count("unfreeze") == (2 if mood == "lost" else 1)
    assert len(licensed.moved) == 1


def test_a_provider_that_refuses_or_never_answers_leaves_it_to_a_person(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User]
) -> None:
    _freeze_or_end_it(bought, staff)
    _handed_over(bought, staff, 10_000)
    licensed.mood = "no"
    split = _the("unfreeze")
    assert execute_split(split.id) is SplitState.NEEDS_STAFF
    assert [one.id for one in splits_for_staff()] == [split.id]
    licensed.mood = "slow"
    try_split_again(split.id, by=staff[1])
    for _ in range(7):
        with pytest.raises(ProviderError):
            execute_split(split.id)
    assert execute_split(split.id) is SplitState.NEEDS_STAFF
    mark_split_done(split.id, by=staff[1], note="finished on their page")
    assert (_the("unfreeze").state, splits_for_staff()) == ("done", [])
    act = AuditEntry.objects.get(action="split.mark_done")
    assert (act.actor_id, act.details["note"]) == (staff[1].pk, "finished on their page")
    licensed.mood = "yes"


def test_what_a_court_left_goes_back_and_what_it_had_is_let_go(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User]
) -> None:
    _freeze_or_end_it(bought, staff)
    _handed_over(bought, staff, 4_000)
    _freeze_or_end_it(bought, staff)
    run(escrow.give_back(bought.order_id, 1_000, reason=RefundReason.DISPUTE, key="a", by=DEE))
    assert not Split.objects.exists()
    run(escrow.give_back(bought.order_id, None, reason=RefundReason.DISPUTE, key="b", by=DEE))
    for _ in range(2):
        assert execute_split(_the("unfreeze").id) is SplitState.DONE
    assert (licensed.calls, hold_of(bought).state) == (["unfreeze"], "returned")
    for refund in Refund.objects.all():
        assert execute_refund(refund.id) is RefundState.DONE
    assert sorted(licensed.refunded) == [1_000, 5_000]


@pytest.mark.parametrize("mode", ["own_goods", "licensed"])
def test_where_no_provider_has_the_money_none_is_asked_to_let_it_go(
    licensed: Licensed, bought: cast.Bought, staff: tuple[User, User], settings: Settings, mode: str
) -> None:
    settings.CUSTODY = mode
    _freeze_or_end_it(bought, staff)
    _handed_over(bought, staff, 10_000)
    assert not Split.objects.exists()


def test_what_goes_back_whole_without_a_court_asks_for_nothing(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.give_back(bought.order_id, None, reason=RefundReason.DISPUTE, key="a", by=DEE))
    assert not Split.objects.exists()


def test_a_forgotten_split_is_queued_again(licensed: Licensed, bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=CY))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert timers.mend(now())["splits"] == 0
    assert timers.mend(now() + timedelta(minutes=11))["splits"] == 1
    assert timers.mend(now() + timedelta(minutes=11))["splits"] == 0
    assert _queued() == 1


@pytest.mark.parametrize("mode", ["own_goods", "licensed"])
def test_in_the_other_modes_the_provider_is_asked_nothing(
    licensed: Licensed, bought: cast.Bought, settings: Settings, mode: str
) -> None:
    settings.CUSTODY = mode
    assert run(escrow.confirm(bought.order_id, by=CY)) is HoldState.AFTERSALE
    assert not Split.objects.exists()
    assert hold_of(bought).state == "aftersale"
