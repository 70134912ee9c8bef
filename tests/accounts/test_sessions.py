"""Sessions are sealed, bound to their key, and end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.accounts.signing_in import confirm_it_is_me, mailed_code, sign_in
from xinka.accounts import sessions
from xinka.accounts.models import User
from xinka.accounts.sessions import SessionStore, forget_ended_sessions
from xinka.flows.tasks.chores import tidy

Browsers = Callable[..., Client]


def proved(client: Client) -> bool:
    """Whether what needs a fresh proof opens without asking for one."""
    return client.get("/account/two-factor/totp/activate/").status_code == 200


def opens(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_row_of_a_session_tells_nothing(cy: User, browser: Client) -> None:
    browser.post("/account/login/code/", {"email": cy.email})
    row = Session.objects.get()
    assert mailed_code() in str(SessionStore(row.session_key).load())
    assert row.session_data.startswith("v1:")
    assert mailed_code() not in row.session_data
    assert row.get_decoded() == {}


def test_a_session_moved_to_another_key_is_empty(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    row = Session.objects.get(session_key=browser.cookies[settings.SESSION_COOKIE_NAME].value)
    Session.objects.create(session_key="e" * 32, session_data=row.session_data, expire_date=row.expire_date)
    eves = Client()
    eves.cookies[settings.SESSION_COOKIE_NAME] = "e" * 32
    assert not opens(eves)
    assert opens(browser)


def test_a_session_ends_when_it_lay_idle(cy: User, browser: Client) -> None:
    idle, _ = settings.SESSION_LIMITS
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(browser, cy)
        clock.shift(idle - timedelta(minutes=1))
        assert opens(browser)
        clock.shift(idle - timedelta(minutes=1))
        assert opens(browser), "a visit starts the idle clock anew"
        clock.shift(idle)
        assert not opens(browser)


def test_a_session_ends_however_busy_it_is(cy: User, browser: Client) -> None:
    idle, absolute = settings.SESSION_LIMITS
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(browser, cy)
        for _ in range(absolute // (idle / 2)):
            assert opens(browser)
            clock.shift(idle / 2)
        clock.shift(idle / 2)
        assert not opens(browser)


def test_sessions_of_staff_are_short(dee: User, browser: Client) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(browser, dee)
        clock.shift(timedelta(minutes=59))
        assert opens(browser)
        clock.shift(timedelta(minutes=61))
        assert not opens(browser)


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page() -> None:
    sent = Client().post("/office/system/check", headers={"Referer": "http://testserver/office/system"})
    assert sent["Location"] == "/account/login/?next=/office/system"
    asked = Client().get("/office/system?page=2")
    assert asked["Location"] == "/account/login/?next=/office/system%3Fpage%3D2"


def test_who_sent_a_form_after_the_session_ended_is_told_that_nothing_was_done() -> None:
    browser = Client()
    browser.cookies["xk_lang"] = "en"
    asked = browser.post("/office/system/check", headers={"Referer": "http://testserver/office/system"})["Location"]
    assert "so nothing was done. Sign in and send it again." in browser.get(asked).content.decode()
    assert "nothing was done" not in browser.get(asked).content.decode(), "it is said once"


def test_a_page_can_ask_whether_its_session_lives_and_gets_a_token_that_holds(cy: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    gone = strict.get("/account/still-here")
    assert (gone.status_code, gone.json()) == (401, {})
    strict.force_login(cy)
    told = strict.get("/account/still-here")
    assert told.json()["who"] == cy.pk
    assert "no-store" in told["Cache-Control"]
    form = {"to": "balance"}
    assert strict.post("/account/refunds", form).status_code == 403
    sent = strict.post("/account/refunds", {**form, "csrfmiddlewaretoken": told.json()["token"]})
    assert sent.status_code != 403


def test_sessions_that_ended_are_forgotten_with_their_browsers_and_no_other(
    cy: User, eve: User, browser_of: Browsers
) -> None:
    gone, stays = browser_of(), browser_of()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(gone, eve)
        clock.shift(timedelta(days=20))
        sign_in(stays, cy)
        clock.shift(timedelta(days=11))
        assert forget_ended_sessions(timezone.now()) == 1
        assert forget_ended_sessions(timezone.now()) == 0
        kept = {stays.cookies[settings.SESSION_COOKIE_NAME].value}
        assert set(Session.objects.values_list("session_key", flat=True)) == kept
        assert set(UserSession.objects.values_list("session_key", flat=True)) == kept
        assert opens(stays)


def test_the_session_of_staff_is_forgotten_after_half_a_day_and_that_of_a_buyer_is_not(
    cy: User, dee: User, browser_of: Browsers
) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(browser_of(), dee)
        sign_in(browser_of(), cy)
        _, absolute = settings.SESSION_LIMITS_STAFF
        clock.shift(absolute)
        assert forget_ended_sessions(timezone.now()) == 0
        clock.shift(timedelta(seconds=1))
        assert forget_ended_sessions(timezone.now()) == 1
        assert [one.user for one in UserSession.objects.all()] == [cy]


def test_more_ended_sessions_than_one_step_takes_are_all_forgotten(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_FORGOTTEN_AT_ONCE", 2)
    now = timezone.now()
    for number in range(5):
        Session.objects.create(session_key=f"s{number}", session_data="", expire_date=now - timedelta(seconds=1))
    assert forget_ended_sessions(now) == 5
    assert not Session.objects.exists()


def test_the_night_forgets_ended_sessions(db: None) -> None:
    Session.objects.create(session_key="s", session_data="", expire_date=timezone.now() - timedelta(days=1))
    tidy(0)
    assert not Session.objects.exists()


def test_a_session_that_began_under_a_clock_of_another_year_ends_when_any_other_does(cy: User, browser: Client) -> None:
    idle, absolute = settings.SESSION_LIMITS
    with time_machine.travel(1_800_000_000 + 365 * 86_400, tick=False) as clock:
        sign_in(browser, cy)
        clock.move_to(1_800_000_000)
        assert opens(browser), "it was an honest sign-in"
        for _ in range(int(absolute / timedelta(days=7))):
            clock.shift(timedelta(days=7))
            assert opens(browser)
        clock.shift(absolute - timedelta(days=28))
        assert not opens(browser)
    assert idle < absolute


def test_a_proof_given_under_a_clock_that_was_ahead_is_not_fresh_for_so_long(cy: User, browser: Client) -> None:
    page = "/account/password/change/"
    with time_machine.travel(1_800_000_000 + 3600, tick=False) as clock:
        sign_in(browser, cy)
        confirm_it_is_me(browser)
        assert proved(browser), "the control"
        clock.move_to(1_800_000_000)
        assert not proved(browser), "asked again"
        assert browser.get(page).status_code == 200, "and still signed in"
