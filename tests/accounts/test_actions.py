"""Accounts outside the sign-in pages: created for people, forgotten when nobody confirms, devices remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.accounts.signing_in import PASSWORD, sign_in
from xinka.accounts import devices
from xinka.accounts.actions import UNCONFIRMED_FOR, create_person, forget_unconfirmed
from xinka.accounts.models import KnownDevice, User
from xinka.accounts.user_agents import device_label

Browsers = Callable[..., Client]


def test_an_account_that_nobody_confirms_is_forgotten(cy: User, browser_of: Browsers) -> None:
    browser_of().post("/account/signup/", {"email": "late@shop.example", "password1": PASSWORD})
    browser_of().post("/account/signup/", {"email": "fresh@shop.example", "password1": PASSWORD})
    long_ago = timezone.now() - UNCONFIRMED_FOR - timedelta(seconds=1)
    User.objects.filter(email__in=["late@shop.example", "cy@shop.example"]).update(created_at=long_ago)
    assert forget_unconfirmed() == 1
    assert set(User.objects.values_list("email", flat=True)) == {"cy@shop.example", "fresh@shop.example"}
    assert not EmailAddress.objects.filter(email="late@shop.example").exists()


@pytest.mark.django_db
def test_an_owner_who_never_signed_in_stays_and_so_does_the_shop() -> None:
    shop = cast.adas_shop()
    long_ago = timezone.now() - UNCONFIRMED_FOR - timedelta(seconds=1)
    EmailAddress.objects.update(verified=False)
    User.objects.update(created_at=long_ago, last_login=None)
    assert forget_unconfirmed() == 0
    assert shop.memberships.filter(role="owner").count() == 1


def test_somebody_is_found_by_any_spelling_of_the_address(cy: User) -> None:
    for spelling in (cy.email, f" {cy.email.upper()} ", cy.email.replace("cy", "ｃｙ")):
        assert User.objects.find(spelling) == cy
    User.objects.filter(pk=cy.pk).update(closed_at=timezone.now())
    assert User.objects.find(cy.email) is None
    assert User.objects.find("") is None


def test_only_the_newest_devices_are_remembered(cy: User, browser_of: Browsers) -> None:
    for _ in range(devices.MOST_DEVICES + 2):
        sign_in(browser_of(), cy)
    assert KnownDevice.objects.filter(user=cy).count() == devices.MOST_DEVICES


def test_the_device_cookie_is_kept_only_as_a_hash(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    cookie = browser.cookies[devices.cookie_name()]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    kept = KnownDevice.objects.get(user=cy)
    assert len(bytes(kept.cookie_hash)) == 32
    assert cookie.value.encode() not in bytes(kept.cookie_hash)
    assert kept.label == "Chrome, Windows"


def test_user_agents_are_reduced_to_what_people_recognise() -> None:
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
    wechat = "Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36 MicroMessenger/8.0.50"
    assert [device_label(text) for text in (phone, wechat, "curl/8.0", "")] == [
        "Safari, iPhone",
        "WeChat, Android",
        "",
        "",
    ]


def test_mails_come_in_the_language_of_their_reader(db: None, browser: Client) -> None:
    create_person("lin@shop.example", PASSWORD, language="zh-hans")
    zh = Client()
    zh.post("/account/login/code/", {"email": "lin@shop.example"})
    assert mail.outbox[-1].subject == "你的登录验证码"
    assert "绝不会向你要它" in str(mail.outbox[-1].body)


def test_who_asks_too_often_is_told_to_wait(db: None, browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(1_800_000_000, tick=False):
        answers = [browser.post("/account/password/reset/", {"email": "nobody@shop.example"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert answers[-1]["Retry-After"] == "60"
    [told] = [vars(record) for record in caplog.records if record.msg == "request.too_many"]
    assert (told["path"], told["n"]) == ("/account/password/reset/", 1)
    assert len(mail.outbox) == 3


def test_the_tables_are_what_the_models_say(db: None) -> None:
    call_command("makemigrations", "accounts", check=True, dry_run=True, verbosity=0)
