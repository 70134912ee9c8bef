"""A payout by WeChat that waits for its payee is called back: the money comes back when WeChat says so, and once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.cast import adas_shop
from tests.flows.calling_back import ASKS, ASKS_AND_IS_SLOW, handed_over, looked_at, mails, now_of, open_place
from tests.flows.paying import Place
from tests.flows.payouts import account as bank_account
from tests.flows.payouts import ada_of, approved, finance, money_of
from tests.flows.rows import broken
from xinka.flows.payouts.confirming import confirming_at
from xinka.flows.payouts.gateway import ask_about_open, call_back, execute
from xinka.flows.payouts.mailing import News, mail_payout
from xinka.flows.payouts.wechat import WechatTransfers
from xinka.kernel.errors import ProviderError
from xinka.merchants.models import Membership
from xinka.payouts.errors import NotToBeCalledBack, NotYourOwn, PayoutNotFound
from xinka.payouts.models import Payout
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry
from xinka.sandbox import transfers
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Said

pytestmark = pytest.mark.django_db(transaction=True)

BACK = (1_000_000, 0, 0)


@pytest.fixture
def place(live_server: LiveServer, settings: Settings) -> Place:
    return open_place(live_server, settings)


@pytest.fixture
def payout(place: Place) -> Payout:
    return handed_over(place)


def acts() -> list[tuple[str, str]]:
    """Return who called what back, as the audit has it."""
    found = AuditEntry.objects.filter(action="payout.call_back").order_by("id")
    return [(entry.actor_name, str(entry.details["role"])) for entry in found]


def confirmed() -> bool:
    """Let the payee confirm; false if it is too late for that."""
    return transfers.say(SandboxTransfer.objects.get(), Said.YES, timezone.now())


def test_finance_calls_it_back_and_the_money_comes_back_once_wechat_has_it(place: Place, payout: Payout) -> None:
    dee = finance()
    call_back(payout.id, by=dee)
    assert (now_of(payout).state, money_of(place.shop)) == (PayoutState.SENDING, (1_000_000 - ASKS, ASKS, 0))
    assert "said" not in SandboxTransfer.objects.get().facts, "it is written down before WeChat hears of it"
    assert execute(payout.id) == PayoutState.CANCELLED
    assert SandboxTransfer.objects.get().facts["said"] == Said.CANCELLED
    after = now_of(payout)
    assert (after.package, after.confirm_by, after.due_at, after.problem) == (None, None, None, "")
    assert (money_of(place.shop), place.left()) == (BACK, 0)
    for _ in range(2):
        assert looked_at(payout) == PayoutState.CANCELLED
    assert (money_of(place.shop), acts()) == (BACK, [(str(dee), "finance")])
    assert mails() == [News.ASKED, News.CONFIRM, News.CALLED_BACK]
    assert broken() == []


def test_the_merchant_calls_it_back_and_asking_twice_is_asking_once(place: Place, payout: Payout) -> None:
    ada = ada_of(place.shop)
    first = call_back(payout.id, by=ada, payee=Payee.of_merchant(place.shop.id))
    again = call_back(payout.id, by=ada, payee=Payee.of_merchant(place.shop.id))
    assert first.called_back_at == again.called_back_at is not None
    assert acts() == [(str(ada), "seller")]
    assert execute(payout.id) == PayoutState.CANCELLED


def test_the_letter_says_that_it_was_called_back(place: Place, payout: Payout) -> None:
    call_back(payout.id, by=finance())
    assert mail_payout(payout.id, News.CONFIRM) == 0, "a letter that was slow does not ask to confirm it any more"
    execute(payout.id)
    assert mail_payout(payout.id, News.CALLED_BACK) == len(mail.outbox) >= 1
    (ada,) = [one for one in mail.outbox if one.to == ["ada@ada-cards.example"]]
    assert ada.subject == "400.08 CNY 已撤回"
    assert "钱已回到余额" in str(ada.body)


def test_a_payee_who_confirmed_before_wechat_was_asked_is_paid(place: Place, payout: Payout) -> None:
    call_back(payout.id, by=finance())
    assert confirmed()
    assert execute(payout.id) == PayoutState.PAID
    assert (money_of(place.shop), place.left()) == ((1_000_000 - ASKS, 0, 0), ASKS)
    assert mails()[-1] == News.PAID
    assert broken() == []


def test_a_payee_who_confirms_in_the_very_moment_is_paid_though_wechat_said_it_still_waited(
    place: Place, payout: Payout, monkeypatch: pytest.MonkeyPatch
) -> None:
    truly = WechatTransfers.cancel

    def too_late(self: WechatTransfers, number: str, reference: str = "") -> None:
        assert confirmed()
        truly(self, number, reference)

    monkeypatch.setattr(WechatTransfers, "cancel", too_late)
    call_back(payout.id, by=finance())
    assert execute(payout.id) == PayoutState.PAID
    assert (money_of(place.shop), place.left()) == ((1_000_000 - ASKS, 0, 0), ASKS)
    assert broken() == []


def test_while_wechat_is_taking_it_back_the_money_is_nobodys(place: Place) -> None:
    payout = place.sending(ASKS_AND_IS_SLOW)
    execute(payout.id)
    call_back(payout.id, by=finance())
    assert execute(payout.id) == PayoutState.SENDING
    assert now_of(payout).problem == "WeChat is taking it back"
    assert money_of(place.shop) == (1_000_000 - ASKS_AND_IS_SLOW, ASKS_AND_IS_SLOW, 0)
    assert not confirmed()
    assert looked_at(payout, after=transfers.SLOW_FOR) == PayoutState.CANCELLED
    assert (money_of(place.shop), place.left()) == (BACK, 0)
    assert broken() == []


@pytest.mark.parametrize("arrives", [True, False])
def test_an_answer_that_never_came_is_asked_for_and_not_guessed(
    place: Place, payout: Payout, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    truly = WechatTransfers.cancel

    def silent(self: WechatTransfers, number: str, reference: str = "") -> None:
        if arrives:
            truly(self, number, reference)
        raise ProviderError("no answer in 10 s")

    monkeypatch.setattr(WechatTransfers, "cancel", silent)
    call_back(payout.id, by=finance())
    assert execute(payout.id) == (PayoutState.CANCELLED if arrives else PayoutState.SENDING)
    if not arrives:
        assert "no answer in 10 s" in now_of(payout).problem
        assert money_of(place.shop) == (1_000_000 - ASKS, ASKS, 0)
        monkeypatch.setattr(WechatTransfers, "cancel", truly)
        assert looked_at(payout) == PayoutState.CANCELLED
    assert money_of(place.shop) == BACK
    assert broken() == []


def test_a_shop_that_died_after_writing_it_down_asks_when_it_is_back(place: Place, payout: Payout) -> None:
    call_back(payout.id, by=finance())
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):
        assert ask_about_open(timezone.now()) == 1
        assert execute(payout.id) == PayoutState.CANCELLED
    assert money_of(place.shop) == BACK


def test_a_shop_that_died_between_asking_and_hearing_finds_out(
    place: Place, payout: Payout, monkeypatch: pytest.MonkeyPatch
) -> None:
    truly = WechatTransfers.cancel

    def last_act(self: WechatTransfers, number: str, reference: str = "") -> None:
        truly(self, number, reference)
        raise KeyboardInterrupt

    monkeypatch.setattr(WechatTransfers, "cancel", last_act)
    call_back(payout.id, by=finance())
    with pytest.raises(KeyboardInterrupt):
        execute(payout.id)
    assert money_of(place.shop) == (1_000_000 - ASKS, ASKS, 0)
    assert looked_at(payout) == PayoutState.CANCELLED
    assert (money_of(place.shop), place.left()) == (BACK, 0)


def test_what_wechat_has_forgotten_is_not_sent_again_once_it_was_called_back(place: Place, payout: Payout) -> None:
    call_back(payout.id, by=finance())
    SandboxTransfer.objects.all().delete()
    assert looked_at(payout, after=timedelta(hours=1)) == PayoutState.SENDING
    assert (SandboxTransfer.objects.count(), now_of(payout).attempts) == (0, 1)
    assert "look there and enter what became of it" in now_of(payout).problem
    assert money_of(place.shop) == (1_000_000 - ASKS, ASKS, 0)


def test_its_page_does_not_ask_to_confirm_it_any_more(payout: Payout) -> None:
    call_back(payout.id, by=finance())
    found = confirming_at(now_of(payout), "https://shop.example/x", device="wechat", now=timezone.now())
    assert (found.call, found.problem) == (None, "")


def test_nothing_else_is_called_back(place: Place, payout: Payout, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed()
    looked_at(payout)
    ready, sent = approved(bank_account(place.shop), 10_000), place.sending(20_000)
    execute(sent.id)
    assert looked_at(sent) == PayoutState.PAID
    for other in (payout, ready, sent):
        before = now_of(other).state
        with pytest.raises(NotToBeCalledBack):
            call_back(other.id, by=finance())
        assert (now_of(other).state, now_of(other).called_back_at) == (before, None)
    waiting = place.sending(ASKS)
    execute(waiting.id)
    monkeypatch.setattr("xinka.flows.payouts.gateway.payer_of", lambda _channel: object())  # it takes nothing back
    with pytest.raises(NotToBeCalledBack):
        call_back(waiting.id, by=finance())
    assert acts() == []


def test_eve_calls_nothing_back_and_dee_nothing_of_a_shop_of_hers(place: Place, payout: Payout) -> None:
    eves, dee = adas_shop(slug="eves-cards"), finance()
    Membership.objects.create(merchant=place.shop, user=dee, role="clerk")
    with pytest.raises(PayoutNotFound):
        call_back(payout.id, by=ada_of(eves), payee=Payee.of_merchant(eves.id))
    with pytest.raises(PayoutNotFound):
        call_back(UUID(int=7), by=finance())
    with pytest.raises(NotYourOwn):
        call_back(payout.id, by=dee)
    assert now_of(payout).called_back_at is None
    assert acts() == []
