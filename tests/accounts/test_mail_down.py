"""A mail server that is down or says no: people are told what to do, and what was done stays done."""

from __future__ import annotations

import json
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from socket import create_server
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.accounts.signing_in import NEW_PASSWORD, PASSWORD, sign_in
from xinka.accounts import adapter
from xinka.accounts.models import Notice, User
from xinka.accounts.notifying import forget_old_notices, send_notice
from xinka.kernel.errors import ProviderError

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


def test_a_slow_mail_server_never_holds_all_pages(
    cy: User, browser: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_SLOT_WITHIN", 0.05)
    for _ in range(adapter.MAILING_AT_ONCE):
        assert adapter._mailing.acquire(blocking=False)
    try:
        answer = browser.post("/account/login/code/", {"email": cy.email})
    finally:
        adapter._mailing.release(adapter.MAILING_AT_ONCE)
    assert answer.status_code == 503
    assert "could not be sent. Try again in a few minutes" in answer.content.decode()
    assert mail.outbox == []
    [line] = [record for record in caplog.records if record.message == "account.mail_not_sent"]
    assert "too many mails wait" in line.__dict__["why"]
    cache.clear()  # the few minutes
    assert browser.post("/account/login/code/", {"email": cy.email}).status_code == 302
    assert [sent.to for sent in mail.outbox] == [[cy.email]]


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


def _change_password(browser: Client) -> int:
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD}
    return browser.post("/account/password/change/", form).status_code


def test_a_notice_that_no_server_takes_waits_and_is_tried_again(
    cy: User, browser: Client, settings: SettingsWrapper, request: pytest.FixtureRequest
) -> None:
    memory = settings.EMAIL_BACKEND
    request.getfixturevalue("_nobody_listens")
    sign_in(browser, cy)
    assert _change_password(browser) == 302
    cy.refresh_from_db()
    assert cy.check_password(NEW_PASSWORD)
    notice = Notice.objects.get()
    assert cy.email.encode() not in bytes(notice.sealed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, queue_name, args FROM procrastinate_jobs")
        [(task, queue, arguments)] = cursor.fetchall()
    assert (task, queue) == ("mail.account_notice", "mail")
    assert json.loads(arguments) == {"subject": str(notice.pk)}
    with pytest.raises(ProviderError) as failed:
        send_notice(notice.pk)
    assert not failed.value.permanent
    settings.EMAIL_BACKEND = memory
    assert send_notice(notice.pk)
    [sent] = mail.outbox
    assert (sent.subject, sent.to) == ("Your password was changed", ["cy@shop.example"])
    assert f"When: {timezone.localtime(notice.at):%Y-%m-%d %H:%M}" in str(sent.body), "when it happened, not when sent"
    assert sent.extra_headers["Message-ID"].startswith(f"<notice.{notice.pk.hex}@")
    assert not Notice.objects.exists()
    assert not send_notice(notice.pk)


def test_a_mailbox_that_is_never_served_is_told_apart_without_its_address(
    cy: User, browser: Client, settings: SettingsWrapper
) -> None:
    sign_in(browser, cy)
    _change_password(browser)
    settings.EMAIL_BACKEND = f"{__name__}._NotThisOne"
    with pytest.raises(ProviderError) as failed:
        send_notice(Notice.objects.get().pk)
    assert failed.value.permanent
    assert cy.email not in str(failed.value)


def test_what_no_server_took_is_forgotten_after_a_month(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    _change_password(browser)
    happened_at = Notice.objects.get().at
    assert forget_old_notices(happened_at + timedelta(days=29)) == 0
    assert forget_old_notices(happened_at + timedelta(days=31)) == 1
