"""What Eve has half done ends when Cy changes what she began it with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from tests.accounts.signing_in import NEW_PASSWORD, PASSWORD, app_code, confirm_it_is_me, mailed_code, sign_in
from tests.accounts.test_second_factor import set_up_app
from xinka.accounts.models import User

Browsers = Callable[..., Client]


def change_address(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    confirm_it_is_me(browser)
    browser.post("/account/email/", {"email": "new@shop.example", "action_add": ""})
    browser.post("/account/confirm-email/", {"code": mailed_code()})
    cy.refresh_from_db()
    assert cy.email == "new@shop.example"
    mail.outbox.clear()


def test_who_reads_the_old_mailbox_does_not_sign_in_with_a_code_of_before(cy: User, browser_of: Browsers) -> None:
    eves, cys = browser_of(), browser_of()
    eves.post("/account/login/code/", {"email": cy.email})
    code = mailed_code()
    change_address(cy, cys)
    answer = eves.post("/account/login/code/confirm/", {"code": code}, follow=True)
    assert b"was changed meanwhile" in answer.content
    assert eves.get("/account/").status_code == 302
    assert mail.outbox == []
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("new@shop.example", True)]


@pytest.mark.parametrize("is_confirmed_before", [False, True])
def test_nor_sets_a_password_with_one(cy: User, browser_of: Browsers, is_confirmed_before: bool) -> None:
    eves, cys = browser_of(), browser_of()
    eves.post("/account/password/reset/", {"email": cy.email})
    code = mailed_code()
    if is_confirmed_before:
        eves.post("/account/password/reset/confirm/", {"code": code})
    change_address(cy, cys)
    eves.post("/account/password/reset/confirm/", {"code": code})
    eves.post("/account/password/reset/complete/", {"password1": NEW_PASSWORD})
    cy.refresh_from_db()
    assert cy.check_password(PASSWORD)


def test_who_waits_at_the_second_step_with_the_old_password_begins_again(cy: User, browser_of: Browsers) -> None:
    eves, cys = browser_of(), browser_of()
    sign_in(cys, cy)
    secret = set_up_app(cys)
    eves.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    assert eves.get("/account/two-factor/authenticate/").status_code == 200
    cys.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": NEW_PASSWORD})
    answer = eves.post("/account/two-factor/authenticate/", {"code": app_code(secret, 1)})
    assert answer["Location"].startswith("/account/login/")
    assert eves.get("/account/").status_code == 302


def test_of_two_changes_of_the_address_the_one_that_is_done_first_ends_the_other(
    cy: User, browser_of: Browsers
) -> None:
    eves, cys = browser_of(), browser_of()
    sign_in(eves, cy)
    confirm_it_is_me(eves)
    eves.post("/account/email/", {"email": "eve@elsewhere.example", "action_add": ""})
    code = mailed_code()
    change_address(cy, cys)
    eves.post("/account/confirm-email/", {"code": code})
    cy.refresh_from_db()
    assert cy.email == "new@shop.example"
