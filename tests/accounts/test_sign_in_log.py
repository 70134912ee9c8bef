"""The log tells who signed in, how and from where; it tells no address of mail and nothing of what was typed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import Client

from tests.accounts.signing_in import PASSWORD, app_code, confirm_it_is_me, sign_in
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
