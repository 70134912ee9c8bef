"""While the database is away, a buyer hears of it within seconds and in words, and afterwards buys as before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.resilience.client import checkout_body
from tests.resilience.house import PATIENCE
from tests.till.counter import Counter


@contextmanager
def _shut(counter: Counter) -> Iterator[None]:
    """Let nobody into the shop's database, and end whoever is in."""
    name = urlsplit(counter.url).path[1:]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    elsewhere = urlunsplit(urlsplit(counter.url)._replace(path="/postgres"))
    with psycopg.connect(elsewhere, autocommit=True) as administrator:
        administrator.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            administrator.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_a_buyer_is_told_and_can_buy_again_when_it_is_back(counter: Counter) -> None:
    form = urlencode(checkout_body(counter.sku, contact="lin@example.com")).encode()
    with counter.client() as browser, _shut(counter):
        begun = time.monotonic()
        answer = browser.post_form("/checkout", form)
        told_after = time.monotonic() - begun
        program = counter.order()
    assert (answer.status, answer.headers["location"].partition("&")[0]) == (
        303,
        "/checkout/refused?code=database_away",
    )
    assert told_after < PATIENCE, "whoever orders is not left alone with a page that loads"
    assert (program.status, program.json()["code"]) == (503, "database_away")
    assert program.headers["retry-after"]
    assert "数据库" in program.json()["message_zh"]
    deadline = time.monotonic() + PATIENCE
    while (again := counter.order()).status == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert again.status == 200
