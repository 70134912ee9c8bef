"""The log tells who signed in, how and from where; it tells no address of mail and nothing of what was typed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import Client

from tests.accounts.signing_in import NEW_PASSWORD, PASSWORD, app_code, confirm_it_is_me, mailed_code, sign_in
from xinka.accounts.models import User
from xinka.platform.logs import JsonLines

HERE = "203.0.113.9"


@pytest.fixture
def here(browser: Client) -> Client:
    browser.defaults["REMOTE_ADDR"] = HERE
    return browser


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the lines about accounts as they are written."""
    written = [json.loads(JsonLines().format(record)) for record in caplog.records]
    dropped = {"level", "logger", "timestamp"}
    return [
        {name: value for name, value in line.items() if name not in dropped}
        for line in written
        if line["event"].startswith("account.")
    ]


def test_a_sign_in_a_fresh_proof_and_the_way_out(cy: User, here: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sign_in(here, cy)
    confirm_it_is_me(here)
    here.post("/account/logout/")
    facts = {"user": cy.pk, "address": HERE}
    assert lines(caplog) == [
        {"event": "account.proved", "how": "password", "again": False, **facts},
        {"event": "account.signed_in", **facts},
        {"event": "account.proved", "how": "password", "again": True, **facts},
        {"event": "account.signed_out", **facts},
    ]
    assert cy.email not in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("login", ["cy@shop.example", "nobody@shop.example", "my-password-by-mistake@x.example"])
def test_who_did_not_get_in_leaves_a_place_and_nothing_that_was_typed(
    cy: User, here: Client, caplog: pytest.LogCaptureFixture, login: str
) -> None:
    caplog.set_level(logging.INFO)
    here.post("/account/login/", {"login": login, "password": "wrong-wrong-wrong"})
    assert lines(caplog) == [{"event": "account.sign_in_failed", "address": HERE}]
    assert login not in caplog.text
    assert "wrong-wrong" not in caplog.text


def test_a_wrong_second_step_names_whose_it_was(
    cy: User, here: Client, browser_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(here, cy)
    confirm_it_is_me(here)
    secret = str(here.get("/account/two-factor/totp/activate/").context["form"].secret)
    here.post("/account/two-factor/totp/activate/", {"code": app_code(secret)})
    eves = browser_of()
    eves.defaults["REMOTE_ADDR"] = HERE
    eves.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    caplog.set_level(logging.INFO)
    caplog.clear()
    eves.post("/account/two-factor/authenticate/", {"code": "000000"})
    assert lines(caplog) == [{"event": "account.second_step_failed", "user": cy.pk, "address": HERE}]


def test_a_wrong_mailed_code_is_told_with_what_it_was_for(
    cy: User, here: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here.post("/account/login/code/", {"email": cy.email})
    here.post("/account/login/code/confirm/", {"code": "WRONG-1"})
    here.post("/account/password/reset/", {"email": cy.email})
    here.post("/account/password/reset/confirm/", {"code": "WRONG-2"})
    facts = {"event": "account.code_refused", "user": cy.pk, "last": False, "address": HERE}
    assert lines(caplog) == [{**facts, "for": "sign_in"}, {**facts, "for": "new_password"}]
    assert "WRONG" not in caplog.text


def test_what_is_changed_of_the_ways_in_is_told(
    cy: User, here: Client, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    sign_in(here, cy)
    confirm_it_is_me(here)
    caplog.set_level(logging.INFO)
    caplog.clear()
    secret = str(here.get("/account/two-factor/totp/activate/").context["form"].secret)
    with django_capture_on_commit_callbacks(execute=True):  # told once it holds
        here.post("/account/two-factor/totp/activate/", {"code": app_code(secret)})
    with django_capture_on_commit_callbacks(execute=True):
        here.post("/account/two-factor/recovery-codes/generate/")
    here.post("/account/two-factor/totp/deactivate/")
    typed = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    here.post("/account/password/change/", typed)
    here.post("/account/email/", {"action_add": "", "email": "cy.new@shop.example"})
    here.post("/account/confirm-email/", {"code": mailed_code()})
    changed = [(line["what"], line.get("kind")) for line in lines(caplog) if line["event"] == "account.changed"]
    assert changed == [
        ("factor_added", "totp"),
        ("factor_added", "recovery_codes"),
        ("factor_renewed", "recovery_codes"),
        ("factor_removed", "totp"),
        ("factor_removed", "recovery_codes"),
        ("password_changed", None),
        ("address_changed", None),
    ]
    assert {(line["user"], line["address"]) for line in lines(caplog)} == {(cy.pk, HERE)}
    for typed_text in (secret, PASSWORD, NEW_PASSWORD, "cy.new@shop.example"):
        assert typed_text not in caplog.text
