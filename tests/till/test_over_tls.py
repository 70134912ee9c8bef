"""A till of a shop that is reached by TLS: it tells browsers to come back that way, and its cookies are guarded."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resilience.client import Answer, Client, checkout_body
from tests.resilience.house import open_till
from tests.till.counter import Counter

SITE = "https://shop.example"
HOST = {"Host": "shop.example"}
HSTS = "max-age=31536000; includeSubDomains"


@pytest.fixture(scope="module")
def port(counter: Counter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Another till of the same shop, which its proxy reaches by TLS."""
    log = Path(tmp_path_factory.mktemp("tls")) / "till.log"
    with open_till(counter.url, log, XINKA_SITE_URL=SITE, XINKA_TRUSTED_PROXIES="127.0.0.1") as till:
        yield till.port


def order(counter: Counter, port: int) -> Answer:
    with Client(port) as client:
        return client.post_json("/checkout", checkout_body(counter.sku, contact="tls@example.com"), HOST)


def test_every_answer_says_once_that_tls_is_the_only_way(counter: Counter, port: int) -> None:
    seen: set[int] = set()
    with Client(port) as client:
        for answer in (
            order(counter, port),
            client.get("/checkout", HOST),
            client.get("/order/ord_x/status", HOST),
            client.get("/pay/notify/nobody", HOST),
            client.get("/stock?sku=1", HOST),
            client.get("/livez", HOST),
            client.get("/orders/find", HOST),  # nobody is behind this till: it says itself that pages are away
            client.post_form("/checkout", b"x=1", HOST),
        ):
            assert answer.headers["strict-transport-security"] == HSTS, answer
            seen.add(answer.status)
    assert seen == {200, 303, 404, 503}
    for broken in (b"no request\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line, line.makefile("rb") as answer:
            line.sendall(broken)
            said = answer.read()
        assert said.startswith(b"HTTP/1.1 400 ")
        assert said.count(f"strict-transport-security: {HSTS}\r\n".encode()) == 1


def test_without_tls_nothing_is_promised(counter: Counter) -> None:
    with counter.client() as client:
        assert "strict-transport-security" not in client.get("/livez").headers


def test_an_orders_cookie_is_guarded_and_the_one_of_before_still_opens_it(counter: Counter, port: int) -> None:
    answer = order(counter, port)
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == "__Secure-xk_order"
    assert "; Secure" in answer.headers["set-cookie"]
    status = f"/order/{answer.json()['order']}/status"
    with Client(port) as client:
        for held in (f"{name}={value}", f"xk_order={value}", f"xk_order=planted; {name}={value}"):
            assert client.get(status, {**HOST, "Cookie": held}).json() == {"state": "awaiting_payment"}, held
        for held in (f"{name}=planted", f"__Host-xk_order={value}", f"xk_order={value}; {name}=planted"):
            assert client.get(status, {**HOST, "Cookie": held}).status == 404, held
