"""The switches and the error pages."""

from __future__ import annotations

import logging

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from xinka.platform.logs import Seldom
from xinka.platform.look import views

_FOREIGN = [
    "https://eve.example/",
    "//eve.example",
    "/\\eve.example",
    "\\\\eve.example",
    "/\t/eve.example",
    "/\n//eve.example",
    "javascript:alert(1)",
    "eve",
    "",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("field", ["language", "theme", "keys"])
def test_a_switch_returns_to_its_page(site: Client, field: str) -> None:
    response = site.post(f"/look/{field}", {field: "en", "next": "/p/game?tier=2&q=%E7%82%B9"})
    assert response.status_code == 303
    assert response["Location"] == "/p/game?tier=2&q=%E7%82%B9"


@pytest.mark.parametrize("address", _FOREIGN)
def test_a_switch_leads_nowhere_but_to_this_site(site: Client, address: str) -> None:
    assert site.post("/look/language", {"language": "en", "next": address})["Location"] == "/"


def test_the_language_is_remembered_and_nonsense_is_not(site: Client) -> None:
    assert site.post("/look/language", {"language": "en"}).cookies["xk_lang"].value == "en"
    assert "xk_lang" not in site.post("/look/language", {"language": "tlh"}).cookies


def test_the_theme_is_remembered_until_the_system_decides_again(site: Client) -> None:
    chosen = site.post("/look/theme", {"theme": "dark"}).cookies["xk_theme"]
    assert (chosen.value, chosen["samesite"], chosen["path"]) == ("dark", "Lax", "/")
    assert site.post("/look/theme", {"theme": "auto"}).cookies["xk_theme"]["max-age"] == 0


def test_keys_are_off_until_they_are_turned_on_again(site: Client) -> None:
    chosen = site.post("/look/keys", {"keys": "off"}).cookies["xk_keys"]
    assert (chosen.value, chosen["samesite"], chosen["path"]) == ("off", "Lax", "/")
    assert site.post("/look/keys", {"keys": "on"}).cookies["xk_keys"]["max-age"] == 0


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://eve.example"}])
def test_eves_page_cannot_change_a_preference(site: Client, headers: dict[str, str]) -> None:
    assert not site.post("/look/theme", {"theme": "dark"}, headers=headers).cookies
    assert not site.post("/look/language", {"language": "en"}, headers=headers).cookies
    assert not site.post("/look/keys", {"keys": "off"}, headers=headers).cookies


def test_a_switch_is_no_link(site: Client) -> None:
    site.cookies["xk_lang"] = "en"
    answer = site.get(
        "/look/language?language=en", headers={"Referer": "http://testserver/p/game", "Accept": "text/html"}
    )
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "takes only what a form sends" in answer.content.decode()
    assert 'href="/p/game"' in answer.content.decode()


def test_a_missing_page_leads_back_where_somebody_came_from(site: Client) -> None:
    assert 'href="/p/game"' in site.get("/nowhere", headers={"Referer": "http://testserver/p/game"}).content.decode()
    assert "eve.example" not in site.get("/nowhere", headers={"Referer": "https://eve.example/"}).content.decode()


@pytest.mark.parametrize(("address", "status"), [("/closed", 403), ("/nowhere", 404), ("/broken", 500)])
def test_error_pages_speak_the_visitors_language_and_offer_a_way_on(site: Client, address: str, status: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger("django.request"), "disabled", True)
        site.cookies["xk_lang"] = "en"
        response = site.get(address)
    content = response.content.decode()
    assert response.status_code == status
    assert '<html lang="en">' in content
    assert 'class="btn pri"' in content


def test_the_500_page_shows_a_reference_that_is_in_the_log(site: Client, caplog: pytest.LogCaptureFixture) -> None:
    content = site.get("/broken").content.decode()
    [record] = [record for record in caplog.records if record.message == "request.failed"]
    reference = record.__dict__["reference"]
    assert reference.startswith("E-")
    assert reference in content


def test_pages_without_a_database_say_so_and_leave_one_line_for_all_of_them(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_seldom", Seldom())
    away = OperationalError("connection refused")
    away.__cause__ = psycopg.OperationalError("connection refused")
    monkeypatch.setattr(views.sys, "exc_info", lambda: (OperationalError, away, None))
    for _ in range(20):
        response = views.server_error(rf.get("/desk/", headers={"Accept-Language": "en"}))
        assert (response.status_code, response["Retry-After"]) == (503, "60")
        assert b"cannot reach its database" in response.content
    [line] = caplog.records
    assert (line.message, line.levelname, line.__dict__["n"]) == ("request.database_unavailable", "ERROR", 1)


def test_the_500_page_needs_no_middleware_and_no_database(rf: RequestFactory) -> None:
    # pytest-django refuses every query here, since this test has no database mark.
    response = views.server_error(rf.get("/p/<b>", headers={"Accept-Language": "en"}))
    assert response.status_code == 500
    assert b"We made a mistake" in response.content
    assert b"<b>" not in response.content.replace(b'<b class="mono">', b"").split(b"<footer")[0]


def test_too_many_says_when_to_come_back(rf: RequestFactory) -> None:
    response = views.too_many(rf.get("/"), retry_after=0)
    assert (response.status_code, response["Retry-After"]) == (429, "1")


def test_a_stale_form_is_refused_in_plain_words(site: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["xk_lang"] = "en"
    strict.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    response = strict.post("/page", {})
    assert response.status_code == 403
    assert "too old" in response.content.decode()


def test_a_form_from_a_browser_without_cookies_says_what_to_allow(site: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/page", {}, headers={"accept-language": "en"})
    assert response.status_code == 403
    assert "Allow this site&#x27;s cookies" in response.content.decode()
    assert "too old" not in response.content.decode()


def test_the_gallery_shows_every_component(site: Client) -> None:
    response = site.get("/look/gallery")
    assert response.status_code == 200
    assert "&lt;b&gt;not bold&lt;/b&gt;" in response.content.decode()


def test_a_request_for_another_host_gets_the_error_page_and_not_a_second_error(site: Client) -> None:
    response = site.get("/page", headers={"Host": "eve.example", "Referer": "http://eve.example/x"})
    assert response.status_code == 400
    assert "eve.example" not in response.content.decode()


def _answer_to(fault: Exception) -> HttpResponse:
    try:
        raise fault
    except type(fault):
        return views.server_error(RequestFactory().get("/", headers={"accept-language": "en"}))


@pytest.mark.parametrize(
    "cause", [psycopg.OperationalError("no route"), psycopg.errors.AdminShutdown(), psycopg.errors.DiskFull()]
)
def test_while_the_database_is_away_a_page_says_so_and_when_to_come_back(cause: Exception) -> None:
    fault = OperationalError("no connection")
    fault.__cause__ = cause
    answer = _answer_to(fault)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "cannot reach its database" in answer.content.decode()


@pytest.mark.parametrize("cause", [psycopg.errors.DeadlockDetected(), psycopg.errors.QueryCanceled(), ValueError()])
def test_any_other_fault_is_still_one(cause: Exception) -> None:
    fault = OperationalError("deadlock")
    fault.__cause__ = cause
    assert _answer_to(fault).status_code == 500
