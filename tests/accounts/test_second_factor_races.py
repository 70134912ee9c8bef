"""One code for the second step in two browsers at the same moment: who looks over a shoulder is not let in, too."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal import auth as recovery_auth
from allauth.mfa.totp.internal import auth as totp_auth
from django.db.models.query import QuerySet
from django.test import Client

from tests.accounts.signing_in import PASSWORD, app_code, sign_in
from tests.accounts.test_second_factor import recovery_codes, set_up_app
from tests.flows.waiting import at_once
from xinka.accounts.actions import create_person
from xinka.accounts.models import User
from xinka.accounts.shared_cache import SharedCache

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("committed_shop")]
#: Seconds the first waits for the second: where a guard keeps it away, and where it does come on a busy machine.
IN_VAIN, PATIENCE = 2, 30


@pytest.fixture
def cy() -> User:
    """Cy, whose rows both browsers' connections see."""
    return create_person("cy@shop.example", PASSWORD, language="en")


def half_signed_in(user: User, *, place: str) -> Client:
    """Return a browser that has given the password."""
    client = Client(headers={"Accept-Language": "en"}, REMOTE_ADDR=place)
    answer = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == "/account/two-factor/authenticate/"
    return client


def meeting(real: Callable[..., bool], patience: int = PATIENCE) -> Callable[..., bool]:
    """Let two who are about to judge a code wait for each other, unless something keeps the second away."""
    meet = threading.Barrier(2)

    def judge(*args: Any, **kwargs: Any) -> bool:
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(patience)
        return real(*args, **kwargs)

    return judge


@pytest.fixture
def with_app(cy: User) -> tuple[Client, str]:
    """Cy's own browser and the seed of the app that was just set up in it."""
    own = Client(headers={"Accept-Language": "en"}, REMOTE_ADDR="198.51.100.1")
    sign_in(own, cy)
    return own, set_up_app(own)


@pytest.fixture
def browsers(cy: User, with_app: object) -> list[Client]:
    """Two that wait for the second step."""
    return [half_signed_in(cy, place=f"198.51.100.{n}") for n in (2, 3)]


def n_let_in(browsers: list[Client], code: str) -> int:
    """Use one code in all browsers at once; return how many are in."""
    at_once(*[partial(one.post, "/account/two-factor/authenticate/", {"code": code}) for one in browsers])
    return sum(one.get("/account/").status_code == 200 for one in browsers)


def test_of_two_who_use_one_recovery_code_at_once_one_is_let_in(
    with_app: tuple[Client, str], browsers: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery_auth, "compare_user_code", meeting(recovery_auth.compare_user_code, IN_VAIN))
    assert n_let_in(browsers, recovery_codes(with_app[0])[0]) == 1


def test_control_a_recovery_code_whose_row_is_not_held_lets_both_in(
    with_app: tuple[Client, str], browsers: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery_auth, "compare_user_code", meeting(recovery_auth.compare_user_code))
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows.all())
    assert n_let_in(browsers, recovery_codes(with_app[0])[0]) == 2


def test_of_two_who_use_one_code_of_the_app_at_once_one_is_let_in(
    with_app: tuple[Client, str], browsers: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totp_auth, "validate_totp_code", meeting(totp_auth.validate_totp_code))
    assert n_let_in(browsers, app_code(with_app[1], 1)) == 1


def test_control_a_code_of_the_app_that_is_looked_at_and_then_marked_lets_both_in(
    with_app: tuple[Client, str], browsers: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, add = meeting(lambda cache, key, value: cache.set(key, value) is None), SharedCache.add

    def add_in_two_steps(cache: SharedCache, key: str, value: Any, *args: Any, **kwargs: Any) -> bool:
        if "totp" not in key:
            return add(cache, key, value, *args, **kwargs)
        return cache.get(key) is None and mark(cache, key, value)

    monkeypatch.setattr(SharedCache, "add", add_in_two_steps)
    assert n_let_in(browsers, app_code(with_app[1], 1)) == 2
