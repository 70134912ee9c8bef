"""A lost second factor is taken off after days in which its person hears of it and may say no."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests.accounts.signing_in import PASSWORD, app_code, hand_over_notices, sign_in
from tests.accounts.test_second_factor import recovery_codes, set_up_app
from xinka.accounts import losing_second_factor as losing
from xinka.accounts.models import User
from xinka.platform.audit.models import AuditEntry

Browsers = Callable[..., Client]
Commits = Callable[..., AbstractContextManager[object]]
KEEP = "/account/two-factor/keep"


@pytest.fixture
def secret(cy: User, browser: Client) -> str:
    """The seed of Cy's app, which staff were just told is lost."""
    sign_in(browser, cy)
    made = set_up_app(browser)
    losing.ask_to_drop(cy, timezone.now())
    hand_over_notices()
    return made


def ends_at(person: User) -> object:
    return User.objects.values_list("second_step_ends_at", flat=True).get(pk=person.pk)


def test_until_its_days_are_over_the_second_step_is_asked_for(cy: User, secret: str, browser_of: Browsers) -> None:
    assert losing.drop_due(timezone.now() + losing.DROPPED_AFTER - timedelta(minutes=1)) == 0
    thief = browser_of()
    answer = thief.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    assert answer["Location"] == "/account/two-factor/authenticate/"
    assert thief.get("/account/").status_code == 302
    assert thief.post(KEEP).status_code == 302, "who is half signed in decides nothing"
    assert ends_at(cy) is not None


def test_then_it_goes_once_with_every_session_and_its_person_hears_of_it(cy: User, secret: str) -> None:
    mail.outbox.clear()
    later = timezone.now() + losing.DROPPED_AFTER
    assert (losing.drop_due(later), losing.drop_due(later)) == (1, 0)
    assert not Authenticator.objects.exists()
    assert not UserSession.objects.filter(user=cy).exists()
    hand_over_notices()
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [([cy.email], "The second step was taken off")]
    acts = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["account.ask_to_drop_second_factor", "account.drop_second_factor"]
    assert ends_at(cy) is None


def test_its_person_is_told_by_mail_and_on_every_page_of_a_device_that_is_signed_in(
    cy: User, secret: str, browser: Client
) -> None:
    assert mail.outbox[-1].subject == "The second step will be taken off"
    assert "From " in str(mail.outbox[-1].body)
    for page in ("/account/", "/account/two-factor/", "/orders"):
        shown = browser.get(page).content.decode()
        assert "we take the second step off your sign-in" in shown, page
        assert f'action="{KEEP}"' in shown, page


def test_asking_again_neither_shortens_the_time_nor_writes_again(cy: User, secret: str) -> None:
    first, n_mails = ends_at(cy), len(mail.outbox)
    assert losing.ask_to_drop(cy, timezone.now() + timedelta(days=1)) == first
    hand_over_notices()
    assert (ends_at(cy), len(mail.outbox), AuditEntry.objects.count()) == (first, n_mails, 1)


def test_whoever_is_signed_in_keeps_it_with_one_button(cy: User, secret: str, browser: Client) -> None:
    mail.outbox.clear()
    assert browser.post(KEEP)["Location"] == "/account/"
    assert "The second step stays" in browser.get("/account/").content.decode()
    assert losing.drop_due(timezone.now() + timedelta(days=30)) == 0
    assert Authenticator.objects.filter(user=cy, type="totp").exists()
    hand_over_notices()
    browser.post(KEEP)
    hand_over_notices()
    assert [sent.subject for sent in mail.outbox] == ["The second step stays"]


def test_somebody_else_keeps_nothing(cy: User, eve: User, secret: str, browser_of: Browsers) -> None:
    outsider = browser_of()
    sign_in(outsider, eve)
    assert outsider.post(KEEP).status_code == 303
    assert ends_at(cy) is not None
    assert "second step off your sign-in" not in outsider.get("/account/").content.decode()


@pytest.mark.parametrize("how", ["app", "recovery code", "fresh proof"])
def test_whoever_has_it_after_all_keeps_it_by_using_it(
    cy: User, secret: str, browser: Client, browser_of: Browsers, how: str
) -> None:
    code = recovery_codes(browser)[0] if how == "recovery code" else app_code(secret)
    if how == "fresh proof":
        browser.post("/account/two-factor/reauthenticate/", {"code": code, "next": "/account/"})
    else:
        client = browser_of()
        client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
        assert ends_at(cy) is not None, "a password alone is what a thief may have"
        client.post("/account/two-factor/authenticate/", {"code": code})
    assert ends_at(cy) is None
    hand_over_notices()
    assert "The second step stays" in [sent.subject for sent in mail.outbox]


def test_who_sets_up_a_new_one_or_takes_the_last_off_needs_nothing_taken_off(
    cy: User, secret: str, browser: Client, django_capture_on_commit_callbacks: Commits
) -> None:
    """Who is still signed in does both with the password alone, and the new one must not go with the lost one."""
    browser.post("/account/two-factor/totp/deactivate/")
    assert (Authenticator.objects.count(), ends_at(cy)) == (0, None)
    set_up_app(browser)
    losing.ask_to_drop(cy, timezone.now())
    Authenticator.objects.filter(user=cy).delete()
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(browser)
    assert ends_at(cy) is None


def test_the_password_once_more_keeps_nothing(cy: User, secret: str, browser: Client) -> None:
    browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/"})
    assert ends_at(cy) is not None


def test_where_there_is_none_nothing_is_asked_for(cy: User) -> None:
    assert losing.ask_to_drop(cy, timezone.now()) is None
    assert (ends_at(cy), AuditEntry.objects.count(), len(mail.outbox)) == (None, 0, 0)


def test_the_hour_takes_them_off(cy: User, secret: str) -> None:
    from xinka.flows.tasks.chores import close_accounts  # the jobs exist only once Django is configured

    close_accounts(0)
    assert Authenticator.objects.exists()
    User.objects.filter(pk=cy.pk).update(second_step_ends_at=timezone.now())
    close_accounts(0)
    assert not Authenticator.objects.exists()
