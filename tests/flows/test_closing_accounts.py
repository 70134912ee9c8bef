"""Closing an account: nothing of the person is left, the books still hold, and what is open has to be ended first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import Mock

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from tests import cast
from tests.flows.poison import poison
from tests.flows.rows import broken
from xinka.accounts import closing
from xinka.accounts.errors import ClosingWaits, LastMailNotSent
from xinka.accounts.models import KnownDevice, Notice, SavedFilter, User
from xinka.accounts.notifying import send_notice
from xinka.disputes.models import ReplyTemplate
from xinka.flows import back_in_stock, closing_accounts, closing_shops
from xinka.flows.closing_accounts import close_account, close_due, ending_of
from xinka.flows.relay import relay_batch
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.merchants.models import Membership, Merchant, MerchantState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed
from xinka.promotions.models import Member
from xinka.stock.back_notes import address_of
from xinka.stock.models import BackNote

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english_mail_in_memory(settings: Settings) -> Iterator[None]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with override("en"):
        yield
    assert broken() == []


@pytest.fixture
def cy() -> User:
    """Cy, who buys and signs in with a passkey on one device."""
    cy = cast.person(cast.CY)
    User.objects.filter(pk=cy.pk).update(display_name="Cy the buyer", language="en")
    cy.refresh_from_db()
    Authenticator.objects.create(user=cy, type="webauthn", data={"name": "phone", "credential": {}})
    KnownDevice.objects.create(user=cy, cookie_hash=b"x" * 32, label="Chrome, Windows")
    SavedFilter.objects.create(user=cy, queue="cases", name="Mine", query="older=7")
    ReplyTemplate.objects.create(owner=cy, name="Mine", text="Hi", changed_at=timezone.now())
    return cy


def close(person: User, *, but_money: bool = False) -> list[str]:
    User.objects.filter(pk=person.pk, closed_at=None).update(language="en")
    person.refresh_from_db(fields=["language"])
    return [one.words for one in close_account(person, by="person", now=timezone.now(), but_money=but_money)]


def give(person: User, account: Account, amount: int) -> None:
    legs = (Leg(Account.BANK_TRUST, amount), Leg(account, -amount, person.pk))
    run(post([Journal(JournalKind.CORRECTION, f"given:{account:d}", "CNY", legs)]))


def test_nothing_that_tells_who_it_was_is_left(cy: User) -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 3).sku, cast.channel())
    cast.pay(bought)
    browser, others = Client(), Client()
    browser.post("/account/login/", {"login": cy.email, "password": cast.PASSWORD})
    others.post("/account/login/", {"login": cast.person(cast.EVE).email, "password": cast.PASSWORD})
    assert close(cy) == []
    row = User.objects.get(pk=cy.pk)
    assert (row.email, row.display_name, row.is_active) == (f"closed-{cy.pk}@account.invalid", "", False)
    assert row.closed_at is not None
    for kind in (EmailAddress, Authenticator, KnownDevice, SavedFilter, UserSession):
        assert not kind.objects.filter(user=cy).exists()
    assert not ReplyTemplate.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT u::text FROM accounts_user u WHERE id = %s", [cy.pk])
        text = cursor.fetchone()[0]
    assert "Cy the buyer" not in text
    assert cast.CY not in text
    assert (browser.get("/account/").status_code, others.get("/account/").status_code) == (302, 200)
    browser.post("/account/login/", {"login": cast.CY, "password": cast.PASSWORD})
    assert browser.get("/account/").status_code == 302
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([cast.CY], "Your account is closed")
    entry = AuditEntry.objects.get(action="account.close")
    assert (entry.subject, entry.actor_name, entry.details) == (f"#{cy.pk}", "xinka", {"by": "person"})


def test_what_an_address_of_theirs_waits_for_is_forgotten_and_of_nobody_else(cy: User) -> None:
    sku, now = cast.ware(cast.adas_shop()).sku, timezone.now()
    for address in (cast.CY, "cy.unproved@example.com", cast.EVE):
        back_in_stock.ask(sku, address, language="en", is_theirs=True, now=now)
    EmailAddress.objects.create(user=cy, email="cy.unproved@example.com", verified=False)
    assert close(cy) == []
    left = {address_of(note) for note in BackNote.objects.all()}
    assert left == {"cy.unproved@example.com", cast.EVE}, "an address that was not proved may be somebody else's"


def test_the_address_is_free_again_and_the_order_is_still_found(cy: User) -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 3).sku, cast.channel())
    cast.pay(bought)
    close(cy)
    found = Client().post("/orders/find", {"contact": cast.CY, "password": bought.password})
    assert found.status_code == 303
    again = cast.person(cast.CY)
    assert again.pk != cy.pk


def test_who_never_chose_a_language_gets_the_last_mail_in_the_shops_own(cy: User) -> None:
    User.objects.filter(pk=cy.pk).update(language="")
    closing.ask_to_close(cy, timezone.now())
    assert close_due(timezone.now() + closing.CLOSES_AFTER) == 1
    assert mail.outbox[-1].subject == "你的账号已注销"


def test_closing_twice_is_closing_once(cy: User) -> None:
    assert (close(cy), close(cy)) == ([], [])
    assert AuditEntry.objects.filter(action="account.close").count() == 1


def test_a_buyers_money_is_spent_or_paid_out_first(cy: User) -> None:
    give(cy, Account.WALLET, 1200)
    assert close(cy) == ["12.00 CNY here is yours. Spend it, or have it paid out."]
    give(cy, Account.REFERRAL_PENDING, 300)
    assert len(close(cy)) == 2
    cy.refresh_from_db()
    assert (cy.is_active, mail.outbox) == (True, [])
    assert close(cy, but_money=True) == []


def test_the_only_owner_of_a_merchant_ends_what_is_open_first() -> None:
    shop = cast.adas_shop()
    ada = Membership.objects.get(merchant=shop, role="owner").user
    bought = cast.buy(cast.ware(shop, 3).sku, cast.channel())
    assert close(ada) == ["艾达卡铺 has 1 order that is not finished. Deliver it, or wait until it expires."]
    cast.pay(bought)
    before_the_hold = ending_of(ada)
    run(relay_batch())
    first = ending_of(ada)
    assert [one.address for one in first.to_do_first] == ["/desk/ada-cards/balance"]
    assert before_the_hold == first
    for one in first.to_do_first:
        assert Client().get(one.address).status_code == 302, "there is such a page"
    shop.refresh_from_db()
    assert shop.state == MerchantState.ACTIVE


def test_with_nothing_open_the_shop_of_the_only_owner_stops_selling() -> None:
    shop, other = cast.adas_shop(), cast.adas_shop(slug="other")
    ada = Membership.objects.get(merchant=shop, role="owner").user
    Merchant.objects.update(alert_email="alarm@shop.example")
    assert [one.id for one in ending_of(ada).ending_shops] == [shop.id]
    assert close(ada) == []
    states = dict(Merchant.objects.values_list("slug", "state"))
    assert states == {"ada-cards": "suspended", "other": "active"}
    assert Merchant.objects.get(pk=shop.pk).alert_email == ""
    assert Merchant.objects.get(pk=other.pk).alert_email


def test_one_of_two_owners_and_a_clerk_just_leave() -> None:
    shop = cast.adas_shop()
    ada, bo = (Membership.objects.get(merchant=shop, role=role).user for role in ("owner", "clerk"))
    Membership.objects.create(merchant=shop, user=cast.person(cast.EVE), role="owner")
    cast.pay(cast.buy(cast.ware(shop, 3).sku, cast.channel()))
    assert (close(ada), close(bo)) == ([], [])
    shop.refresh_from_db()
    assert (shop.state, shop.memberships.count()) == (MerchantState.ACTIVE, 1)


def test_an_owner_who_cannot_sign_in_any_more_looks_after_nothing() -> None:
    shop = cast.adas_shop()
    ada = Membership.objects.get(merchant=shop, role="owner").user
    Membership.objects.create(merchant=shop, user=cast.person(cast.EVE), role="owner")
    assert ending_of(ada).ending_shops == []
    User.objects.filter(email=cast.EVE).update(is_active=False)
    assert ending_of(ada).ending_shops == [shop]


def test_where_the_other_owner_left_only_now_the_account_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = cast.adas_shop()
    ada = Membership.objects.get(merchant=shop, role="owner").user
    other = Membership.objects.create(merchant=shop, user=cast.person(cast.EVE), role="owner")

    def stops_while_the_other_leaves(shops: Sequence[Merchant]) -> list[int]:
        other.delete()
        return closing_shops.stop_selling(shops)

    monkeypatch.setattr(closing_accounts, "stop_selling", stops_while_the_other_leaves)
    with pytest.raises(ClosingWaits):
        close(ada)
    ada.refresh_from_db()
    assert (ada.is_active, Merchant.objects.get().state, mail.outbox) == (True, MerchantState.ACTIVE, [])


def test_what_a_member_has_spent_is_forgotten(cy: User) -> None:
    Member.objects.create(user=cy, spent=100, reckoned_at=timezone.now())
    assert close(cy) == []
    assert not Member.objects.exists()


def test_staff_hand_their_roles_over_first() -> None:
    dee = cast.person("dee@shop.example", staff=True)
    assert close(dee) == ["You work for the marketplace. Have another operator take your roles first."]


def test_the_account_ends_after_a_week_and_not_before(cy: User) -> None:
    now = timezone.now()
    closing.ask_to_close(cy, now)
    closing.ask_to_close(cy, now + timedelta(days=3))
    assert close_due(now + timedelta(days=6)) == 0
    assert User.objects.get(pk=cy.pk).is_active
    assert close_due(now + timedelta(days=7)) == 1
    assert not User.objects.get(pk=cy.pk).is_active


def test_who_kept_the_account_keeps_it(cy: User) -> None:
    closing.ask_to_close(cy, timezone.now())
    assert (closing.keep(cy), closing.keep(cy)) == (True, False)
    assert close_due(timezone.now() + timedelta(days=30)) == 0


def test_what_came_up_meanwhile_keeps_it_open_and_its_person_hears_why_once(cy: User) -> None:
    closing.ask_to_close(cy, timezone.now())
    give(cy, Account.WALLET, 1200)
    later = timezone.now() + timedelta(days=8)
    assert (close_due(later), close_due(later)) == (0, 0)
    assert send_notice(Notice.objects.get().id)
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [([cast.CY], "Your account stays open for now")]
    assert "12.00 CNY here is yours" in str(mail.outbox[0].body)
    cy.refresh_from_db()
    assert (cy.is_active, cy.closing_at) == (True, None)


def test_who_decides_to_keep_it_in_the_last_moment_keeps_it_and_the_shop_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop = cast.adas_shop()
    ada = Membership.objects.get(merchant=shop, role="owner").user
    closing.ask_to_close(ada, timezone.now())

    def ends_slowly(shops: Sequence[Merchant]) -> list[int]:
        assert closing.keep(ada), "the page says that the account stays"
        return closing_shops.stop_selling(shops)

    monkeypatch.setattr(closing_accounts, "stop_selling", ends_slowly)
    with caplog.at_level("INFO"):
        assert close_due(timezone.now() + timedelta(days=8)) == 0
    ada.refresh_from_db()
    assert (ada.is_active, ada.email, mail.outbox) == (True, "ada@ada-cards.example", [])
    assert Merchant.objects.get().state == MerchantState.ACTIVE
    assert "account.closing_taken_back" in caplog.text


def test_why_an_account_stays_open_is_told_also_where_the_mail_server_was_away(
    cy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing.ask_to_close(cy, timezone.now())
    give(cy, Account.WALLET, 1200)
    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMessage.send", Mock(side_effect=SMTPServerDisconnected))
        assert close_due(timezone.now() + timedelta(days=8)) == 0
    cy.refresh_from_db()
    assert cy.closing_at is None
    assert send_notice(Notice.objects.get().id)
    assert "12.00 CNY here is yours" in str(mail.outbox[0].body)


def test_while_no_mail_leaves_the_account_waits(cy: User, monkeypatch: pytest.MonkeyPatch) -> None:
    closing.ask_to_close(cy, timezone.now())

    def fails(_mail: object) -> None:
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fails)
    assert close_due(timezone.now() + timedelta(days=8)) == 0
    with pytest.raises(LastMailNotSent):
        close(cy)
    cy.refresh_from_db()
    assert (cy.is_active, cy.email) == (True, cast.CY)
    assert Authenticator.objects.filter(user=cy).exists()


def test_an_account_that_cannot_be_closed_keeps_no_other_open(cy: User) -> None:
    other = cast.person("bo@shop.example")
    for person in (cy, other):
        closing.ask_to_close(person, timezone.now())
    poison(User, f"id <> {cy.pk} OR closed_at IS NULL")
    with pytest.raises(SomeFailed, match=f"account {cy.pk}"):
        close_due(timezone.now() + closing.CLOSES_AFTER)
    assert list(User.objects.exclude(closed_at=None)) == [other]
