"""People who have neither a password nor a second factor prove by a mailed code that it is still them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from tests.accounts.signing_in import NEW_PASSWORD, PASSWORD, mailed_code, sign_in
from xinka.accounts.actions import create_person
from xinka.accounts.models import User

Browsers = Callable[..., Client]
AGAIN = "/account/reauthenticate/code/"


@pytest.fixture
def bo(db: None) -> User:
    """Bo, who was invited and signs in by codes."""
    return create_person("bo@shop.example", language="en")


@pytest.fixture
def left_open(bo: User, browser: Client) -> Client:
    """A browser in which Bo signed in an hour ago."""
    with time_machine.travel(time.time() - 3600, tick=False):
        browser.post("/account/login/code/", {"email": bo.email})
        browser.post("/account/login/code/confirm/", {"code": mailed_code()})
    assert browser.get("/account/").status_code == 200
    mail.outbox.clear()
    return browser


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/account/email/", {"email": "eve@elsewhere.example", "action_add": ""}),
        ("/account/password/set/", {"password1": NEW_PASSWORD}),
        ("/account/two-factor/totp/activate/", {"code": "123456"}),
        ("/account/two-factor/webauthn/add/", {"name": "Eve's", "credential": "{}"}),
    ],
)
def test_who_finds_the_browser_open_changes_nothing(
    left_open: Client, bo: User, address: str, form: dict[str, str]
) -> None:
    assert left_open.get("/account/two-factor/webauthn/add/")["Location"].startswith(AGAIN)
    answer = left_open.post(address, form)
    assert answer["Location"].startswith(AGAIN)
    assert mail.outbox == []
    bo.refresh_from_db()
    assert (bo.email, bo.has_usable_password()) == ("bo@shop.example", False)
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [bo.email]


def test_the_mailed_code_opens_the_way_to_where_one_was_going(left_open: Client, bo: User) -> None:
    there = left_open.post("/account/email/", {"email": "new@shop.example", "action_add": ""})["Location"]
    assert b"has no password" in left_open.get(there).content
    left_open.post(there, {"action": "send"})
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([bo.email], "Your code to go on")
    assert b"is on its way" in left_open.get(there).content
    code = mailed_code()
    answer = left_open.post(there, {"code": code})
    assert answer["Location"] == "/account/confirm-email/"
    assert mail.outbox[-1].to == ["new@shop.example"]
    assert left_open.get("/account/two-factor/totp/activate/").status_code == 200
    with time_machine.travel(time.time() + 11 * 60, tick=False):
        assert left_open.get("/account/two-factor/totp/activate/").status_code == 302
        left_open.post(AGAIN, {"code": code})
        assert left_open.get("/account/two-factor/totp/activate/").status_code == 302, "a code works once"


def test_a_code_is_worth_nothing_after_three_wrong_ones(left_open: Client) -> None:
    left_open.post(AGAIN, {"action": "send"})
    code = mailed_code()
    for _ in range(3):
        assert b"That is not the code" in left_open.post(AGAIN, {"code": "BBBB-BBBB"}).content
    assert b"That is not the code" in left_open.post(AGAIN, {"code": code}).content
    assert left_open.get("/account/two-factor/totp/activate/").status_code == 302


def test_two_wrong_ones_leave_it_worth_something_but_another_address_does_not(left_open: Client, bo: User) -> None:
    left_open.post(AGAIN, {"action": "send"})
    code = mailed_code()
    for _ in range(2):
        left_open.post(AGAIN, {"code": "BBBB-BBBB"})
    bo.email = "moved@shop.example"
    bo.save()
    assert b"That is not the code" in left_open.post(AGAIN, {"code": code}).content, "it was mailed to the old address"
    bo.email = "bo@shop.example"
    bo.save()
    left_open.post(AGAIN, {"action": "send"})
    code = mailed_code()
    for _ in range(2):
        left_open.post(AGAIN, {"code": "BBBB-BBBB"})
    left_open.post(AGAIN, {"code": code})
    assert left_open.get("/account/two-factor/totp/activate/").status_code == 200


def test_a_code_of_another_browser_is_not_taken(left_open: Client, bo: User, browser_of: Browsers) -> None:
    other = browser_of()
    other.force_login(bo)
    other.post(AGAIN, {"action": "send"})
    left_open.post(AGAIN, {"code": mailed_code()})
    assert left_open.get("/account/two-factor/totp/activate/").status_code == 302


def test_a_mailbox_is_not_flooded(left_open: Client) -> None:
    for _ in range(4):
        left_open.post(AGAIN, {"action": "send"})
    assert len(mail.outbox) == 3
    assert b"Too many tries" in left_open.get(AGAIN).content


def test_who_has_a_password_is_asked_for_that(cy: User, browser: Client) -> None:
    browser.force_login(cy)
    assert browser.get(AGAIN)["Location"] == "/account/reauthenticate/"
    browser.post(AGAIN, {"action": "send"})
    assert mail.outbox == []


def test_a_form_that_somebody_left_behind_is_not_carried_out_by_the_proof_for_a_visit(
    cy: User, browser: Client
) -> None:
    """Eve sends it at Cy's open browser and stops at the question who she is; later Cy goes to that page himself."""
    sign_in(browser, cy)
    assert browser.post("/close-account")["Location"].startswith("/account/reauthenticate/")
    asked = browser.get("/close-account")["Location"]
    assert asked == "/account/reauthenticate/?next=%2Fclose-account"
    answer = browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/close-account"})
    assert (answer.status_code, answer["Location"]) == (302, "/close-account")
    cy.refresh_from_db()
    assert cy.closing_at is None


def test_nor_by_a_proof_that_is_given_long_after_it_was_asked_for(cy: User, browser: Client) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        for minutes, is_done in ((11, False), (9, True)):
            sign_in(browser, cy)
            browser.get(browser.post("/close-account")["Location"])
            clock.shift(minutes * 60)
            browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/close-account"})
            cy.refresh_from_db()
            assert (cy.closing_at is not None) == is_done
            shown = browser.get("/account/").content.decode()
            assert ("What you sent waited too long and was not done" in shown) != is_done
            browser.post("/account/logout/")


def test_a_form_of_ones_own_is_carried_out_after_the_proof_whatever_else_was_looked_at(
    cy: User, browser: Client
) -> None:
    sign_in(browser, cy)
    browser.post("/close-account")
    browser.get("/account/")
    browser.get("/account/two-factor/totp/activate/")
    browser.get("/account/reauthenticate/?next=%2Fclose-account")
    browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/close-account"})
    cy.refresh_from_db()
    assert cy.closing_at is not None


def test_nor_by_a_proof_on_a_page_that_was_opened_before_the_form_was_sent(cy: User, browser: Client) -> None:
    """Eve opens the question first, then sends the form and does not follow where it leads, so that nobody saw it."""
    with time_machine.travel(time.time(), tick=False) as clock:
        sign_in(browser, cy)
        browser.get("/account/reauthenticate/?next=%2Fclose-account")
        browser.post("/close-account")
        clock.shift(11 * 60)
        browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/close-account"})
        cy.refresh_from_db()
        assert cy.closing_at is None
        assert "waited too long and was not done" in browser.get("/account/").content.decode()


def test_what_waited_too_long_is_taken_when_it_is_sent_again_just_as_it_was(cy: User, browser: Client) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        sign_in(browser, cy)
        browser.get(browser.post("/close-account")["Location"])
        clock.shift(11 * 60)
        assert "waited too long" in browser.get("/account/").content.decode()
        browser.get(browser.post("/close-account")["Location"])
        browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/close-account"})
        cy.refresh_from_db()
        assert cy.closing_at is not None
