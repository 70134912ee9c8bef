"""Eve's matrix: what nobody, and what somebody else, gets of each account page; and no form without its token."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from tests.accounts.signing_in import PASSWORD, confirm_it_is_me, sign_in
from xinka.accounts.client_addresses import client_address
from xinka.accounts.models import User
from xinka.accounts.policies import require_staff

Browsers = Callable[..., Client]

#: Pages that are for people who are not signed in, or the same for everybody.
PUBLIC = {
    "account_login",
    "account_signup",
    "account_inactive",
    "account_request_login_code",
    "account_reset_password",
    "account_password_reset_completed",
    "account_password_strength",
    "account_still_here",
}
#: Steps that lead back to the beginning when nothing is under way, and signing out.
STEPS = {
    "account_confirm_login_code",
    "account_confirm_password_reset_code",
    "account_complete_password_reset",
    "account_email_verification_sent",
    "account_logout",
    "mfa_authenticate",
    "mfa_login_webauthn",
}


def account_pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the address of every page under /account/."""
    top = next(entry for entry in get_resolver().url_patterns if str(entry.pattern) == "account/")
    assert isinstance(top, URLResolver)
    yield from _pages(top, "/account/")


def _pages(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern).replace("<int:pk>", "1")
        if isinstance(entry, URLPattern):
            yield str(entry.name), address
        else:
            yield from _pages(entry, address)


PAGES = list(account_pages())


def test_the_matrix_sees_every_page() -> None:
    names = [name for name, _ in PAGES]
    assert len(names) == len(set(names)) >= 30
    assert set(names) > PUBLIC | STEPS


@pytest.mark.parametrize(("name", "address"), [page for page in PAGES if page[0] not in PUBLIC])
def test_anonymous_people_get_nothing(cy: User, browser: Client, name: str, address: str) -> None:
    for answer in (browser.get(address), browser.post(address)):
        assert answer.status_code in {302, 404, 405}, (name, answer.status_code)
        assert cy.email not in answer.content.decode()
        if answer.status_code == 302:
            beginnings = ("/account/login/", "/account/password/reset/", "/account/signup/")
            assert answer["Location"].startswith(beginnings) or (name == "account_logout" and answer["Location"] == "/")


@pytest.mark.parametrize(("name", "address"), PAGES)
def test_another_person_sees_nothing_of_cy(cy: User, eve: User, browser: Client, name: str, address: str) -> None:
    key = Authenticator.objects.create(user=cy, type="webauthn", data={"name": "Cy's phone", "credential": {}})
    sign_in(browser, eve)
    confirm_it_is_me(browser)
    page = browser.get(address.replace("/1/", f"/{key.pk}/"), follow=True)
    assert cy.email not in page.content.decode()
    assert "Cy&#x27;s phone" not in page.content.decode()
    if "/keys/" in address:
        assert page.status_code == 404
        assert browser.post(address.replace("/1/", f"/{key.pk}/")).status_code == 404
        assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(("name", "address"), PAGES)
def test_no_form_works_without_its_token(cy: User, browser_of: Browsers, name: str, address: str) -> None:
    client = browser_of(checks_csrf=True)
    client.force_login(cy)
    assert client.post(address, {"password": PASSWORD, "email": cy.email}).status_code == 403
    assert mail.outbox == []


def test_the_address_of_a_person_comes_from_the_till_alone() -> None:
    make = RequestFactory().get
    assert client_address(make("/", REMOTE_ADDR="", headers={"X-Xinka-Client": "203.0.113.9"})) == "203.0.113.9"
    assert (
        client_address(make("/", REMOTE_ADDR="127.0.0.1", headers={"X-Xinka-Client": "2001:db8::1"})) == "2001:db8::1"
    )
    assert (
        client_address(make("/", REMOTE_ADDR="198.51.100.7", headers={"X-Xinka-Client": "203.0.113.9"}))
        == "198.51.100.7"
    )
    assert client_address(make("/", REMOTE_ADDR="", headers={"X-Forwarded-For": "203.0.113.9"})) == "100::"
    assert client_address(make("/", REMOTE_ADDR="::ffff:198.51.100.7")) == "198.51.100.7"


@require_staff
def office(request: HttpRequest) -> HttpResponse:
    return HttpResponse("office")


def ask_office(client: Client, user: object) -> HttpResponse:
    request = RequestFactory().get("/office/")
    request.session = client.session
    request.user = user  # type: ignore[assignment]  # as the middleware would
    request._messages = type("Silent", (), {"add": lambda *_: None})()  # type: ignore[attr-defined]
    answer = office(request)
    assert isinstance(answer, HttpResponse)
    return answer


def test_the_office_does_not_exist_for_outsiders(eve: User, browser: Client) -> None:
    sign_in(browser, eve)
    with pytest.raises(Http404):
        ask_office(browser, eve)


def test_staff_need_a_second_factor(dee: User, browser: Client, settings: object) -> None:
    sign_in(browser, dee)
    assert ask_office(browser, dee)["Location"] == "/account/two-factor/"
    settings.STAFF_NEEDS_MFA = False  # type: ignore[attr-defined]
    assert ask_office(browser, dee).content == b"office"
    settings.STAFF_NEEDS_MFA = True  # type: ignore[attr-defined]
    Authenticator.objects.create(user=dee, type="webauthn", data={"name": "key", "credential": {}})
    assert ask_office(browser, dee).content == b"office"
