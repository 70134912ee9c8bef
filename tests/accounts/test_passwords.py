"""What a password must be, and how it is kept."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils.translation import gettext, override
from zxcvbn import matching

from tests.accounts.signing_in import PASSWORD, sign_in
from xinka.accounts import breaches, strength, strength_words
from xinka.accounts.models import User


def refusals(password: str, user: User | None = None) -> set[str]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {str(single.code) for single in error.error_list}
    return set()


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        (PASSWORD, set()),
        ("纸船 漂过 七座 石桥", set()),
        ("kq7vz2p", {"password_too_short"}),
        ("x" * 129, {"password_too_long"}),
        ("password1", {"password_breached", "password_too_weak"}),
        ("PassWord1", {"password_breached", "password_too_weak"}),
        ("iloveyou", {"password_breached", "password_too_weak"}),
        ("aaaaaaaaaaaa", {"password_too_weak"}),
    ],
)
def test_passwords_are_long_enough_unknown_and_hard_to_guess(password: str, codes: set[str]) -> None:
    assert refusals(password) == codes


@pytest.mark.parametrize("other", [str.strip, str.lower, lambda text: normalize("NFC", text), lambda text: text[:64]])
def test_a_password_is_taken_as_it_was_typed(db: None, browser: Client, other: Callable[[str], str]) -> None:
    typed = "  Quiet Lantern e\u0301toile 77, and on and on until nobody can remember it all.  "
    answer = browser.post("/account/signup/", {"email": "cy@shop.example", "password1": typed})
    assert answer.status_code == 302
    user = User.objects.get()
    assert user.check_password(typed)
    assert other(typed) != typed
    assert not user.check_password(other(typed))


def test_no_browser_cuts_a_pasted_password_off_without_a_word(db: None, browser: Client) -> None:
    for page in ("/account/signup/", "/account/login/"):
        fields = [field for field in re.findall(r"<input[^>]+>", browser.get(page).content.decode()) if "pass" in field]
        assert fields
        assert all(
            'type="password"' in field and 'password"' in field.partition("autocomplete=")[2] for field in fields
        )
        assert not [field for field in fields if "maxlength" in field]
    answer = browser.post("/account/signup/", {"email": "cy@shop.example", "password1": "violet kite " * 11})
    assert "128" in answer.content.decode()
    assert not User.objects.exists()


def test_one_s_own_address_is_no_password() -> None:
    assert "password_too_weak" in refusals("casimir.york", User(email="casimir.york@shop.example"))
    assert refusals("casimir.york") == set()


def test_what_the_shop_is_called_is_no_password(settings: Any) -> None:
    """ASVS 5.0, V6.2.11: by its host, as each operator's shop has one of its own."""
    guesses = ("zhengyukami", "Zhengyukami1", "zhengyukami.com")
    assert [refusals(guess) for guess in guesses] == [set(), set(), set()]
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, site_url="https://www.zhengyukami.com")
    assert [refusals(guess) for guess in guesses] == [{"password_too_weak"}] * 3
    assert refusals("quiet-lantern-orbit-77") == set()


def test_a_breached_password_is_refused_with_its_reason(db: None, browser: Client) -> None:
    answer = browser.post("/account/signup/", {"email": "cy@shop.example", "password1": "sunshine1"})
    assert answer.status_code == 200
    assert b"lists of leaked passwords" in answer.content
    assert not User.objects.exists()


def test_the_reason_comes_in_chinese_first(db: None) -> None:
    answer = Client().post("/account/signup/", {"email": "cy@shop.example", "password1": "sunshine1"})
    assert "泄露" in answer.content.decode()


def test_passwords_are_kept_as_argon2id_with_owasp_s_parameters(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["xinka.accounts.hashers.Argon2id"]  # type: ignore[attr-defined]
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_meter_says_how_strong_and_what_would_help(db: None, browser: Client) -> None:
    weak = browser.post("/account/password/strength", {"password": "qwertyuiop1"}).json()
    strong = browser.post("/account/password/strength", {"password": PASSWORD}).json()
    assert (weak["enough"], strong["enough"]) == (False, True)
    assert strong["text"] == "Hard to guess."
    assert len(weak["text"]) > len("Too easy to guess.")


@pytest.mark.parametrize(("language", "between"), [("zh-hans", "很容易被猜到。再"), ("en", "to guess. Add another")])
def test_sentences_stand_as_their_language_puts_them(language: str, between: str) -> None:
    with override(language):
        sentences = [gettext("A word by itself is easy to guess."), gettext(strength_words.SENTENCES[2])]
        assert between in strength.in_a_row(sentences)


def test_the_meter_needs_a_token_and_has_a_limit(db: None, browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/account/password/strength", {"password": PASSWORD}).status_code == 403
    answers = [browser.post("/account/password/strength", {"password": "short"}).status_code for _ in range(61)]
    assert (answers[:60], answers[60]) == ([200] * 60, 429)


#: Signs that stand for letters, in the order in which there are most ways to read them.
MANY_READINGS = "4@8({[<369!1|0$57+%2"


@pytest.mark.parametrize(
    "password",
    [
        (MANY_READINGS * 4)[:64],
        MANY_READINGS + "l" * 44,
        "correcthorse" + MANY_READINGS * 2,
        MANY_READINGS[::-1] * 6,
        "a" * 128,
    ],
)
def test_no_password_keeps_the_meter_busy(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimator reads a sign in all ways there are: 64 signs took seconds, and all others waited for them."""
    looked_at: list[str] = []
    real: Callable[..., object] = matching.dictionary_match

    def counting(text: str, *dictionaries: object, **more: object) -> object:
        looked_at.append(text)
        return real(text, *dictionaries, **more)

    monkeypatch.setattr(matching, "dictionary_match", counting)
    strength.measure(password)
    assert 0 < sum(len(text) ** 2 for text in looked_at) <= 3 * strength.WORK


@pytest.mark.parametrize("password", [(MANY_READINGS * 4)[:64], MANY_READINGS[::-1], "Zk8({vW!1|qt0$5+7%2m"])
def test_a_password_of_many_signs_is_still_known_to_be_hard(password: str) -> None:
    assert strength.measure(password).score == 4


def test_no_password_reaches_a_log(cy: User, browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser.post("/account/password/strength", {"password": PASSWORD})
    sign_in(browser, cy)
    browser.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": "password1"})
    assert PASSWORD not in caplog.text
    assert "password1" not in caplog.text.replace("password1=", "")


def test_a_filter_is_built_from_a_published_list(tmp_path: Path, settings: object) -> None:
    source, target = tmp_path / "list.txt", tmp_path / "list.bloom"
    listed = [f"listed-{number}" for number in range(500)]
    source.write_text("".join(f"{hashlib.sha1(word.encode()).hexdigest().upper()}:7\r\n" for word in listed))  # noqa: S324 -- the list's own form
    call_command("build_breached_filter", str(source), str(target))
    settings.BREACHED_PASSWORDS_FILE = str(target)  # type: ignore[attr-defined]
    breaches._filter.cache_clear()
    try:
        assert all(breaches.is_breached(word) for word in listed)
        assert not any(breaches.is_breached(f"other-{number}") for number in range(500))
    finally:
        breaches._filter.cache_clear()
