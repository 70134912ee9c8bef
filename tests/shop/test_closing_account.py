"""The page on which somebody closes their account."""

from __future__ import annotations

import time

import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django import Settings

from tests import cast
from tests.accounts.signing_in import hand_over_notices
from xinka.accounts.models import User
from xinka.merchants.models import Membership

pytestmark = pytest.mark.django_db
CLOSE = "/close-account"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person() -> User:
    """Cy, with an account."""
    return cast.person(cast.CY)


def browser_of(person: User, *, proven: bool = True) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.post("/account/login/", {"login": person.email, "password": cast.PASSWORD})
    if proven:
        client.post("/account/reauthenticate/", {"password": cast.PASSWORD, "next": CLOSE})
    return client


def test_who_finds_the_browser_open_closes_nothing(person: User) -> None:
    client = browser_of(person, proven=False)
    for answer in (client.get(CLOSE), client.post(CLOSE)):
        assert answer["Location"].startswith("/account/reauthenticate/")
    person.refresh_from_db()
    assert person.closing_at is None


def test_it_is_asked_for_told_by_mail_and_taken_back(person: User) -> None:
    client = browser_of(person)
    page = client.get(CLOSE).content.decode()
    assert "What is deleted" in page
    assert "Close my account" in page
    assert client.post(CLOSE)["Location"] == CLOSE
    hand_over_notices()
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([cast.CY], "Your account will be closed")
    person.refresh_from_db()
    assert person.closing_at is not None
    ends_at = person.closing_at
    client.post(CLOSE)
    hand_over_notices()
    assert len(mail.outbox) == 1
    assert "Keep my account" in client.get(CLOSE).content.decode()
    with time_machine.travel(time.time() + 3600, tick=False):
        assert "Your account ends on" in client.get("/account/").content.decode()
        kept = client.post(f"{CLOSE}/keep", follow=True)
    assert "Your account stays" in kept.content.decode()
    person.refresh_from_db()
    assert ends_at is not None
    assert person.closing_at is None


def test_a_merchant_is_told_what_to_do_first_and_where() -> None:
    shop = cast.adas_shop()
    cast.pay(cast.buy(cast.ware(shop, 3).sku, cast.channel()))
    ada = Membership.objects.get(merchant=shop, role="owner").user
    client = browser_of(ada)
    page = client.get(CLOSE).content.decode()
    assert 'href="/desk/ada-cards/balance"' in page
    assert "Close my account" not in page
    assert client.post(CLOSE).status_code == 409
    ada.refresh_from_db()
    assert (ada.closing_at, mail.outbox) == (None, [])
