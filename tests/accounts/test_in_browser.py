"""Account pages in a real browser: passkeys with Chromium's virtual authenticator, and what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from tests.accounts.signing_in import PASSWORD
from xinka.accounts.actions import create_person
from xinka.accounts.models import User

pytestmark = pytest.mark.browser

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database with rows that are really committed, so that the server's threads see them.

    The books refuse TRUNCATE, so the flush of Django's transactional tests cannot clean up here; deleting people can.
    """
    with django_db_blocker.unblock():
        yield
        User.objects.all().delete()
        Session.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs CASCADE")  # what happened to an account is told by mail
        cache.clear()


@pytest.fixture
def server(db: None) -> Iterator[LiveServer]:
    """The shop on a port of its own."""
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def context(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    """A browser at localhost, which passkeys count as safe."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright's loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        port = urlsplit(server.url).port
        made = browser.new_context(base_url=f"http://localhost:{port}", locale="en-GB")
        yield made
        connection.close()  # beside playwright's loop Django opens a second connection for this thread
        browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must not complain: no refused script, no error."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def add_authenticator(context: BrowserContext, page: Page) -> Any:
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    return session


def sign_in(page: Page, email: str) -> None:
    page.goto("/account/login/?next=/account/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible()


def test_a_passkey_is_made_and_signs_in(context: BrowserContext, page: Page) -> None:
    cy = create_person("cy@shop.example", PASSWORD, language="en")
    add_authenticator(context, page)
    sign_in(page, cy.email)

    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of this passkey").fill("Cy's laptop")
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert {row.type for row in Authenticator.objects.filter(user=cy)} == {"webauthn", "recovery_codes"}

    page.goto("/account/logout/?next=/account/login/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/login/?next=/account/sessions/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()


def test_a_passkey_is_renamed_and_once_removed_signs_in_no_more(context: BrowserContext, page: Page) -> None:
    cy = create_person("cy@shop.example", PASSWORD, language="en")
    add_authenticator(context, page)
    sign_in(page, cy.email)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/account/two-factor/webauthn/")
    places = [page.get_by_role("link", name=name).first.bounding_box() for name in ("Rename", "Remove")]
    assert len({place["y"] for place in places if place}) == 1, "what is done to one passkey stands side by side"
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name of this passkey").fill("The old telephone")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="The old telephone")).to_be_visible()
    page.get_by_role("link", name="Remove The old telephone").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_role("main")).to_contain_text("None yet")

    page.goto("/account/logout/?next=/account/login/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").first).to_contain_text("one that was removed here no longer works")
    assert page.goto("/account/") is not None
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def test_a_declined_passkey_says_what_to_do(context: BrowserContext, page: Page) -> None:
    session = add_authenticator(context, page)
    session.send("WebAuthn.disable")
    context.add_init_script("navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError'))")
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("the device did not confirm")


def test_the_meter_speaks_while_one_types_and_the_password_can_be_shown(page: Page) -> None:
    page.goto("/account/signup/")
    field = page.get_by_label("Password", exact=True)
    field.press_sequentially("sunshine1")
    expect(page.get_by_text("lists of leaked passwords")).to_be_visible()
    field.fill(PASSWORD)
    expect(page.get_by_text("Hard to guess.")).to_be_visible()
    assert field.get_attribute("type") == "password"
    page.get_by_role("button", name="Show").click()
    assert field.get_attribute("type") == "text"


_OPEN_PAGES = ["login/", "signup/", "login/code/", "password/reset/", "password/reset/done/", "inactive/"]
_OWN_PAGES = [
    "",
    "email/",
    "password/change/",
    "logout/",
    "sessions/",
    "two-factor/",
    "two-factor/totp/activate/",
    "two-factor/webauthn/",
    "two-factor/webauthn/add/",
    "reauthenticate/",
]


def findings(page: Page, address: str) -> list[str]:
    """Return what axe finds on a page, and what one sees without it: sideways scroll, more or less than one h1."""
    page.goto("/account/" + address)
    report = Axe().run(page).response
    found = [f"{address}: {fault['id']}: {fault['nodes'][0]['html']}" for fault in report["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{address}: scrolls sideways")
    if page.locator("h1").count() != 1:
        found.append(f"{address}: {page.locator('h1').count()} h1")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(context: BrowserContext, page: Page, theme: str) -> None:
    cy = create_person("cy@shop.example", PASSWORD, language="en")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/account/login/")
    context.add_cookies([{"name": "xk_theme", "value": theme, "domain": "localhost", "path": "/"}])
    found = [fault for address in _OPEN_PAGES for fault in findings(page, address)]
    sign_in(page, cy.email)
    page.goto("/account/reauthenticate/?next=/account/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    found += [fault for address in _OWN_PAGES for fault in findings(page, address)]
    assert found == []
