"""Ordering the same again: one order while it is unpaid, for the browser that placed it alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import psycopg
import pytest

from tests.resilience.client import checkout_body, genuine
from tests.till.counter import Counter, some_address
from xinka.flows.expire import cancel
from xinka.kernel import ids
from xinka.platform.database.drive import drive


class Browser:
    """A browser that keeps what it is told for its checkout; without a key it runs no scripts."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.contact = f"{secrets.token_hex(6)}@example.com"
        self.kept = ""
        self.address = some_address()

    def order(self, **more: Any) -> str:
        """Send the order form and return the path of the order's page."""
        with self.counter.client() as client:
            cookie = {"Cookie": self.kept} if self.kept else {}
            body = {**checkout_body(self.counter.sku, contact=self.contact), "request_key": "", **more}
            connection = client._connection  # the answer has two cookies, and the client keeps one of a name
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": self.address, **cookie}
            connection.request("POST", "/checkout", "&".join(f"{k}={v}" for k, v in body.items()), headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 303
            for line in answer.headers.get_all("set-cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    if name == "xk_placed":
                        assert (morsel["path"], morsel["max-age"], morsel["samesite"]) == ("/checkout", "900", "Lax")
                        assert morsel["httponly"]
                        self.kept = f"{name}={morsel.value}"
            location = str(answer.headers["location"])
            assert location.endswith("/pay")
            return location.removesuffix("/pay")


@pytest.fixture
def cy(counter: Counter) -> Browser:
    """Cy, whose browser runs no scripts."""
    return Browser(counter)


def _number(order: str) -> object:
    return ids.parse("ord", order.rpartition("/")[2])


def cancel_it(counter: Counter, order: str) -> None:
    """The buyer cancels."""
    with psycopg.connect(counter.url, autocommit=True) as connection:
        assert drive(connection, cancel(_number(order)))


def let_it_run_out(counter: Counter, order: str) -> None:
    """Its time is over, and nobody has looked yet."""
    with psycopg.connect(counter.url) as connection:
        connection.execute("UPDATE orders_order SET expires_at = now() WHERE id = %s", [_number(order)])


def pay_it(counter: Counter, order: str) -> None:
    """The gateway tells of the money."""
    with psycopg.connect(counter.url) as connection:
        found = connection.execute("SELECT id FROM payments_payment WHERE order_id = %s", [_number(order)]).fetchone()
    assert found is not None
    with counter.client() as client:
        client.get(genuine(ids.show("pay", found[0])))
    assert counter.state_of_payment(ids.show("pay", found[0])) == "delivered"


def test_the_same_again_is_the_order_that_is_still_unpaid(counter: Counter, cy: Browser) -> None:
    first = cy.order()
    with counter.untouched():
        assert cy.order() == first
        assert cy.order() == first


@pytest.mark.parametrize("change", ["quantity", "contact", "channel", "password"])
def test_anything_else_is_another_order(counter: Counter, cy: Browser, change: str) -> None:
    first = cy.order()
    other = {
        "quantity": {"quantity": 2, "expected": 9800},
        "contact": {"contact": "cy.elsewhere@example.com"},
        "channel": {"channel": "weak"},
        "password": {"password": "something else"},
    }
    assert cy.order(**other[change]) != first


@pytest.mark.parametrize("end", [cancel_it, let_it_run_out, pay_it])
def test_what_is_paid_or_over_can_be_ordered_again(
    counter: Counter, cy: Browser, end: Callable[[Counter, str], None]
) -> None:
    first = cy.order()
    end(counter, first)
    assert cy.order() != first


@pytest.mark.parametrize("kept", ["", "{order}.", "{order}.00000000000000000000000000000000", "{order}", "...", "é.é"])
def test_eve_who_knows_what_cy_ordered_and_as_whom_gets_an_order_of_her_own(
    counter: Counter, cy: Browser, kept: str
) -> None:
    first = cy.order()
    eve = Browser(counter)
    eve.contact = cy.contact
    eve.kept = f"xk_placed={kept.format(order=first.rpartition('/')[2])}"
    assert eve.order() != first


@pytest.mark.parametrize("key", ["", "a key of its own"])
def test_a_second_tab_with_scripts_asks_for_the_same_order(counter: Counter, cy: Browser, key: str) -> None:
    first = cy.order(request_key=key and secrets.token_hex(16))
    with counter.untouched():
        assert cy.order(request_key=secrets.token_hex(16)) == first
        assert cy.order() == first


def test_the_keys_of_two_tabs_still_name_their_own_orders(counter: Counter, cy: Browser) -> None:
    one, other = secrets.token_hex(16), secrets.token_hex(16)
    first = cy.order(request_key=one)
    second = cy.order(request_key=other, quantity=2, expected=9800)
    with counter.untouched():
        assert cy.order(request_key=one) == first
        assert cy.order(request_key=other, quantity=2, expected=9800) == second


def test_a_program_with_keys_of_its_own_may_order_the_same_twice(counter: Counter, cy: Browser) -> None:
    cy.order()
    body = checkout_body(counter.sku, contact=cy.contact)
    with counter.client() as client:
        placed = [
            client.post_json("/checkout", {**body, "request_key": secrets.token_hex(16)}, {"Cookie": cy.kept}).json()
            for _ in range(2)
        ]
    assert placed[0]["order"] != placed[1]["order"]
