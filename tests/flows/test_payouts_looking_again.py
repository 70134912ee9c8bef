"""A gateway that paid is asked for some days more; what it then says has failed came back, and nothing else has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.flows.calling_back import now_of
from tests.flows.paying import ACCOUNTS, Place
from tests.flows.payouts import ada_of, finance
from tests.flows.rows import broken
from tests.flows.waiting import at_once
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.gateway import execute, settle_by_hand
from xinka.flows.payouts.looking_again import LOOKS_FOR, ask_gateway_again, look_after_paid, look_again
from xinka.flows.payouts.returning import Returned, enter_return
from xinka.flows.payouts.sending import Outcome
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry
from xinka.ledger.queries import balance_of
from xinka.payouts.errors import KeptTooMuch, NotYourOwn, PayoutMoved
from xinka.payouts.models import Payout, PayoutReturn
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.vault import keys
from xinka.sandbox.models import SandboxTransfer

pytestmark = pytest.mark.django_db(transaction=True)

AMOUNT = 40_000


@pytest.fixture(params=sorted(set(ACCOUNTS) - {"wechat"}))
def place(request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings) -> Place:
    """A gateway that may say, days after it paid, that a bank returned it."""
    keys.forget()
    settings.SITE_URL = live_server.url
    return Place(request.param, live_server.url)


@pytest.fixture
def epay(live_server: LiveServer, settings: Settings) -> Place:
    keys.forget()
    settings.SITE_URL = live_server.url
    return Place("epay_v2", live_server.url)


def paid(place: Place) -> Payout:
    payout = place.sending(AMOUNT)
    execute(payout.id)  # at PayPal the first answer names the batch, and the second what became of it
    assert execute(payout.id) == PayoutState.PAID
    return now_of(payout)


def available(place: Place) -> int:
    return balance_of(Account.SELLER_AVAILABLE, place.shop.id, place.currency)


def bank_returns_it() -> None:
    SandboxTransfer.objects.update(ending="fails")


def test_what_it_says_came_back_is_on_the_balance_again_by_its_word_alone(place: Place) -> None:
    payout = paid(place)
    assert look_again(payout.id) == PayoutState.PAID
    assert available(place) == 1_000_000 - AMOUNT
    bank_returns_it()
    for _ in range(2):
        assert look_again(payout.id) == PayoutState.RETURNED
    assert (available(place), place.left()) == (1_000_000, 0)
    entry = PayoutReturn.objects.get()
    assert (entry.asked_by, entry.decided_by, entry.eyes, entry.state) == (None, None, 0, "done")
    legs = Entry.objects.filter(kind=JournalKind.PAYOUT_RETURNED).values_list("account", "channel_id", "amount")
    assert set(legs) == {
        (Account.CLEARING, place.channel.id, AMOUNT),
        (Account.SELLER_AVAILABLE, place.channel.id, -AMOUNT),
    }
    assert AuditEntry.objects.get(action="payout.return").actor_name == "xinka"
    assert broken() == []


def test_what_it_does_not_know_any_more_did_not_come_back(epay: Place) -> None:
    payout = paid(epay)
    SandboxTransfer.objects.all().delete()
    assert look_again(payout.id) == PayoutState.PAID
    assert available(epay) == 1_000_000 - AMOUNT


def test_a_return_of_another_amount_is_not_believed(epay: Place) -> None:
    payout = paid(epay)
    SandboxTransfer.objects.update(ending="fails", money=AMOUNT + 1)
    assert look_again(payout.id) == PayoutState.PAID
    assert available(epay) == 1_000_000 - AMOUNT


def test_it_is_asked_once_a_day_for_two_weeks(epay: Place) -> None:
    payout, now = paid(epay), timezone.now()
    assert look_after_paid(now) == 0
    tomorrow = now + timedelta(days=1, minutes=1)
    assert [look_after_paid(tomorrow) for _ in range(2)] == [1, 0]
    look_again(payout.id, now=tomorrow)
    due = now_of(payout).due_at
    assert due == tomorrow + timedelta(days=1)
    look_again(payout.id, now=now + LOOKS_FOR)
    assert now_of(payout).due_at is None
    assert look_after_paid(now + timedelta(days=100)) == 0


def test_what_is_not_paid_or_was_sent_in_a_file_is_not_asked_about(epay: Place) -> None:
    payout = epay.sending(AMOUNT)
    assert look_again(payout.id) == PayoutState.SENDING
    with pytest.raises(PayoutMoved):
        ask_gateway_again(payout.id, by=finance())
    Payout.objects.filter(id=payout.id).update(state="paid", finished_at=timezone.now(), channel_id=0)
    assert look_again(payout.id) == PayoutState.PAID
    with pytest.raises(PayoutMoved):
        ask_gateway_again(payout.id, by=finance())


def test_whose_money_it_is_does_not_have_it_asked(epay: Place) -> None:
    payout = paid(epay)
    bank_returns_it()
    with pytest.raises(NotYourOwn):
        ask_gateway_again(payout.id, by=ada_of(epay.shop))
    assert now_of(payout).state == PayoutState.PAID
    assert ask_gateway_again(payout.id, by=finance()) == PayoutState.RETURNED


def test_what_somebody_proposed_gives_way_to_the_gateways_own_word(epay: Place, settings: Settings) -> None:
    payout = paid(epay)
    settings.PAYOUT_FOUR_EYES_FROM = settings.PAYOUT_FOUR_EYES_FROM.__class__({"CNY": 1})
    asked = enter_return(Returned(payout.id, "it came back", "TP-1"), key=new_uuid(), by=finance())
    bank_returns_it()
    assert look_again(payout.id) == PayoutState.RETURNED
    asked.refresh_from_db()
    assert (asked.state, available(epay)) == ("refused", 1_000_000)
    assert broken() == []


def test_what_a_gateway_kept_is_not_entered_by_hand(epay: Place) -> None:
    payout = paid(epay)
    with pytest.raises(KeptTooMuch):
        enter_return(Returned(payout.id, "it came back", "TP-1", 1), key=new_uuid(), by=finance())


@pytest.mark.race
def test_the_gateways_word_and_a_clerks_at_once_bring_it_back_once(epay: Place) -> None:
    payout, fay = paid(epay), finance()
    bank_returns_it()
    at_once(
        lambda: enter_return(Returned(payout.id, "it came back", "TP-1"), key=new_uuid(), by=fay),
        *[lambda: look_again(payout.id) for _ in range(3)],
    )
    assert (now_of(payout).state, available(epay)) == (PayoutState.RETURNED, 1_000_000)
    assert PayoutReturn.objects.filter(state="done").count() == 1
    assert broken() == [], shown(payout)


def test_what_a_person_looked_up_at_the_gateway_is_not_asked_about_again(epay: Place) -> None:
    payout = epay.sending(AMOUNT)
    settle_by_hand(payout.id, Outcome(payout.id, is_paid=True, reference="by hand"), by=finance())
    assert now_of(payout).due_at is None
    assert look_after_paid(timezone.now() + timedelta(days=2)) == 0
