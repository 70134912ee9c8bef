"""A payout by WeChat waits for its payee: what opens WeChat's page is kept sealed meanwhile, and the owners know."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.cast import adas_shop
from tests.flows.calling_back import ASKS, handed_over, looked_at, mails, now_of, open_place
from tests.flows.paying import Place
from tests.flows.payouts import money_of
from tests.flows.rows import broken
from xinka.flows.payouts.confirming import confirming_at, payout_at
from xinka.flows.payouts.gateway import ASK_AGAIN, ask_now, execute
from xinka.flows.payouts.mailing import News, mail_payout
from xinka.payments.providers.wechat import js_sdk
from xinka.payouts.access import allows_link, confirm_path
from xinka.payouts.details import package_place
from xinka.payouts.errors import PayoutNotFound
from xinka.payouts.models import Payout
from xinka.payouts.states import PayoutState
from xinka.platform.vault import keys
from xinka.sandbox import transfers
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Ending, Said
from xinka.sandbox.wechat.transfers import package_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(live_server: LiveServer, settings: Settings) -> Place:
    return open_place(live_server, settings)


@pytest.fixture
def payout(place: Place) -> Payout:
    return handed_over(place)


def test_what_opens_wechats_page_is_kept_sealed_and_the_owners_are_told_once(payout: Payout) -> None:
    made = SandboxTransfer.objects.select_related("merchant").get()
    assert payout.package is not None
    assert package_of(made).encode() not in bytes(payout.package)
    assert keys.open_envelope(payout.package, package_place(payout.id)).decode() == package_of(made)
    assert payout.confirm_by is not None
    assert abs(payout.confirm_by - (made.at + timedelta(hours=24))) < timedelta(seconds=1)
    for _ in range(3):
        assert looked_at(payout) == PayoutState.SENDING
    assert mails() == [News.ASKED, News.CONFIRM]
    assert (now_of(payout).attempts, made.tries) == (1, 1)
    assert now_of(payout).problem == "the payee has to confirm it in WeChat"


def test_the_letter_says_until_when_and_has_the_link(payout: Payout) -> None:
    assert mail_payout(payout.id, News.CONFIRM) == len(mail.outbox) >= 1
    (ada,) = [one for one in mail.outbox if one.to == ["ada@ada-cards.example"]]
    assert ada.subject == "在微信里确认收款 400.08 CNY"
    assert payout.confirm_by is not None
    words = str(ada.body)
    assert timezone.localtime(payout.confirm_by).strftime("%Y-%m-%d %H:%M") in words
    assert confirm_path(payout.id) in words


def test_confirmed_it_is_paid_and_nothing_of_what_opened_the_page_is_left(place: Place, payout: Payout) -> None:
    assert transfers.say(SandboxTransfer.objects.get(), Said.YES, timezone.now())
    assert looked_at(payout) == PayoutState.PAID
    after = now_of(payout)
    assert (after.package, after.confirm_by, after.problem) == (None, None, "")
    assert (money_of(place.shop), place.left()) == ((1_000_000 - ASKS, 0, 0), ASKS)
    assert mails() == [News.ASKED, News.CONFIRM, News.PAID]
    assert mail_payout(payout.id, News.CONFIRM) == 0, "a letter that was slow does not ask for what is done"
    assert broken() == []


@pytest.mark.parametrize("how", ["over", "lapsed"])
def test_what_is_not_confirmed_fails_and_the_money_comes_back(place: Place, payout: Payout, how: str) -> None:
    if how == "over":
        SandboxTransfer.objects.update(at=timezone.now() - timedelta(hours=24))
    else:
        transfers.say(SandboxTransfer.objects.get(), Said(how), timezone.now())
    assert looked_at(payout) == PayoutState.FAILED
    after = now_of(payout)
    assert (after.package, after.confirm_by) == (None, None)
    assert after.problem == "OVERDUE_CLOSE"
    assert (money_of(place.shop), place.left()) == ((1_000_000, 0, 0), 0)
    assert mails()[-1] == News.FAILED
    assert broken() == []


def test_what_somebody_took_back_at_wechat_itself_is_cancelled_here(place: Place, payout: Payout) -> None:
    transfers.say(SandboxTransfer.objects.get(), Said.CANCELLED, timezone.now())
    assert looked_at(payout) == PayoutState.CANCELLED
    assert (money_of(place.shop), place.left(), mails()[-1]) == ((1_000_000, 0, 0), 0, News.CALLED_BACK)
    assert broken() == []


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_number(place: Place) -> None:
    payout = place.sending(40_004)  # paid, and the answer to the sending never comes
    assert execute(payout.id) == PayoutState.SENDING
    assert not now_of(payout).awaits_payee
    SandboxTransfer.objects.update(ending=Ending.ASKS)
    assert looked_at(payout) == PayoutState.SENDING
    assert now_of(payout).awaits_payee
    assert (SandboxTransfer.objects.get().tries, SandboxTransfer.objects.count()) == (2, 1)
    assert looked_at(payout) == PayoutState.SENDING
    assert SandboxTransfer.objects.get().tries == 2, "once it is known, it is only asked about"
    assert mails() == [News.ASKED, News.CONFIRM]


def test_a_gateway_that_never_says_the_package_is_not_asked_for_it_for_ever(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinka.sandbox.wechat.transfers.package_of", lambda _found: "")
    payout = place.sending(ASKS)
    for n in range(9):
        with time_machine.travel(timezone.now() + n * ASK_AGAIN):
            assert execute(payout.id) == PayoutState.SENDING
    assert SandboxTransfer.objects.get().tries == 5
    assert not now_of(payout).awaits_payee


def test_the_database_keeps_no_package_of_what_has_ended(payout: Payout) -> None:
    with pytest.raises(IntegrityError, match="payout_package_while_sent"), transaction.atomic():
        Payout.objects.filter(id=payout.id).update(state="failed", finished_at=timezone.now())


def at(payout: Payout, *, device: str = "wechat", now: datetime | None = None) -> tuple[str, str]:
    """Return what the page calls, and what keeps it from that."""
    found = confirming_at(payout, "https://shop.example/x", device=device, now=now or timezone.now())
    return (found.call.call if found.call else "", found.problem)


def test_the_page_calls_wechat_with_what_it_was_given_and_only_in_wechat(place: Place, payout: Payout) -> None:
    found = confirming_at(payout, "https://shop.example/x", device="wechat", now=timezone.now())
    assert found.call is not None
    made = SandboxTransfer.objects.select_related("merchant").get()
    account = made.merchant
    assert dict(found.call.fields) == {
        "mchId": account.pid,
        "appId": account.secrets["appid"],
        "package": package_of(made),
    }
    assert found.call.config["jsApiList"] == ["requestMerchantTransfer"]
    assert package_of(made) not in repr(found)
    assert [at(payout, device=device) for device in ("pc", "mobile", "")] == [("", "")] * 3
    assert payout.confirm_by is not None
    assert at(payout, now=payout.confirm_by) == ("", "")
    transfers.say(made, Said.YES, timezone.now())
    looked_at(payout)
    assert at(now_of(payout)) == ("", "")


def test_without_the_apps_secret_the_page_says_what_is_missing(place: Place, payout: Payout) -> None:
    account = SandboxTransfer.objects.select_related("merchant").get().merchant
    account.secrets["app_secret"] = "0" * 32
    account.save()
    js_sdk.forget()
    call, problem = at(payout)
    assert call == ""
    assert "40125" in problem


def test_eve_guesses_no_link_and_one_link_opens_one_payout(place: Place, payout: Payout) -> None:
    other = place.sending(20_008)
    shown, _, proof = confirm_path(payout.id).removeprefix("/payouts/").partition("/confirm/")
    assert payout_at(shown, proof).id == payout.id
    theirs = confirm_path(other.id).removeprefix("/payouts/").partition("/confirm/")
    for wrong in (
        (shown, theirs[2]),
        (theirs[0], proof),
        (shown, ""),
        (shown, proof[:-1]),
        (shown, "é"),
        ("out_1", proof),
    ):
        with pytest.raises(PayoutNotFound):
            payout_at(*wrong)
    assert not allows_link(UUID(int=0), proof)


def test_a_payout_of_a_banks_file_has_no_such_page(place: Place) -> None:
    waiting = place.approved(30_000)
    with pytest.raises(PayoutNotFound):
        payout_at(*confirm_path(waiting.id).removeprefix("/payouts/").split("/confirm/"))


def test_whoever_says_it_is_confirmed_has_the_gateway_asked_once_in_ten_seconds(payout: Payout) -> None:
    moment = timezone.now() + timedelta(seconds=30)
    transfers.say(SandboxTransfer.objects.get(), Said.YES, timezone.now())
    with time_machine.travel(moment, tick=False):
        Payout.objects.filter(id=payout.id).update(due_at=moment + ASK_AGAIN - timedelta(seconds=9))
        assert not ask_now(payout.id, moment)
        assert now_of(payout).state == PayoutState.SENDING
        Payout.objects.filter(id=payout.id).update(due_at=moment + ASK_AGAIN - timedelta(seconds=10))
        assert ask_now(payout.id, moment)
    assert now_of(payout).state == PayoutState.PAID
    assert not ask_now(payout.id, moment + ASK_AGAIN * 9)


def test_another_shop_is_not_told(payout: Payout) -> None:
    adas_shop(slug="eves-cards")
    mail_payout(payout.id, News.CONFIRM)
    assert [one for one in mail.outbox if "eves-cards" in str(one.to)] == []
