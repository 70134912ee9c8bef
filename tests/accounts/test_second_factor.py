"""Authenticator apps, recovery codes and their seeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from tests.accounts.signing_in import NEW_PASSWORD, PASSWORD, app_code, confirm_it_is_me, hand_over_notices, sign_in
from xinka.accounts import seeds
from xinka.accounts.models import User

Browsers = Callable[..., Client]


def set_up_app(client: Client) -> str:
    """Set up an authenticator app; return its seed."""
    confirm_it_is_me(client)
    page = client.get("/account/two-factor/totp/activate/")
    secret = str(page.context["form"].secret)
    with time_machine.travel(time.time(), tick=False):  # the code before this one holds until the half minute is over
        answer = client.post("/account/two-factor/totp/activate/", {"code": app_code(secret, -1)})
    assert answer["Location"] == "/account/two-factor/recovery-codes/"
    return secret


def recovery_codes(client: Client) -> list[str]:
    """Return the codes that are left of whoever is signed in here; the page shows them only once."""
    user = User.objects.get(pk=client.session["_auth_user_id"])
    with seeds.seeds_of(user.pk):
        return list(Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes())


@pytest.fixture
def secret(cy: User, browser: Client) -> str:
    """The seed of Cy's app, just set up."""
    sign_in(browser, cy)
    return set_up_app(browser)


def test_the_second_step_cannot_be_skipped(cy: User, secret: str, browser_of: Browsers) -> None:
    client = browser_of()
    answer = client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    assert answer["Location"] == "/account/two-factor/authenticate/"
    for address in (
        "/account/",
        "/account/email/",
        "/account/two-factor/",
        "/account/sessions/",
        "/account/password/change/",
    ):
        assert client.get(address)["Location"].startswith("/account/login/"), address
    assert client.post("/account/two-factor/totp/deactivate/").status_code == 302
    assert Authenticator.objects.filter(type="totp").exists()
    answer = client.post("/account/two-factor/authenticate/", {"code": app_code(secret)})
    assert answer["Location"] == "/begin"
    assert client.get("/account/").status_code == 200


def test_a_mailed_code_does_not_skip_it_either(cy: User, secret: str, browser_of: Browsers) -> None:
    from tests.accounts.signing_in import mailed_code

    client = browser_of()
    client.post("/account/login/code/", {"email": cy.email})
    answer = client.post("/account/login/code/confirm/", {"code": mailed_code()})
    assert answer["Location"] == "/account/two-factor/authenticate/"
    assert client.get("/account/").status_code == 302


def test_a_forgotten_password_leaves_the_second_step_where_it_is(cy: User, secret: str, browser_of: Browsers) -> None:
    from tests.accounts.signing_in import mailed_code

    thief = browser_of()
    thief.post("/account/password/reset/", {"email": cy.email})
    thief.post("/account/password/reset/confirm/", {"code": mailed_code()})
    thief.post("/account/password/reset/complete/", {"password1": NEW_PASSWORD})
    assert thief.get("/account/").status_code == 302
    answer = thief.post("/account/login/", {"login": cy.email, "password": NEW_PASSWORD})
    assert answer["Location"] == "/account/two-factor/authenticate/"
    assert thief.get("/account/").status_code == 302
    assert Authenticator.objects.filter(user=cy, type="totp").exists()


@pytest.mark.parametrize("later", [0, 29, 31, 59])
def test_a_code_of_the_app_works_once(cy: User, secret: str, browser_of: Browsers, later: int) -> None:
    first, second = browser_of(), browser_of()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        code = app_code(secret, 1)
        for client in (first, second):
            client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
        assert first.post("/account/two-factor/authenticate/", {"code": code}).status_code == 302
        clock.shift(later)
        answer = second.post("/account/two-factor/authenticate/", {"code": code[:3] + " " + code[3:]})
        assert answer.status_code == 200
        assert second.get("/account/").status_code == 302


def test_whose_app_is_refused_reads_what_helps_most_often(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    confirm_it_is_me(browser)
    page = browser.post("/account/two-factor/totp/activate/", {"code": "000000"}).content.decode()
    assert "Set the clock of the phone to automatic" in page


def test_recovery_codes_are_shown_once_until_new_ones_are_made(cy: User, secret: str, browser: Client) -> None:
    """With a password and a session that was left open, nobody reads what takes the place of the phone."""
    address, codes = "/account/two-factor/recovery-codes/", recovery_codes(browser)
    first = browser.get(address).content.decode()
    assert all(f"<li>{code}</li>" in first for code in codes)
    assert "%0D%0A".join(codes) in first, "they can be kept as a file without being asked for again"
    again = browser.get(address).content.decode()
    assert not any(code in again for code in codes)
    assert "never again" in again
    assert "****" not in again
    assert browser.get(f"{address}download/").status_code == 403
    browser.post(f"{address}generate/")
    fresh = recovery_codes(browser)
    assert not set(fresh) & set(codes)
    assert fresh[0] in browser.get(address).content.decode()
    assert fresh[0] not in browser.get(address).content.decode()


def test_a_recovery_code_works_once(cy: User, secret: str, browser: Client, browser_of: Browsers) -> None:
    codes = recovery_codes(browser)
    assert len(codes) == 10
    outcomes = []
    for _ in range(2):
        client = browser_of()
        client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
        client.post("/account/two-factor/authenticate/", {"code": codes[0]})
        outcomes.append(client.get("/account/").status_code)
    assert outcomes == [200, 302]
    assert recovery_codes(browser) == codes[1:]


def test_a_recovery_code_that_was_used_is_mailed_and_logged_with_how_many_are_left(
    cy: User, secret: str, browser: Client, browser_of: Browsers, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever finds the paper signs in from a browser that is known, too: without a word, but for this mail."""
    codes = recovery_codes(browser)
    browser.post("/account/logout/")
    browser.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    hand_over_notices()
    mail.outbox.clear()
    caplog.set_level("INFO")
    browser.post("/account/two-factor/authenticate/", {"code": "000000"})
    hand_over_notices()
    assert mail.outbox == []
    browser.post("/account/two-factor/authenticate/", {"code": codes[0]})
    hand_over_notices()
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([cy.email], "A recovery code was used")
    assert "Codes that are left: 9." in str(sent.body)
    assert "/account/two-factor/" in str(sent.body)
    [line] = [one for one in caplog.records if one.getMessage() == "account.recovery_code_used"]
    assert (vars(line)["user"], vars(line)["left"]) == (cy.pk, 9)
    assert codes[0] not in caplog.text + str(sent.body)


def test_a_recovery_code_as_a_fresh_proof_is_mailed_and_one_of_the_app_is_not(
    cy: User, secret: str, browser: Client
) -> None:
    codes = recovery_codes(browser)
    hand_over_notices()
    for code, subjects in ((codes[3], ["A recovery code was used"]), (app_code(secret), [])):
        mail.outbox.clear()
        browser.post("/account/two-factor/reauthenticate/", {"code": code, "next": "/account/"})
        hand_over_notices()
        assert [sent.subject for sent in mail.outbox] == subjects


@pytest.mark.parametrize(
    ("n_used", "told"),
    [
        (0, "10 codes left, for the day the phone is lost"),
        (6, "4 codes left, for the day the phone is lost"),
        (7, "Only 3 codes are left"),
        (9, "Only 1 code is left"),
        (10, "All codes are used up"),
    ],
)
def test_pages_say_in_time_that_recovery_codes_run_out(
    cy: User, secret: str, browser: Client, n_used: int, told: str
) -> None:
    kept = Authenticator.objects.get(type="recovery_codes")
    kept.data["used_mask"] = (1 << n_used) - 1
    kept.save()
    for page in ("/account/", "/account/two-factor/"):
        assert told in browser.get(page).content.decode(), page


def test_the_second_step_offers_a_passkey_to_whom_has_one(cy: User, secret: str, browser_of: Browsers) -> None:
    client = browser_of()
    client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    assert b"Use a passkey" not in client.get("/account/two-factor/authenticate/").content
    assert b'name="code"' in client.get("/account/two-factor/authenticate/").content


def test_the_second_step_can_be_tried_five_times(cy: User, secret: str, browser_of: Browsers) -> None:
    client = browser_of()
    client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    for _ in range(5):
        client.post("/account/two-factor/authenticate/", {"code": "000000"})
    answer = client.post("/account/two-factor/authenticate/", {"code": app_code(secret)})
    assert b"Too many tries" in answer.content
    assert client.get("/account/").status_code == 302


def test_seeds_are_sealed_in_the_database(cy: User, secret: str) -> None:
    stored = {row.type: row.data for row in Authenticator.objects.all()}
    assert secret not in str(stored)
    assert seeds.open_sealed(stored["totp"]["secret"], cy.pk) == secret
    assert len(seeds.open_sealed(stored["recovery_codes"]["seed"], cy.pk)) == 80


def test_a_seed_moved_to_another_account_does_not_open(cy: User, eve: User, secret: str) -> None:
    sealed = Authenticator.objects.get(type="totp").data["secret"]
    with pytest.raises(seeds.SeedNotTheirs):
        seeds.open_sealed(sealed, eve.pk)
    with pytest.raises(seeds.SeedNotTheirs):
        seeds.open_sealed(sealed[:-4] + "AAA=", cy.pk)


def test_every_change_of_the_second_step_is_mailed(
    cy: User, browser: Client, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    sign_in(browser, cy)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(browser)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/account/two-factor/recovery-codes/generate/")
    browser.post("/account/two-factor/totp/deactivate/")
    hand_over_notices()
    assert [sent.subject for sent in mail.outbox] == [
        "Authenticator app added",
        "New recovery codes",
        "Authenticator app removed",
    ]
    assert not Authenticator.objects.exists()


def test_sensitive_steps_ask_once_more(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    for address in (
        "/account/two-factor/totp/activate/",
        "/account/two-factor/webauthn/add/",
        "/account/two-factor/recovery-codes/generate/",
    ):
        assert browser.get(address)["Location"].startswith("/account/reauthenticate/"), address


def test_wrong_codes_are_limited_for_the_day_and_their_owner_hears_of_them_once(
    cy: User, secret: str, browser_of: Browsers
) -> None:
    client = browser_of()
    hand_over_notices()
    mail.outbox.clear()
    with time_machine.travel(time.time(), tick=False) as clock:
        for n in range(50):
            if n % 5 == 0:
                clock.shift(301)
                client.post("/account/logout/")
                client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
            answer = client.post("/account/two-factor/authenticate/", {"code": "000000"})
            assert b"Too many" not in answer.content
        clock.shift(301)
        client.post("/account/logout/")
        client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
        answer = client.post("/account/two-factor/authenticate/", {"code": app_code(secret)})
        assert b"Too many wrong codes today" in answer.content
        hand_over_notices()
        assert [sent.subject for sent in mail.outbox] == ["Wrong codes at the second step"]
        clock.shift(24 * 3600)
        client.post("/account/logout/")
        client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
        client.post("/account/two-factor/authenticate/", {"code": app_code(secret)})
        assert client.get("/account/").status_code == 200
