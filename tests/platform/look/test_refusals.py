"""A "no" in the form its asker can use."""

from __future__ import annotations

import json

import pytest
from django.test import Client, RequestFactory

from xinka.platform.look.refusals import OnlyAForm, answer_refusal


def test_a_program_gets_a_problem_document_with_both_languages(site: Client) -> None:
    response = site.get("/sold_out", headers={"Accept": "application/json"})
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content) == {
        "type": "urn:xinka:refusal:sold_out",
        "title": "只剩 3 件 <b>。",
        "status": 409,
        "code": "sold_out",
        "message_zh": "只剩 3 件 <b>。",
        "message_en": "Only 3 left <b>.",
        "left": 3,
    }


def test_a_person_gets_a_page_in_their_language_and_a_way_back(site: Client) -> None:
    site.cookies["xk_lang"] = "en"
    response = site.get("/sold_out", headers={"Accept": "text/html", "Referer": "http://testserver/p/game?x=1"})
    content = response.content.decode()
    assert response.status_code == 409
    assert "Only 3 left &lt;b&gt;." in content
    assert 'href="/p/game?x=1"' in content


@pytest.mark.parametrize("referrer", ["https://eve.example/p", "http://testserver/sold_out", "javascript:alert(1)", ""])
def test_the_way_back_never_leaves_the_site_nor_runs_in_circles(site: Client, referrer: str) -> None:
    content = site.get("/sold_out", headers={"Referer": referrer}).content.decode()
    assert '<a class="btn pri" href="/">' in content


def test_who_came_from_nowhere_goes_to_the_first_page_of_where_they_work() -> None:
    for path, entrance in (("/office/cases/x/decide", "/office/"), ("/desk/ada/x", "/desk/"), ("/officer", "/")):
        page = answer_refusal(RequestFactory().get(path), OnlyAForm()).content.decode()
        assert f'class="btn pri" href="{entrance}"' in page


def test_htmx_gets_a_fragment_for_the_notices(site: Client) -> None:
    response = site.get("/sold_out", headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#notices"
    assert "<html" not in response.content.decode()
    assert "只剩 3 件 &lt;b&gt;。" in response.content.decode()


def test_a_refusal_that_passes_says_when(site: Client) -> None:
    assert site.get("/too_often")["Retry-After"] == "30"


def test_what_the_asker_sent_is_shown_as_text(site: Client) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        content = site.get("/bad_input", headers=headers).content.decode()
        assert "&lt;script&gt;" in content
        assert "<script>x" not in content
        assert "<img" not in content


def test_a_missing_page_is_a_problem_document_for_programs(site: Client) -> None:
    response = site.get("/nowhere", headers={"Accept": "application/json"})
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["status"] == 404
