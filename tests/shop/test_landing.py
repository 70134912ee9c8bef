"""Where somebody begins after signing in: each at their own work."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast

pytestmark = pytest.mark.django_db


def begins(email: str) -> str:
    """Sign in as people do, without having been on the way anywhere, and return the page that is reached."""
    browser = Client()
    browser.post("/account/login/", {"login": email, "password": cast.PASSWORD})
    return str(browser.get("/begin")["Location"])


def test_everybody_who_signs_in_begins_at_their_own_work() -> None:
    cast.adas_shop()
    cast.person(cast.CY)
    cast.person("dee@shop.example", staff=True)
    assert begins("dee@shop.example") == "/office/"
    assert begins("ada@ada-cards.example") == begins("bo@ada-cards.example") == "/desk/"
    assert begins(cast.CY) == "/orders"


def test_who_was_on_the_way_to_a_page_gets_there() -> None:
    cast.person("dee@shop.example", staff=True)
    typed = {"login": "dee@shop.example", "password": cast.PASSWORD, "next": "/orders"}
    assert Client().post("/account/login/", typed)["Location"] == "/orders"
