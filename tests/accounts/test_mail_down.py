"""A mail server that is down or says no: people are told what to do, and what was done stays done."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused
from socket import create_server
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from tests.accounts.signing_in import PASSWORD, sign_in
from xinka.accounts.models import User

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture
def _nobody_listens(settings: SettingsWrapper) -> None:
    with create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


class _NotThisOne(EmailBackend):
    """A server that refuses every mailbox for good."""

    def send_messages(self, messages: Any) -> int:
        refused = {address: (550, b"no such user") for message in messages for address in message.to}
        raise SMTPRecipientsRefused(refused)


@pytest.mark.usefixtures("_nobody_listens")
@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/account/login/code/", {"email": "cy@shop.example"}),
        ("/account/login/code/", {"email": "nobody@shop.example"}),
        ("/account/password/reset/", {"email": "cy@shop.example"}),
        ("/account/signup/", {"email": "new@shop.example", "password1": PASSWORD}),
    ],
)
def test_whoever_waits_for_a_code_is_told_that_no_mail_left(
    page: str, form: dict[str, str], cy: User, browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = browser.post(page, form)
    assert answer.status_code == 503
    assert "could not be sent. Try again in a few minutes" in answer.content.decode()
    [line] = [record for record in caplog.records if record.message == "account.mail_not_sent"]
    assert form["email"] not in str(vars(line))
    assert browser.get("/account/").status_code != 200


def test_after_the_server_is_back_the_one_who_was_signing_up_gets_in(
    db: None, browser: Client, settings: SettingsWrapper, request: pytest.FixtureRequest
) -> None:
    memory = settings.EMAIL_BACKEND
    request.getfixturevalue("_nobody_listens")
    form = {"email": "new@shop.example", "password1": PASSWORD}
    assert browser.post("/account/signup/", form).status_code == 503
    settings.EMAIL_BACKEND = memory
    cache.clear()  # the few minutes: another mail to the same address is not sent at once
    answer = browser.post("/account/login/", {"login": form["email"], "password": PASSWORD})
    assert answer["Location"] == "/account/confirm-email/"
    assert [sent.to for sent in mail.outbox] == [["new@shop.example"]]


@pytest.mark.parametrize("email", ["cy@shop.example", "nobody@shop.example"])
def test_an_address_that_is_never_served_is_told_apart_and_says_nothing_of_accounts(
    email: str, cy: User, browser: Client, settings: SettingsWrapper
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}._NotThisOne"
    answer = browser.post("/account/login/code/", {"email": email})
    assert answer.status_code == 422
    assert "does not take mail for this address" in answer.content.decode()


@pytest.mark.usefixtures("_nobody_listens")
def test_a_notice_that_cannot_be_mailed_stops_nothing(
    cy: User, browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(browser, cy)
    answer = browser.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "harbour.violet.seven.kites"},
    )
    assert answer.status_code == 302
    cy.refresh_from_db()
    assert cy.check_password("harbour.violet.seven.kites")
    assert "account.mail_not_sent" in [record.message for record in caplog.records]
