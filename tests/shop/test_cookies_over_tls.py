"""A shop that is reached by TLS: what its pages write has guarded names, and nobody loses what they held before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import LazySettings
from django.test import Client

from tests import cast
from tests.promotions import offers
from xinka.orders.access import order_path
from xinka.promotions.passes import Passes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tls(settings: LazySettings) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, site_url="https://testserver")


def browser(**cookies: str) -> Client:
    made = Client(headers={"accept-language": "en"})
    for name, value in cookies.items():
        made.cookies[name] = value
    return made


def test_whoever_holds_an_order_under_its_old_name_gets_the_new_one(delivered: cast.Bought) -> None:
    path = order_path(delivered.order_id)
    answer = browser(xk_order=delivered.cookie).get(path, secure=True)
    assert answer.status_code == 200
    given = answer.cookies["__Secure-xk_order"]
    assert (given.value, given["path"], given["secure"]) == (delivered.cookie, path, True)
    again = browser(**{"__Secure-xk_order": delivered.cookie}).get(path, secure=True)
    assert again.status_code == 200
    assert "__Secure-xk_order" not in again.cookies


def test_a_planted_cookie_does_not_hide_the_guarded_one(delivered: cast.Bought) -> None:
    path = order_path(delivered.order_id)
    both = browser(**{"__Secure-xk_order": delivered.cookie, "xk_order": "planted"})
    assert both.get(path, secure=True).status_code == 200
    planted = browser(**{"__Secure-xk_order": "0" * 32, "xk_order": delivered.cookie})
    assert planted.get(path, secure=True).status_code == 404


def test_language_and_colours_are_guarded_and_the_old_ones_still_followed() -> None:
    seen = browser(xk_lang="zh-hans").get("/orders/find", secure=True)
    assert 'lang="zh-Hans"' in seen.content.decode()
    chosen = browser(xk_lang="zh-hans", xk_theme="dark")
    answer = chosen.post("/look/language", {"language": "en"}, secure=True)
    assert (answer.cookies["__Host-xk_lang"].value, answer.cookies["__Host-xk_lang"]["path"]) == ("en", "/")
    assert 'lang="en"' in chosen.get("/orders/find", secure=True).content.decode()
    gone = chosen.post("/look/theme", {"theme": "auto"}, secure=True)
    # Both go: else the old one would come back into force when the new one is taken away.
    assert {name: (one.value, one["max-age"]) for name, one in gone.cookies.items()} == {
        "__Host-xk_theme": ("", 0),
        "xk_theme": ("", 0),
    }
    assert gone.cookies["__Host-xk_theme"]["secure"]


def test_a_code_is_remembered_under_its_guarded_name_and_forgotten_under_both(ware: cast.Ware) -> None:
    code = "SPRING"
    offers.coupon(code, merchant=ware.product.merchant)
    typed = {"sku": str(ware.sku.id), "quantity": "1", "coupon": code}
    shopper = browser()
    answer = shopper.post("/code", typed, secure=True)
    assert answer.cookies["__Host-xk_code"].value.startswith(code.encode().hex())
    gone = shopper.post("/code", {**typed, "coupon": ""}, secure=True)
    assert set(gone.cookies) == {"__Host-xk_code", "xk_code"}


def test_whom_a_link_came_from_is_guarded(settings: LazySettings) -> None:
    link = Passes(settings.ENVIRONMENT.derive("promotion-passes")).referral(7)
    assert list(browser().get(f"/r/{link}", secure=True).cookies) == ["__Secure-xk_ref"]
