"""A thief with many addresses neither guesses an order password nor keeps others from their orders."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import cast
from xinka.orders.access import order_path
from xinka.shop import lookup_limits
from xinka.shop.known_browsers import cookie_name

pytestmark = pytest.mark.django_db
FIND = "/orders/find"


def from_place(number: int) -> Client:
    return Client(headers={"accept-language": "en"}, REMOTE_ADDR=f"198.51.{100 + number // 250}.{number % 250 + 1}")


def try_password(client: Client, contact: str, password: str = "wrong") -> int:
    return client.post(FIND, {"contact": contact, "password": password}).status_code


@pytest.fixture
def few_wrong(monkeypatch: pytest.MonkeyPatch) -> int:
    """The budget of wrong passwords, smaller, so that the thief is done sooner."""
    monkeypatch.setattr(lookup_limits, "WRONG_ALL", (30, 600))
    return 30


@pytest.fixture
def thief(few_wrong: int) -> None:
    """Eve, who spends it from many places, on contacts of her own choice."""
    for number in range(few_wrong):
        assert try_password(from_place(number), f"p{number}@example.com") == 200


def known(delivered: cast.Bought) -> Client:
    """A browser in which Cy once saw the goods."""
    client = from_place(700)
    client.cookies["xk_order"] = delivered.cookie
    assert client.get(order_path(delivered.order_id)).cookies[cookie_name()]["httponly"]
    del client.cookies["xk_order"]
    return client


def test_while_a_thief_guesses_newcomers_still_get_in_by_mail(delivered: cast.Bought, thief: None) -> None:
    cys = from_place(500)
    refused = cys.post(FIND, {"contact": cast.CY, "password": delivered.password})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) <= 600
    assert "Have a link mailed to you" in refused.content.decode()
    assert cys.post(f"{FIND}/mail", {"contact": cast.CY}).status_code == 200


def test_and_who_has_seen_goods_here_gets_in_by_password(delivered: cast.Bought, thief: None) -> None:
    answer = known(delivered).post(FIND, {"contact": cast.CY, "password": delivered.password})
    assert answer["Location"] == order_path(delivered.order_id)


def test_the_thief_guesses_no_more_from_however_many_places(delivered: cast.Bought, thief: None) -> None:
    for number in range(30):
        client = from_place(100 + number)
        assert try_password(client, cast.CY if number % 5 == 0 else f"q{number}@example.com", delivered.password) == 429
        client.cookies[cookie_name()] = "made-up:1vLLLL:nonsense"
        assert try_password(client, "r@example.com", delivered.password) == 429


def test_what_was_right_costs_the_others_nothing(
    delivered: cast.Bought, few_wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_limits, "FIND_CONTACT", (1000, 900))
    for number in range(few_wrong + 1):
        assert try_password(from_place(number), cast.CY, delivered.password) == 303


def test_a_known_browser_guesses_no_more_than_one_place(delivered: cast.Bought) -> None:
    cookie = known(delivered).cookies[cookie_name()].value
    statuses = []
    for number in range(lookup_limits.FIND_BROWSER[0] + 1):
        client = from_place(number)
        client.cookies[cookie_name()] = cookie
        statuses.append(try_password(client, f"p{number}@example.com"))
    assert statuses == [200] * lookup_limits.FIND_BROWSER[0] + [429]


def test_a_browser_is_known_only_for_goods_that_were_paid(bought: cast.Bought, cy: Client) -> None:
    assert cookie_name() not in cy.get(order_path(bought.order_id)).cookies
    cast.pay(bought)
    first = cy.get(order_path(bought.order_id))
    assert re.fullmatch(r"[\w-]{16}:[\w-]+:[\w-]+", first.cookies[cookie_name()].value)
    assert cookie_name() not in cy.get(order_path(bought.order_id)).cookies


def test_guessing_one_contact_for_days_leaves_it_the_mail(
    delivered: cast.Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_limits, "FIND_CONTACT", (1000, 900))  # as if each quarter of an hour had passed
    wrong, _ = lookup_limits.WRONG_CONTACT
    statuses = [try_password(from_place(number), cast.CY) for number in range(wrong)]
    assert statuses == [200] * wrong
    assert try_password(from_place(300), cast.CY, delivered.password) == 429
    assert try_password(from_place(300), "other@example.com") == 200
    assert from_place(300).post(f"{FIND}/mail", {"contact": cast.CY}).status_code == 200


def test_askings_for_mails_from_everywhere_keep_nobody_from_a_mail(
    delivered: cast.Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_limits, "MAIL_MANY", (10, 3600))
    for number in range(12):
        from_place(number).post(f"{FIND}/mail", {"contact": f"p{number}@example.com"})
    fresh, known_one = from_place(500), known(delivered)
    statuses = [fresh.post(f"{FIND}/mail", {"contact": f"q{n}@example.com"}).status_code for n in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert known_one.post(f"{FIND}/mail", {"contact": cast.CY}).status_code == 200
