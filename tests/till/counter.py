"""A till as a process, on a shop with real commits, and a look at what a request has left."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests import cast
from tests.resilience.client import Answer, Client, checkout_body
from tests.resilience.house import Server, broken_rules, contents_of, django_on, fresh_copy, open_till

#: What must never be read in a log, an answer to somebody else, or a redirect.
CANARY_CONTACT = "xk-canary-cy@example.com"
CANARY_PASSWORD = "xk canary password"
CANARY_CODE = "XK-CANARY-CODE"


@dataclass
class Counter:
    """A till that is open, and the shop behind it."""

    url: str
    till: Server
    sku: int
    other_sku: int

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.till.port

    def client(self) -> Client:
        """Open a connection."""
        return Client(self.port)

    def order(self, **more: object) -> Answer:
        """Place an order of one piece, as a buyer nobody has seen before."""
        with self.client() as client:
            body = checkout_body(self.sku, contact=f"{secrets.token_hex(6)}@example.com")
            return client.post_json("/checkout", {**body, **more}, {"X-Forwarded-For": some_address()})

    def payment(self, **more: object) -> str:
        """Place an order and return the number of its payment."""
        return str(self.order(**more).json()["payment"])

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Prove that what happens inside writes no row of any table: none more, none fewer, none anew."""
        before = contents_of(self.url)
        yield
        after = contents_of(self.url)
        changed = {table: (before[table], after[table]) for table in before if after[table] != before[table]}
        assert changed == {}, "a refused request left a trace in the tables"

    def number(self, statement: str, *values: object) -> int:
        """Return the one number a statement asks for."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(statement.encode(), values).fetchone()
            assert row is not None
            return int(row[0])

    def state_of_payment(self, payment: str) -> str:
        """Return the state of the order behind a payment."""
        from xinka.kernel import ids  # here, because only some tests look

        with psycopg.connect(self.url) as connection:
            row = connection.execute(
                "SELECT o.state FROM orders_order o JOIN payments_payment p ON p.order_id = o.id WHERE p.id = %s",
                [ids.parse("pay", payment)],
            ).fetchone()
            assert row is not None
            return str(row[0])


def some_address() -> str:
    """Return an address nobody has come from yet; the tests' till trusts its neighbour to tell it."""
    return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


@contextmanager
def open_counter(server: str, template: str, log: Path) -> Iterator[Counter]:
    """Run a till on a fresh shop, and in the end hold the shop's books and the till's log to account."""
    with fresh_copy(server, template) as url, django_on(url), _stocked(url, log) as counter:
        yield counter
        assert broken_rules(url) == {}
        assert counter.till.words().count("Traceback") == 0, counter.till.words()[-3000:]


@contextmanager
def _stocked(url: str, log: Path) -> Iterator[Counter]:
    ada = cast.adas_shop()
    ware = cast.ware(ada, [f"{CANARY_CODE}-{n:03d}" for n in range(300)], sku={"max_quantity": 10})
    other = cast.ware(ada, 5, slug="other", sku={"choosable": True, "choose_premium": 300})
    cast.channel("strong", sign_type="HMAC-SHA256")
    cast.channel("other", sign_type="HMAC-SHA256", config={"pid": "2002", "key": "Z" * 8 + cast.KEY})
    cast.channel("weak", config={"base_url": "http://127.0.0.1:9/"})
    with open_till(url, log, XINKA_TRUSTED_PROXIES="127.0.0.1", PYTHONUNBUFFERED="1") as till:
        yield Counter(url, till, ware.sku.id, other.sku.id)
