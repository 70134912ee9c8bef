"""``/order/ORDER/status``: the buyer's own browser hears of the payment at once, and Eve hears nothing."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.resilience.client import Answer, Client, genuine
from tests.till.counter import Counter


def mine(counter: Counter) -> tuple[str, str, str]:
    """Return order, payment and cookie of a fresh order."""
    answer = counter.order()
    body = answer.json()
    return body["order"], body["payment"], answer.headers["set-cookie"].split(";")[0]


def ask(counter: Counter, order: str, cookie: str = "", after: str = "") -> Answer:
    """Ask how far an order is."""
    with counter.client() as client:
        return client.get(f"/order/{order}/status{after}", {"Cookie": cookie} if cookie else {})


def test_the_buyer_hears_the_state(counter: Counter) -> None:
    order, payment, cookie = mine(counter)
    assert ask(counter, order, cookie).json() == {"state": "awaiting_payment"}
    with counter.client() as client:
        client.get(genuine(payment))
    answer = ask(counter, order, cookie)
    assert answer.json() == {"state": "delivered"}
    assert answer.headers["cache-control"] == "no-store"


def test_who_waits_hears_of_the_payment_when_it_comes(counter: Counter) -> None:
    order, payment, cookie = mine(counter)
    waiting = threading.Event()

    def wait() -> Answer:
        with Client(counter.port) as client:
            waiting.set()
            return client.get(f"/order/{order}/status?after=awaiting_payment", {"Cookie": cookie})

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(wait)
        assert waiting.wait(30)
        time.sleep(0.2)  # let the request reach the till; if it does not, the answer is the same
        with counter.client() as client:
            client.get(genuine(payment))
        assert answer.result(30).json() == {"state": "delivered"}


def test_eve_gets_the_same_answer_for_a_strangers_order_and_for_none(counter: Counter) -> None:
    order, _, _ = mine(counter)
    _, _, eves_cookie = mine(counter)
    nobody = order[:-4] + ("0000" if order[-4:] != "0000" else "1111")
    answers = [
        ask(counter, order),
        ask(counter, order, eves_cookie),
        ask(counter, order, "xk_order="),
        ask(counter, order, "xk_order=" + "0" * 32),
        ask(counter, nobody),
        ask(counter, nobody, eves_cookie),
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1
    assert len({tuple(sorted((n, v) for n, v in a.headers.items() if n != "date")) for a in answers}) == 1


@pytest.mark.parametrize(
    "spoilt", ["ord_", "ord_x", "pay_" + "0" * 26, "ord_" + "０" * 26, "..", "%00", "ord_" + "z" * 26]
)
def test_a_spoilt_number_is_not_found(counter: Counter, spoilt: str) -> None:
    from urllib.parse import quote  # here, because only this test writes odd addresses

    assert ask(counter, quote(spoilt, safe="%")).status == 404


@pytest.mark.parametrize(
    "query", ["?after=" + "x" * 5000, "?after=%ff", "?after=a&after=b", "?" + "a=1&" * 100, "?after"]
)
def test_an_odd_question_is_answered_at_once(counter: Counter, query: str) -> None:
    order, _, cookie = mine(counter)
    assert ask(counter, order, cookie, query).json() == {"state": "awaiting_payment"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_asking_changes_nothing(counter: Counter, method: str) -> None:
    order, _, cookie = mine(counter)
    with counter.untouched(), counter.client() as client:
        assert client.send(method, f"/order/{order}/status", b"", {"Cookie": cookie}).status == 405


@pytest.mark.parametrize(
    "query", ["", "?sku=", "?sku=x", "?sku=1;2", "?sku=-1", "?sku=１", "?sku=" + "1," * 200, "?sku=1e3"]
)
def test_an_odd_question_about_the_stock_is_refused(counter: Counter, query: str) -> None:
    from urllib.parse import quote  # here, because only this test writes odd addresses

    with counter.client() as client:
        assert client.get("/stock" + quote(query, safe="?=,;-")).status == 422


def test_the_stock_of_what_exists_is_told_and_of_nothing_else(counter: Counter) -> None:
    with counter.client() as client:
        found = client.get(f"/stock?sku={counter.other_sku},999999999").json()
    assert found == {"stock": {str(counter.other_sku): 5}}
