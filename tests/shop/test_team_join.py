"""The link of an invitation: for people with and without an account, once, and for nobody it was passed on to."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.accounts.signing_in import mailed_code
from xinka.accounts.models import User
from xinka.flows.teams import inviting
from xinka.merchants.access import join_path
from xinka.merchants.models import Invitation, InvitationState, Membership, Merchant, Role

pytestmark = pytest.mark.django_db

FAY = "fay@example.com"


@pytest.fixture
def shop() -> Merchant:
    return cast.adas_shop()


@pytest.fixture
def invitation(shop: Merchant) -> Invitation:
    ada = User.objects.get(email="ada@ada-cards.example")
    return inviting.invite(shop, FAY, by=ada, language="en", now=timezone.now())


@pytest.fixture
def path(invitation: Invitation) -> str:
    return join_path(invitation.id)


def browser_of(person: User | None) -> Client:
    """Return a browser that reads English, with somebody signed in."""
    browser = Client()
    if person is not None:
        browser.force_login(person)
    browser.cookies["xk_lang"] = "en"
    return browser


def is_in(email: str = FAY) -> bool:
    """Whether somebody is a clerk of Ada's."""
    return Membership.objects.filter(user__email=email, role=Role.CLERK, merchant__slug="ada-cards").exists()


def test_who_has_an_account_signs_in_joins_and_finds_the_link_used(path: str, invitation: Invitation) -> None:
    fay, browser = cast.person(FAY), browser_of(None)
    page = browser.get(path).content.decode()
    sign_in = re.search(r'href="(/account/login/\?next=[^"]+)"', page)
    assert sign_in
    answer = browser.post(sign_in[1].replace("&amp;", "&"), {"login": FAY, "password": cast.PASSWORD})
    assert answer["Location"] == path
    assert "Join the team" in browser.get(path).content.decode()
    assert browser.post(f"{path}/answer", {"answer": "accept"})["Location"] == "/desk/ada-cards/"
    assert is_in()
    assert "You are in this team" in browser.get(path).content.decode()
    Membership.objects.filter(user=fay).delete()
    used = browser.get(path)
    assert used.status_code == 410
    assert "This invitation is over" in used.content.decode()
    assert browser.post(f"{path}/answer", {"answer": "accept"}).status_code == 410
    assert not is_in()


def test_who_has_no_account_signs_up_with_the_address_and_comes_back(path: str) -> None:
    browser = browser_of(None)
    sign_up = re.search(r'href="(/account/signup/\?next=[^"]+)"', browser.get(path).content.decode())
    assert sign_up
    form = {"email": FAY, "password1": "harbour.violet.seven.kites"}
    browser.post(sign_up[1].replace("&amp;", "&"), form)
    answer = browser.post("/account/confirm-email/", {"code": mailed_code()}, follow=True)
    assert answer.redirect_chain[-1][0] == path
    browser.post(f"{path}/answer", {"answer": "accept"})
    assert is_in()


def test_the_page_tells_nobody_whether_the_address_has_an_account(path: str) -> None:
    before = browser_of(None).get(path).content.decode()
    cast.person(FAY)
    assert browser_of(None).get(path).content.decode() == before
    assert FAY not in before


def test_eve_to_whom_it_was_passed_on_gets_neither_the_address_nor_a_place(path: str, invitation: Invitation) -> None:
    eve = browser_of(cast.person(cast.EVE))
    page = eve.get(path).content.decode()
    assert "It is for another address" in page
    assert "Join the team" not in page
    assert FAY not in page
    for answer in ("accept", "decline"):
        refused = eve.post(f"{path}/answer", {"answer": answer})
        assert refused.status_code == 403
        assert FAY not in refused.content.decode()
    invitation.refresh_from_db()
    assert (invitation.state, is_in(cast.EVE)) == (InvitationState.OPEN, False)


def test_nobody_answers_without_signing_in(path: str, invitation: Invitation) -> None:
    answer = browser_of(None).post(f"{path}/answer", {"answer": "accept"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPEN


def test_an_answer_needs_the_token_and_is_one_of_two(path: str, invitation: Invitation) -> None:
    fay = cast.person(FAY)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(fay)
    assert strict.post(f"{path}/answer", {"answer": "accept"}).status_code == 403
    assert browser_of(fay).post(f"{path}/answer", {"answer": "own it"}).status_code == 404
    invitation.refresh_from_db()
    assert (invitation.state, is_in()) == (InvitationState.OPEN, False)


def test_an_invitation_that_is_too_old_opens_nothing(path: str, invitation: Invitation) -> None:
    Invitation.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    fay = browser_of(cast.person(FAY))
    assert fay.get(path).status_code == 410
    assert fay.post(f"{path}/answer", {"answer": "accept"}).status_code == 410
    assert not is_in()


def test_fay_says_no(path: str, invitation: Invitation) -> None:
    fay = browser_of(cast.person(FAY))
    answer = fay.post(f"{path}/answer", {"answer": "decline"}, follow=True)
    assert "Declined." in answer.content.decode()
    assert fay.post(f"{path}/answer", {"answer": "accept"}).status_code == 410
    assert not is_in()


def test_the_page_is_kept_by_nobody_and_tells_no_other_site(path: str) -> None:
    answer = browser_of(None).get(path)
    assert "no-store" in answer["Cache-Control"]
    assert 'name="robots" content="noindex"' in answer.content.decode()
    assert answer["Referrer-Policy"] in {"same-origin", "strict-origin-when-cross-origin", "no-referrer"}
