"""Each answer in JSON has the fields it is meant to have, and not one more."""

from __future__ import annotations

import pytest

from tests.resilience.client import genuine
from tests.till.counter import Counter
from tests.till.test_orders import ask, mine

#: What every refusal tells; some also say what is to be mended, and how.
REFUSAL = {"type", "title", "status", "code", "message_zh", "message_en"}


def test_an_order_that_was_placed(counter: Counter) -> None:
    assert set(counter.order().json()) == {"order", "payment", "amount", "pay_url"}


def test_the_way_of_an_order(counter: Counter) -> None:
    order, payment, cookie = mine(counter)
    assert ask(counter, order, cookie).json() == {"state": "awaiting_payment"}
    with counter.client() as client:
        assert client.get(genuine(payment)).body == b"success"
    assert ask(counter, order, cookie).json() == {"state": "delivered"}


def test_what_is_in_stock(counter: Counter) -> None:
    with counter.client() as client:
        told = client.get(f"/stock?sku={counter.other_sku}").json()
    assert set(told) == {"stock"}
    assert set(told["stock"]) == {str(counter.other_sku)}


@pytest.mark.parametrize(
    ("wrong", "more"),
    [
        ({"quantity": 0}, {"most", "least"}),
        ({"contact": "nobody"}, {"field", "why_zh", "why_en"}),
        ({"sku": 999_999_999}, set()),
    ],
)
def test_a_refusal_tells_what_is_wrong_and_nothing_of_the_shop(
    counter: Counter, wrong: dict[str, object], more: set[str]
) -> None:
    assert set(counter.order(**wrong).json()) == REFUSAL | more


def test_an_order_of_somebody_else(counter: Counter) -> None:
    order, _, _ = mine(counter)
    assert set(ask(counter, order).json()) == REFUSAL


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_whether_the_shop_lives_tells_no_more_than_that(counter: Counter, path: str) -> None:
    with counter.client() as client:
        answer = client.get(path)
    assert answer.status == 200
    assert len(answer.body) < 40, answer.body
