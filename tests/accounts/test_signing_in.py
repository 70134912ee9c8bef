"""Signing up and in, and everything an outsider tries at the door."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher, get_hasher
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.accounts.signing_in import NEW_PASSWORD, PASSWORD, confirm_it_is_me, hand_over_notices, mailed_code, sign_in
from xinka.accounts.models import Notice, User

Browsers = Callable[..., Client]


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_signing_up_takes_an_address_a_password_and_the_mailed_code(db: None, browser: Client) -> None:
    answer = browser.post("/account/signup/", {"email": "Cy@Shop.Example", "password1": PASSWORD})
    assert answer["Location"] == "/account/confirm-email/"
    assert not is_signed_in(browser)
    answer = browser.post("/account/confirm-email/", {"code": mailed_code()})
    assert answer["Location"] == "/begin"
    assert is_signed_in(browser)
    user = User.objects.get()
    assert (user.email, user.language, user.is_staff) == ("cy@shop.example", "en", False)
    assert EmailAddress.objects.get().verified
    assert not Notice.objects.exists(), "the first browser of an account is no news"


def test_an_operator_made_on_the_server_signs_in_with_the_password_chosen_there_and_without_a_mail(
    db: None, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "Dee@Shop.Example")
    dee = User.objects.get(email="dee@shop.example")
    sign_in(browser, dee)
    assert is_signed_in(browser)
    assert mail.outbox == []
    again = Client()
    sign_in(again, dee)
    assert is_signed_in(again), "nothing threw the password away"


def test_signing_in_by_code(cy: User, browser: Client) -> None:
    answer = browser.post("/account/login/code/", {"email": "CY@shop.example"})
    assert answer["Location"] == "/account/login/code/confirm/"
    assert mail.outbox[-1].to == [cy.email]
    answer = browser.post("/account/login/code/confirm/", {"code": mailed_code()})
    assert answer["Location"] == "/begin"
    assert is_signed_in(browser)


def test_a_code_is_worth_nothing_after_three_wrong_ones(cy: User, browser: Client) -> None:
    browser.post("/account/login/code/", {"email": cy.email})
    code = mailed_code()
    for _ in range(2):
        answer = browser.post("/account/login/code/confirm/", {"code": "BBBB-BBBB"})
        assert b"That is not the code" in answer.content
    assert browser.post("/account/login/code/confirm/", {"code": "BBBB-BBBB"}).status_code == 302
    browser.post("/account/login/code/confirm/", {"code": code})
    assert not is_signed_in(browser)


def test_a_code_works_only_in_the_browser_that_asked_for_it(cy: User, browser_of: Browsers) -> None:
    asking, other = browser_of(), browser_of()
    asking.post("/account/login/code/", {"email": cy.email})
    other.post("/account/login/code/", {"email": "nobody@shop.example"})
    code = next(mailed for mailed in map(str, [mail.outbox[0].body]) if "Your code" in mailed)
    assert code
    other.post("/account/login/code/confirm/", {"code": code.split("Your code: ")[1].split()[0]})
    assert not is_signed_in(other)


ASKING = [
    ("/account/login/code/", {"email": "{}"}),
    ("/account/password/reset/", {"email": "{}"}),
    ("/account/login/", {"login": "{}", "password": "wrong-wrong-wrong"}),
    ("/account/signup/", {"email": "{}", "password1": NEW_PASSWORD}),
]


@pytest.mark.parametrize(("address", "form"), ASKING)
def test_nobody_learns_whether_an_address_has_an_account(
    cy: User, browser_of: Browsers, address: str, form: dict[str, str]
) -> None:
    browser_of().post("/account/signup/", {"email": "yy@shop.example", "password1": PASSWORD})
    seen = []
    for email in ("cy@shop.example", "xx@shop.example", "yy@shop.example"):
        browser = browser_of()
        before = len(mail.outbox)
        answer = browser.post(address, {name: value.format(email) for name, value in form.items()})
        page = browser.get(answer["Location"]) if answer.status_code == 302 else answer
        seen.append(
            (
                answer.status_code,
                answer.get("Location"),
                page.status_code,
                len(page.content),
                len(mail.outbox) - before,
                sorted(browser.cookies),
            )
        )
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize(("address", "form"), ASKING)
def test_nobody_learns_it_from_a_password_that_is_hashed_for_some_only(
    cy: User, browser_of: Browsers, monkeypatch: pytest.MonkeyPatch, address: str, form: dict[str, str]
) -> None:
    hashed: list[str] = []
    hasher = type(get_hasher())
    encode = hasher.encode

    def counted(self: BasePasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hasher, "encode", counted)
    browser_of().post("/account/signup/", {"email": "yy@shop.example", "password1": PASSWORD})
    n_hashed = []
    for email in ("cy@shop.example", "xx@shop.example", "yy@shop.example"):
        hashed.clear()
        browser_of().post(address, {name: value.format(email) for name, value in form.items()})
        n_hashed.append(len(hashed))
    assert n_hashed == 3 * [0 if "password" not in str(form) else 1]


def test_signing_in_gives_the_session_a_new_key(cy: User, browser: Client) -> None:
    browser.post("/account/login/code/", {"email": cy.email})
    planted = browser.cookies[settings.SESSION_COOKIE_NAME].value
    browser.post("/account/login/code/confirm/", {"code": mailed_code()})
    assert is_signed_in(browser)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not is_signed_in(attacker)


def test_a_new_password_signs_out_every_other_device(cy: User, browser_of: Browsers) -> None:
    here, there = browser_of(), browser_of()
    sign_in(here, cy)
    sign_in(there, cy)
    answer = here.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": NEW_PASSWORD})
    assert answer["Location"] == "/account/"
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    hand_over_notices()
    assert mail.outbox[-1].subject == "Your password was changed"


def test_a_forgotten_password_is_replaced_with_a_mailed_code(cy: User, browser_of: Browsers) -> None:
    here, there = browser_of(), browser_of()
    sign_in(there, cy)
    here.post("/account/password/reset/", {"email": cy.email})
    answer = here.post("/account/password/reset/confirm/", {"code": mailed_code()})
    assert answer["Location"] == "/account/password/reset/complete/"
    here.post("/account/password/reset/complete/", {"password1": NEW_PASSWORD})
    hand_over_notices()
    assert mail.outbox[-1].subject == "Your password was replaced"
    assert not is_signed_in(there)
    sign_in(here, cy, NEW_PASSWORD)


def test_the_code_for_a_new_password_works_once_and_in_the_browser_that_asked(cy: User, browser_of: Browsers) -> None:
    here, there = browser_of(), browser_of()
    for browser, email in ((here, cy.email), (there, "nobody@shop.example")):
        browser.post("/account/password/reset/", {"email": email})
    code = str(next(sent.body for sent in mail.outbox if sent.to == [cy.email])).split("code: ")[1].split()[0]
    there.post("/account/password/reset/confirm/", {"code": code})
    there.post("/account/password/reset/complete/", {"password1": "another four words here"})
    cy.refresh_from_db()
    assert cy.check_password(PASSWORD), "only the browser that asked"
    here.post("/account/password/reset/confirm/", {"code": code})
    here.post("/account/password/reset/complete/", {"password1": NEW_PASSWORD})
    here.post("/account/logout/")
    for step, form in (("confirm", {"code": code}), ("complete", {"password1": "another four words here"})):
        here.post(f"/account/password/reset/{step}/", form)
    cy.refresh_from_db()
    assert cy.check_password(NEW_PASSWORD), "and once"


def test_the_reset_cannot_be_finished_without_its_code(cy: User, browser: Client) -> None:
    browser.post("/account/password/reset/", {"email": cy.email})
    answer = browser.post("/account/password/reset/complete/", {"password1": NEW_PASSWORD})
    assert answer["Location"] == "/account/password/reset/confirm/"
    cy.refresh_from_db()
    assert cy.check_password(PASSWORD)


def test_five_wrong_passwords_close_the_door_for_that_address_from_anywhere(cy: User, browser_of: Browsers) -> None:
    for _ in range(5):
        browser_of().post("/account/login/", {"login": cy.email, "password": "wrong-wrong"})
    browser = browser_of()
    answer = browser.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    assert b"Too many tries" in answer.content
    assert not is_signed_in(browser)


def test_all_addresses_that_one_ipv6_customer_has_count_as_one_place(db: None) -> None:
    statuses = []
    for number in range(11):
        client = Client(REMOTE_ADDR=f"2001:db8:0:7::{number + 1:x}")
        statuses.append(client.post("/account/login/code/", {"email": f"p{number}@shop.example"}).status_code)
    assert statuses == [302] * 10 + [200], "the eleventh is told to wait"
    elsewhere = Client(REMOTE_ADDR="2001:db8:0:8::1")
    assert elsewhere.post("/account/login/code/", {"email": "q@shop.example"}).status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000"])
def test_a_forged_host_is_refused(cy: User, browser: Client, host: str) -> None:
    answer = browser.post("/account/password/reset/", {"email": cy.email}, headers={"host": host})
    assert answer.status_code == 400
    assert mail.outbox == []


def test_links_in_mails_begin_with_the_configured_address(db: None, browser: Client) -> None:
    browser.post("/account/login/code/", {"email": "nobody@shop.example"}, headers={"host": "localhost:9999"})
    assert f"{settings.SITE_URL}/account/signup/" in str(mail.outbox[-1].body)
    assert "9999" not in str(mail.outbox[-1].body)


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_away(cy: User, browser: Client, away: str) -> None:
    answer = browser.post(f"/account/login/?next={away}", {"login": cy.email, "password": PASSWORD, "next": away})
    assert answer["Location"] == "/begin"


def test_signing_in_leads_back_to_where_one_was(cy: User, browser: Client) -> None:
    answer = browser.get("/account/sessions/")
    assert answer["Location"] == "/account/login/?next=/account/sessions/"
    answer = browser.post(answer["Location"], {"login": cy.email, "password": PASSWORD})
    assert answer["Location"] == "/account/sessions/"


def test_a_new_device_is_told_about_once(cy: User, browser_of: Browsers) -> None:
    first, second = browser_of(), browser_of()
    sign_in(first, cy)
    assert not Notice.objects.exists()
    sign_in(second, cy)
    hand_over_notices()
    assert [sent.subject for sent in mail.outbox] == ["New sign-in to your account"]
    body = str(mail.outbox[0].body)
    assert f"{settings.SITE_URL}/account/sessions/" in body
    assert "Chrome, Windows" in body
    second.post("/account/logout/")
    sign_in(second, cy)
    assert not Notice.objects.exists()
    assert len(mail.outbox) == 1
    assert cy.known_devices.count() == 2


def test_one_session_can_be_signed_out_from_another(cy: User, browser_of: Browsers) -> None:
    here, there, third = browser_of(), browser_of(), browser_of()
    for client in (here, there, third):
        sign_in(client, cy)
    confirm_it_is_me(here)
    key = there.cookies[settings.SESSION_COOKIE_NAME].value
    pk = cy.usersession_set.get(session_key=key).pk
    assert here.post(f"/account/sessions/{pk}/end")["Location"] == "/account/sessions/"
    assert [is_signed_in(client) for client in (here, there, third)] == [True, False, True]
    here.post("/account/sessions/")
    assert [is_signed_in(client) for client in (here, there, third)] == [True, False, False]


def test_ending_other_sessions_asks_who_it_is(cy: User, browser_of: Browsers) -> None:
    here, there = browser_of(), browser_of()
    with time_machine.travel(time.time() - 3600, tick=False):
        sign_in(here, cy)
        sign_in(there, cy)
    pk = cy.usersession_set.get(session_key=there.cookies[settings.SESSION_COOKIE_NAME].value).pk
    assert here.get("/account/sessions/").status_code == 200, "everybody may look"
    for address in (f"/account/sessions/{pk}/end", "/account/sessions/"):
        asked = here.post(address)["Location"]
        assert asked.startswith("/account/reauthenticate/")
        assert is_signed_in(there)
    here.post(asked, {"password": PASSWORD}, follow=True)
    assert [is_signed_in(client) for client in (here, there)] == [True, False], "what was asked for is then done"


def test_the_way_out_clears_what_pages_kept_in_the_browser(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    assert "Clear-Site-Data" not in browser.get("/account/logout/")
    assert browser.post("/account/logout/")["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in browser.post("/account/logout/"), "nobody was signed in"


def test_nobody_ends_a_session_of_somebody_else(cy: User, eve: User, browser_of: Browsers) -> None:
    hers, his = browser_of(), browser_of()
    sign_in(his, cy)
    sign_in(hers, eve)
    confirm_it_is_me(hers)
    pk = cy.usersession_set.get().pk
    assert hers.post(f"/account/sessions/{pk}/end").status_code == 404
    assert is_signed_in(his)


def test_one_mailbox_has_one_spelling(db: None) -> None:
    assert User.objects.create_user("ﬁona@Straße.example").email == "fiona@strasse.example"
    assert User.objects.get_by_natural_key("FIONA@STRASSE.EXAMPLE").email == "fiona@strasse.example"


def test_a_password_set_before_the_address_was_proven_is_thrown_away(db: None, browser_of: Browsers) -> None:
    eves, cys = browser_of(), browser_of()
    eves.post("/account/signup/", {"email": "cy@shop.example", "password1": PASSWORD})
    cys.post("/account/login/code/", {"email": "cy@shop.example"})
    cys.post("/account/login/code/confirm/", {"code": mailed_code()})
    assert is_signed_in(cys)
    assert not User.objects.get().has_usable_password()
    eves.post("/account/logout/")
    eves.post("/account/login/", {"login": "cy@shop.example", "password": PASSWORD})
    assert not is_signed_in(eves)


def test_who_signs_up_with_an_address_that_somebody_else_typed_first_gets_in_at_once_with_their_own_password(
    db: None, browser_of: Browsers
) -> None:
    eves, cys = browser_of(), browser_of()
    eves.post("/account/signup/", {"email": "cy@shop.example", "password1": PASSWORD})
    answer = cys.post("/account/signup/", {"email": "Cy@Shop.example", "password1": NEW_PASSWORD})
    assert answer["Location"] == "/account/confirm-email/"
    cys.post("/account/confirm-email/", {"code": mailed_code()})
    assert is_signed_in(cys)
    cy = User.objects.get()
    assert cy.check_password(NEW_PASSWORD)
    eves.post("/account/login/", {"login": "cy@shop.example", "password": PASSWORD})
    assert not is_signed_in(eves)
    other = browser_of()
    sign_in(other, cy, NEW_PASSWORD)
    assert is_signed_in(other)


def test_who_signs_up_with_somebody_elses_address_afterwards_takes_nothing_from_them(
    db: None, browser_of: Browsers
) -> None:
    eves, cys = browser_of(), browser_of()
    cys.post("/account/signup/", {"email": "cy@shop.example", "password1": NEW_PASSWORD})
    code = mailed_code()
    eves.post("/account/signup/", {"email": "cy@shop.example", "password1": PASSWORD})
    eves.post("/account/confirm-email/", {"code": code})
    assert not is_signed_in(eves), "a code is for the browser that asked for it"
    cys.post("/account/confirm-email/", {"code": code})
    assert is_signed_in(cys)
    assert User.objects.get().check_password(NEW_PASSWORD)
    eves.post("/account/confirm-email/", {"code": mailed_code()})
    assert not is_signed_in(eves), "what was begun before the address was proved has ended"


def test_a_new_password_for_an_address_that_somebody_else_typed_first_is_kept(db: None, browser_of: Browsers) -> None:
    eves, cys = browser_of(), browser_of()
    eves.post("/account/signup/", {"email": "cy@shop.example", "password1": PASSWORD})
    cys.post("/account/password/reset/", {"email": "cy@shop.example"})
    cys.post("/account/password/reset/confirm/", {"code": mailed_code()})
    cys.post("/account/password/reset/complete/", {"password1": NEW_PASSWORD})
    assert User.objects.get().check_password(NEW_PASSWORD)


def test_who_starts_again_in_the_same_browser_has_the_password_typed_last(db: None, browser: Client) -> None:
    for password in (PASSWORD, NEW_PASSWORD):
        browser.post("/account/logout/", {"next": "/account/login/"})
        browser.post("/account/signup/", {"email": "cy@shop.example", "password1": password})
    browser.post("/account/confirm-email/", {"code": mailed_code()})
    assert is_signed_in(browser)
    assert User.objects.get().check_password(NEW_PASSWORD)


def test_signing_up_again_begins_the_week_anew_and_never_touches_a_proved_account(
    cy: User, browser_of: Browsers
) -> None:
    browser_of().post("/account/signup/", {"email": "xx@shop.example", "password1": PASSWORD})
    long_ago = timezone.now() - timedelta(days=6, hours=23)
    User.objects.update(created_at=long_ago)
    for email in ("xx@shop.example", cy.email):
        browser_of().post("/account/signup/", {"email": email, "password1": NEW_PASSWORD})
    assert User.objects.get(email="xx@shop.example").created_at > long_ago
    cy.refresh_from_db()
    assert (cy.created_at, cy.check_password(PASSWORD)) == (long_ago, True)
    assert mail.outbox[-1].subject == "You already have an account"


def test_changing_the_address_needs_the_password_and_a_code_and_tells_the_old_one(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    answer = browser.post("/account/email/", {"email": "new@shop.example", "action_add": ""})
    assert answer["Location"].startswith("/account/reauthenticate/")
    browser.post(answer["Location"], {"password": PASSWORD})
    cy.refresh_from_db()
    assert cy.email == "cy@shop.example", "nothing changes before the code"
    answer = browser.post("/account/confirm-email/", {"code": mailed_code()})
    assert answer["Location"] == "/account/"
    cy.refresh_from_db()
    assert cy.email == "new@shop.example"
    hand_over_notices()
    assert (mail.outbox[-1].subject, mail.outbox[-1].to) == ("Your e-mail address was changed", ["cy@shop.example"])


def test_a_code_that_was_wrong_three_times_asks_for_a_new_beginning_and_not_for_five_minutes(
    cy: User, browser: Client
) -> None:
    browser.post("/account/login/code/", {"email": cy.email})
    for _ in range(3):
        answer = browser.post("/account/login/code/confirm/", {"code": "AAAA-AAAA"}, follow=True)
    assert "Begin again in some minutes, or use another way to sign in" in answer.content.decode()
    browser.post("/account/login/code/", {"email": cy.email})
    browser.post("/account/login/code/confirm/", {"code": mailed_code()})
    assert is_signed_in(browser), "it can be begun again at once"
