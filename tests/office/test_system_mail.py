"""The system page on mail: what waits, what no server took and why, and a letter to try it with."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.flows.trying_mail import mail_trial
from xinka.kernel.errors import ProviderError
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.models import JobProblem
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.jobs.retries import in_words

pytestmark = pytest.mark.django_db


def test_a_letter_that_no_server_took_is_no_gateways_fault_and_not_said_to_have_left(office: Client) -> None:
    assert "Every letter was taken" in _mail_part(office)
    run(defer(Job("mail.account_notice", MAIL), [{"notice_id": 1}]))
    assert "Every letter was taken" not in _mail_part(office), "nobody has even tried"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = 1 RETURNING id")
        ((job_id,),) = cursor.fetchall()
    refused = ProviderError("ConnectionRefusedError: [Errno 111] Connection refused")
    JobProblem.objects.create(job_id=job_id, at=timezone.now(), problem=in_words(refused))
    text = office.get("/office/system").content.decode()
    assert "The mail server did not take it: ConnectionRefusedError" in text
    assert "The gateway did not do it" not in text
    assert "Mail: something changed in an account" in text
    assert re.search(r"Mail waiting</dt><dd class=\"num\">1<", text)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed', attempts = 8")
    assert "What has not left yet is above" in _mail_part(office)
    assert "The mail server did not take it" in office.get("/office/system").content.decode()


def test_a_test_letter_goes_to_whoever_asks_and_the_page_says_what_the_server_answered(
    office: Client, dee: cast.User, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert office.post("/office/system/mail").status_code == 303
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs")
        ((task, told),) = cursor.fetchall()
    told = json.loads(told)
    assert (task, told["user_id"]) == ("mail.trial", dee.pk)
    assert AuditEntry.objects.values_list("action", "actor_id").get() == ("mail.try", dee.pk)
    cast.User.objects.filter(pk=dee.pk).update(language="en")
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", _no_server)
        with pytest.raises(ProviderError):
            mail_trial(dee.pk, UUID(told["about"]))
    assert "Waiting" in _mail_part(office)
    assert mail_trial(dee.pk, UUID(told["about"]))
    assert [(letter.to, letter.subject) for letter in mailoutbox] == [([dee.email], "Test letter")]
    assert "Taken by the server" in _mail_part(office)
    assert not mail_trial(dee.pk, UUID(told["about"])), "once is enough"


def test_test_letters_are_few_so_that_the_mail_server_does_not_shut_the_shop_out(office: Client) -> None:
    answers = [office.post("/office/system/mail").status_code for _ in range(7)]
    assert answers == [303] * 5 + [429] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchall() == [(5,)]
    assert AuditEntry.objects.count() == 5


def _no_server(_letter: EmailMessage) -> int:
    raise ConnectionRefusedError


def _mail_part(office: Client) -> str:
    page = office.get("/office/system").content.decode()
    return page.partition('id="mail"')[2].partition("</section>")[0]
