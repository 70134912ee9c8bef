"""kill -9 of the till, the pages, the worker and the database under load, at moments drawn by a seed.

After each schedule everything is started again, as the supervisor does, and then: what was answered 2xx exists (I5),
what was answered ``success`` is delivered, nothing was sold twice, the auditor finds nothing, and the same request
sent again names the same order (I6). Everything is durable here: fsync is on.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests import cast
from tests.resilience.client import Client, checkout_body
from tests.resilience.house import Server, add_codes, broken_rules, django_on, eventually, number, till
from tests.resilience.load import Buyers
from xinka.catalog.models import Sku
from xinka.kernel import ids
from xinka.platform.database.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.crash, pytest.mark.timeout(7000)]

#: `make nightly` asks for 200.
SCHEDULES = int(os.environ.get("XINKA_TEST_CRASH_SCHEDULES", "20"))
VICTIMS = ("till", "postmaster", "backend", "worker", "web", "everything", "restart")


@dataclass
class House:
    """The whole shop on a durable database of its own."""

    postgres: EmbeddedPostgres
    url: str
    servers: dict[str, Server]
    sku_id: int
    #: How often each of them was really killed.
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def till(self) -> Server:
        """The till."""
        return self.servers["till"]

    def kill(self, victim: str, chance: random.Random) -> None:
        """Kill somebody without a word, counted where somebody was alive, or stop the database as administrators do."""
        for name, server in self.servers.items():
            if victim in (name, "everything") and server.process is not None and server.process.poll() is None:
                server.kill()
                self.killed[name] += 1
        if victim in ("postmaster", "everything"):
            with suppress(ProcessLookupError, TypeError):
                os.kill(self.postgres.postmaster_pid, signal.SIGKILL)  # type: ignore[arg-type]  # None is suppressed
                self.killed["postmaster"] += 1
        if victim == "restart":  # as after an upgrade of PostgreSQL: in the middle of a batch, and no kill
            self.postgres.stop()
            self.killed["restart"] += 1
        if victim == "backend":
            with suppress(psutil.Error, IndexError):
                postmaster = psutil.Process(self.postgres.postmaster_pid)
                chance.choice(postmaster.children()).kill()
                self.killed["backend"] += 1

    def mend(self) -> None:
        """Start again what is dead, as the supervisor does, and wait until the till can sell."""
        self.postgres.start()
        for server in self.servers.values():
            if server.process is None or server.process.poll() is not None:
                server.start()
        eventually(self.till.is_ready, "the till to sell again")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """A shop that sells one card for ever."""
    place = Path(tmp_path_factory.mktemp("c"))
    data = Path("/tmp") / f"xk-crash-{os.getpid()}"  # noqa: S108 - a socket's path must be short
    (data / "static").mkdir(parents=True)
    postgres = EmbeddedPostgres(data / "postgres")
    url = postgres.start()
    environment = {
        "DATABASE_URL": url,
        "XINKA_DATA_DIR": str(data),
        "XINKA_MASTER_KEY": settings.ENVIRONMENT.master_key.hex(),
        "XINKA_TRUSTED_PROXIES": "127.0.0.1",
    }
    servers = {"till": till(url, place / "till.log", **environment)}
    for name, module in (("web", ["xinka.config.serve", "web"]), ("worker", ["xinka.config.worker"])):
        servers[name] = Server(name, environment, place / f"{name}.log", [sys.executable, "-m", *module])
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    try:
        subprocess.run(migrate, env={**os.environ, **environment}, check=True, timeout=300)
        with django_db_blocker.unblock(), django_on(url):
            ware = cast.ware(cast.adas_shop(), 1)
            cast.channel("strong", sign_type="HMAC-SHA256")
            Sku.objects.filter(id=ware.sku.id).update(max_quantity=50)
        made = House(postgres, url, servers, ware.sku.id)
        made.mend()
        yield made
    finally:
        for server in servers.values():
            server.kill()
        postgres.stop()
        subprocess.run(["rm", "-rf", str(data)], check=True)


def run_schedule(house: House, seed: int) -> Buyers:
    """Kill one or two of the house under load, mend it, and let everybody finish."""
    chance = random.Random(seed)
    add_codes(house.url, house.sku_id, 3_000)
    buyers = Buyers(house.till.port, house.sku_id, n=6, seed=seed)
    buyers.start()
    try:
        eventually(lambda: buyers.n_paid >= 3, "the first orders")
        for _ in range(chance.choice((1, 1, 2))):
            time.sleep(chance.uniform(0.0, 0.3))  # the moment of the kill, drawn by the seed
            house.kill(chance.choice(VICTIMS), chance)
            if chance.random() < 0.5:
                continue
            house.mend()
        house.mend()
        n_before = buyers.n_paid
        eventually(lambda: buyers.n_paid >= n_before + 3, "orders after the crash")
    finally:
        buyers.stop(60)
    return buyers


def check(house: House, buyers: Buyers, seed: int) -> None:
    """Hold the shop to what it has promised."""
    book = buyers.book
    assert book.scandals == [], f"seed {seed}"
    orders = [str(ids.parse("ord", order)) for order, _ in book.orders.values()]
    payments = [str(ids.parse("pay", payment)) for payment in book.paid]
    with psycopg.connect(house.url) as connection:
        kept = connection.execute("SELECT count(*) FROM orders_order WHERE id = ANY(%s::uuid[])", [orders]).fetchone()
        delivered = connection.execute(
            "SELECT count(DISTINCT p.id) FROM payments_payment p JOIN payments_receipt r ON r.payment_id = p.id "
            "JOIN orders_order o ON o.id = p.order_id AND o.state = 'delivered' "
            "JOIN delivery_code d ON d.order_id = o.id WHERE p.id = ANY(%s::uuid[])",
            [payments],
        ).fetchone()
    assert kept == (len(orders),), f"seed {seed}: an order that was answered is gone"
    assert delivered == (len(payments),), f"seed {seed}: money that was answered brought no goods"
    assert broken_rules(house.url) == {}, f"seed {seed}"
    with Client(house.till.port) as client:
        for key, (order, payment) in random.Random(seed).sample(sorted(book.orders.items()), min(5, len(book.orders))):
            body = checkout_body(house.sku_id, contact=f"{key}@example.com", key=key)
            answer = client.post_json("/checkout", body).json()
            assert (answer["order"], answer["payment"]) == (order, payment), f"seed {seed}"


@pytest.mark.django_db(databases=[])
def test_nothing_promised_is_lost_and_nothing_is_sold_twice(house: House) -> None:
    n_orders = n_again = 0
    for seed in range(SCHEDULES):
        buyers = run_schedule(house, seed)
        check(house, buyers, seed)
        n_orders += len(buyers.book.orders)
        n_again += buyers.book.n_again
    if SCHEDULES >= 20:
        assert set(house.killed) == {"till", "postmaster", "backend", "worker", "web", "restart"}, (
            "somebody was never killed"
        )
    assert house.killed.total() >= SCHEDULES
    assert n_again > 0, "no crash was felt by any buyer: the schedules killed nothing that mattered"
    assert number(house.url, "SELECT count(*) FROM orders_order") >= n_orders > 6 * SCHEDULES


def test_the_worker_catches_up_with_every_event_after_all_these_deaths(house: House) -> None:
    house.mend()
    eventually(
        lambda: number(house.url, "SELECT count(*) FROM outbox_event") == 0, "the worker to relay every event", 120
    )


def test_every_till_log_line_of_the_crashes_is_free_of_what_nobody_may_read(house: House) -> None:
    words = house.till.words()
    assert "@example.com" not in words
    assert cast.KEY not in words
