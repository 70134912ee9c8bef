"""No connection to the database is left for anybody new: what has one goes on, everybody else is told, and it heals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from psycopg import sql

from tests import cast
from tests.resilience.client import Client, checkout_body, genuine
from tests.resilience.house import broken_rules, eventually, number, open_till

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]


@contextmanager
def nobody_new(database_url: str) -> Iterator[None]:
    """Let nobody else connect to a database, as when all connections are taken; who is connected stays."""
    parts = urlsplit(database_url)
    limit = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
    elsewhere = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(elsewhere, autocommit=True) as administrator:
        name = sql.Identifier(parts.path[1:])
        administrator.execute(limit.format(name, sql.Literal(0)))
        try:
            with pytest.raises(psycopg.OperationalError, match="too many connections"):
                psycopg.connect(database_url)
            yield
        finally:
            administrator.execute(limit.format(name, sql.Literal(-1)))


def test_a_till_sells_on_the_connection_it_has_and_pages_say_that_the_database_is_away(
    committed: str, tmp_path: Path
) -> None:
    ware = cast.ware(cast.adas_shop(), 40)
    cast.channel("strong", sign_type="HMAC-SHA256")
    browser = Browser(raise_request_exception=False)
    with open_till(committed, tmp_path / "till.log", PYTHONUNBUFFERED="1") as till, Client(till.port) as client:
        assert client.post_json("/checkout", checkout_body(ware.sku.id, contact="before@example.com")).status == 200
        connection.close()
        with nobody_new(committed):
            answer = client.post_json("/checkout", checkout_body(ware.sku.id, contact="meanwhile@example.com"))
            assert answer.status == 200, answer.body
            assert client.get(genuine(answer.json()["payment"])).body == b"success"
            page = browser.get("/", headers={"Accept-Language": "en"})
            assert page.status_code == 503
            assert page.headers["retry-after"]
            assert "cannot reach its database" in page.content.decode()
        assert browser.get("/").status_code == 200
        assert client.get("/readyz").status == 200
    assert "Traceback" not in till.words()
    assert number(committed, "SELECT count(*) FROM delivery_code") == 1
    assert broken_rules(committed) == {}


def test_a_till_that_loses_its_connection_meanwhile_says_so_and_sells_when_there_are_some_again(
    committed: str, tmp_path: Path
) -> None:
    ware = cast.ware(cast.adas_shop(), 40)
    cast.channel("strong", sign_type="HMAC-SHA256")
    with open_till(committed, tmp_path / "till.log", PYTHONUNBUFFERED="1") as till, Client(till.port) as client:
        payment = client.post_json("/checkout", checkout_body(ware.sku.id)).json()["payment"]
        with psycopg.connect(committed, autocommit=True) as administrator, nobody_new(committed):
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = user AND pid <> pg_backend_pid()"
            )
            refused = client.post_json("/checkout", checkout_body(ware.sku.id, contact="meanwhile@example.com"))
            assert (refused.status, refused.json()["code"]) == (503, "database_away")
            assert client.get(genuine(payment)).status == 503, "so that it comes again"
        eventually(lambda: client.get(genuine(payment)).body == b"success", "the till to have a connection again")
    assert number(committed, "SELECT count(*) FROM delivery_code") == 1
    assert broken_rules(committed) == {}
