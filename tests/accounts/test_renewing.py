"""A fresh proof is its giver's alone: a copy of the cookie that somebody took before is worth nothing after it."""

from __future__ import annotations

import time
from collections.abc import Callable

import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from tests.accounts.signing_in import PASSWORD, app_code, confirm_it_is_me, mailed_code, sign_in
from xinka.accounts.actions import create_person
from xinka.accounts.models import User

SENSITIVE = "/account/two-factor/webauthn/add/"


def copied(client: Client) -> Client:
    """Return Eve's browser, into which she brought a copy of the session's cookie."""
    eves = Client()
    eves.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert eves.get("/account/").status_code == 200
    assert eves.get(SENSITIVE).status_code == 302
    return eves


def later(client: Client, user: User, prove: Callable[[], None]) -> None:
    """Prove an hour after the sign-in; then it is the owner's session alone that may go on."""
    eves, (listed,) = copied(client), UserSession.objects.filter(user=user)
    prove()
    assert client.get(SENSITIVE).status_code == 200
    assert eves.get(SENSITIVE)["Location"].startswith("/account/login/")
    assert eves.get("/account/").status_code == 302
    (still_listed,) = UserSession.objects.filter(user=user)
    assert (still_listed.pk, still_listed.created_at) == (listed.pk, listed.created_at)
    assert still_listed.session_key == client.cookies[settings.SESSION_COOKIE_NAME].value != listed.session_key
    assert not Session.objects.filter(session_key=listed.session_key).exists()


def test_after_the_password_once_more(cy: User, browser: Client) -> None:
    with time_machine.travel(time.time() - 3600, tick=False):
        sign_in(browser, cy)
    later(browser, cy, lambda: confirm_it_is_me(browser))


def test_after_a_code_of_the_app(cy: User, browser: Client) -> None:
    with time_machine.travel(time.time() - 3600, tick=False):
        sign_in(browser, cy)
        confirm_it_is_me(browser)
        secret = str(browser.get("/account/two-factor/totp/activate/").context["form"].secret)
        browser.post("/account/two-factor/totp/activate/", {"code": app_code(secret)})

    def prove() -> None:
        answer = browser.post("/account/two-factor/reauthenticate/", {"code": app_code(secret)})
        assert answer.status_code == 302

    later(browser, cy, prove)


def test_after_a_mailed_code(browser: Client, db: None) -> None:
    bo = create_person("bo@shop.example", language="en")
    with time_machine.travel(time.time() - 3600, tick=False):
        browser.post("/account/login/code/", {"email": bo.email})
        browser.post("/account/login/code/confirm/", {"code": mailed_code()})
    mail.outbox.clear()

    def prove() -> None:
        browser.post("/account/reauthenticate/code/", {"action": "send"})
        browser.post("/account/reauthenticate/code/", {"code": mailed_code()})

    later(browser, bo, prove)


def test_a_wrong_password_changes_no_session(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert browser.post("/account/reauthenticate/", {"password": f"{PASSWORD}x"}).status_code == 200
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value == before
    assert browser.get("/account/").status_code == 200
