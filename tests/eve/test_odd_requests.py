"""Other verbs, verbs said to be others, and addresses written otherwise open nothing that the plain one keeps shut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.eve.addresses import Address, every_address
from tests.eve.demo_world import changed_since, moment
from tests.eve.test_every_answer import browsers
from xinka.platform.look import middleware

pytestmark = pytest.mark.django_db

VERBS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "MOVE", "ANYTHING")
#: Ways of old frameworks and proxies to say one verb and mean another.
SAID = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
#: Ways to say one address in the line of the request and mean another.
MEANT = ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix")
#: What a sign-in writes of itself, whatever is asked.
_OF_THE_SESSION = {"sessions.Session", "accounts.AccessLog"}
_OPEN = (200, 201, 202, 204, 206)


def _others(path: str) -> Iterator[str]:
    """Yield an address written otherwise."""
    inner = path.strip("/")
    first, _, rest = inner.partition("/")
    yield path.removesuffix("/") if path.endswith("/") else f"{path}/"
    yield f"/{inner.upper()}"
    yield f"/{inner.title()}/"
    yield f"/{inner.replace('/', '//')}/"
    yield f"/{inner}//"
    yield f"/./{inner}"
    yield f"/%2e/{inner}"
    yield f"/x/../{inner}"
    yield f"/x/%2e%2e/{inner}"
    yield f"/static/..%2f{inner}"
    yield f"/{first}%2f{rest}"
    yield f"/{first}%5c{rest}"
    yield f"/{first}%252f{rest}"
    yield f"{path};.css"
    yield f"{path}%00"
    yield f"{path}%20"
    yield f"{path}.json"
    yield f"{path}/.css"
    yield f"/{first}\u2215{rest}"


def _some(path: str, turn: int, n: int) -> list[str]:
    """Return some of them, others for each address: all are tried, but not all of each."""
    others = list(_others(path))
    return [others[(turn * n + one) % len(others)] for one in range(n)]


def _addresses() -> list[Address]:
    return [one for one in every_address() if one.name != "account_logout"]


def _is_fine(answer: HttpResponse, plain: HttpResponse) -> bool:
    """Say whether an odd request was refused, or was answered as the plain one of the same visitor is."""
    return answer.status_code not in _OPEN or plain.status_code in _OPEN


def _changed(mark: int) -> list[str]:
    return [model._meta.label for model, _ in changed_since(mark) if model._meta.label not in _OF_THE_SESSION]


@pytest.mark.parametrize("verb", VERBS)
def test_no_other_verb_is_answered_or_changes_anything(verb: str) -> None:
    everyone, mark = browsers(), moment()
    for who, browser in everyone.items():
        for one in _addresses():
            answer = browser.generic(verb, one.path, b"a=1", "application/x-www-form-urlencoded")
            assert answer.status_code not in _OPEN, (who, one.name, answer.status_code)
            assert answer.status_code < 500, (who, one.name, answer.status_code)
    assert _changed(mark) == []


@pytest.mark.parametrize("header", SAID)
def test_a_visit_that_is_said_to_be_something_else_stays_a_visit(header: str) -> None:
    everyone, mark = browsers(), moment()
    for who, browser in everyone.items():
        for one in _addresses():
            plain = browser.get(one.path)
            for verb in ("POST", "DELETE"):
                answer = browser.get(f"{one.path}?_method={verb}", headers={header: verb})
                assert answer.status_code == plain.status_code, (who, one.name, verb)
    assert _changed(mark) == []


@pytest.mark.parametrize("header", MEANT)
def test_an_address_that_a_header_names_is_not_the_one_that_is_answered(header: str) -> None:
    guest = browsers()["guest"]
    begin = guest.get("/account/login/")
    for one in _addresses():
        answer = guest.get("/account/login/", headers={header: one.path})
        assert (answer.status_code, len(answer.content)) == (begin.status_code, len(begin.content)), one.name


def test_an_address_written_otherwise_opens_nothing_that_is_shut() -> None:
    everyone, mark = browsers(), moment()
    guest, seen = everyone["guest"], 0
    for turn, one in enumerate(_addresses()):
        for ask in (guest.get, guest.post):
            plain = ask(one.path)
            for path in _some(one.path, turn, 5):
                answer = ask(path)
                seen += plain.status_code not in _OPEN
                assert _is_fine(answer, plain), (one.name, path)
                assert answer.status_code < 500, (one.name, path, answer.status_code)
    assert seen > 1_000
    assert _changed(mark) == []


def test_control_without_the_list_of_verbs_pages_open_to_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_VERBS", (*middleware._VERBS, "ANYTHING"))
    browser = browsers()["everybody"]
    assert [one.name for one in _addresses() if browser.generic("ANYTHING", one.path).status_code in _OPEN]


def test_who_is_signed_in_is_answered_by_another_spelling_as_by_the_plain_one() -> None:
    browser: Client = browsers()["everybody"]
    for turn, one in enumerate(_addresses()):
        plain = browser.get(one.path)
        for path in {*_some(one.path, turn, 2), f"{one.path.removesuffix('/')}%00/", f"{one.path}%00"}:
            answer = browser.get(path)
            assert _is_fine(answer, plain), (one.name, path)
            assert answer.status_code < 500, (one.name, path)
