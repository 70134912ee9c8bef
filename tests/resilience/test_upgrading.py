"""The tables change while the till sells (F71, F72): it hardly waits, nothing is lost, and a killed upgrade goes on.

The till is the version that runs; the migrations are those of a version to come, of every kind that
``tools.migrating`` lets through, on the tables that every order writes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
import pytest

from tests import cast
from tests.resilience.house import add_codes, broken_rules, eventually, number, open_till
from tests.resilience.load import Buyers
from xinka.catalog.models import Sku
from xinka.platform.database.migrating import LOCK_WAIT

#: Seconds that nobody could pay: a step waits for one lock at most so long, and a busy machine adds to it.
MOST = LOCK_WAIT + 2

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

_MIGRATIONS = {
    "0001_column": """
class Migration(migrations.Migration):
    dependencies = [("orders", "__first__"), ("payments", "__first__"), ("ledger", "__first__")]
    operations = [migrations.RunSQL("ALTER TABLE orders_order ADD COLUMN of_tomorrow text NOT NULL DEFAULT ''")]
""",
    "0002_another": """
class Migration(migrations.Migration):
    dependencies = [("tomorrow", "0001_column")]
    operations = [migrations.RunSQL("ALTER TABLE payments_receipt ADD COLUMN of_tomorrow bigint")]
""",
    "0003_slices": """
class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tomorrow", "0002_another")]
    operations = [
        ChangeInSlices(
            "UPDATE payments_receipt SET of_tomorrow = 1 WHERE ctid = ANY(ARRAY("
            "SELECT ctid FROM payments_receipt WHERE of_tomorrow IS NULL LIMIT %s))"
            # From the second slice on, a test can stop it.
            " AND coalesce((SELECT CASE WHEN EXISTS (SELECT FROM payments_receipt WHERE of_tomorrow = 1)"
            " THEN pg_advisory_xact_lock_shared(2027)::text END), '') = ''", rows=10)
    ]
""",
    "0004_index": """
class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tomorrow", "0003_slices")]
    operations = [
        IndexInWords("order_of_tomorrow", "CREATE INDEX CONCURRENTLY order_of_tomorrow ON orders_order (of_tomorrow)")
    ]
""",
    "0005_rule": """
class Migration(migrations.Migration):
    dependencies = [("tomorrow", "0004_index")]
    operations = [
        migrations.RunSQL("ALTER TABLE ledger_entry ADD CONSTRAINT of_tomorrow CHECK (amount <> 0) NOT VALID")
    ]
""",
    "0006_rule_holds": """
class Migration(migrations.Migration):
    dependencies = [("tomorrow", "0005_rule")]
    operations = [migrations.RunSQL("ALTER TABLE ledger_entry VALIDATE CONSTRAINT of_tomorrow")]
""",
}
_HEAD = """
from django.db import migrations
from xinka.platform.database.operations import ChangeInSlices, IndexInWords
"""
_SETTINGS = 'from xinka.config.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, "tomorrow"]\n'


class Tomorrow:
    """The version to come: today's with one room more."""

    def __init__(self, place: Path, database_url: str) -> None:
        package = place / "tomorrow" / "migrations"
        package.mkdir(parents=True)
        (package.parent / "__init__.py").touch()
        (package / "__init__.py").touch()
        for name, body in _MIGRATIONS.items():
            (package / f"{name}.py").write_text(_HEAD + body, encoding="utf-8")
        (place / "settings_of_tomorrow.py").write_text(_SETTINGS, encoding="utf-8")
        (place / "data").mkdir()
        self.url = database_url
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "XINKA_DATA_DIR": str(place / "data"),
            "PYTHONPATH": str(place),
            "DJANGO_SETTINGS_MODULE": "settings_of_tomorrow",
        }

    def upgrade(self, **environment: str) -> subprocess.Popen[str]:
        """Begin to bring the tables up to date, as the next start does."""
        return subprocess.Popen(
            [sys.executable, "-m", "xinka.config.prepare"],
            env={**self.environment, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )

    def done(self) -> list[str]:
        """Return which of the migrations are in the database."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute("SELECT name FROM django_migrations WHERE app = 'tomorrow' ORDER BY name")
            return [row[0] for row in rows]


class Waits:
    """Watches how long at a time nobody could pay."""

    def __init__(self, buyers: Buyers) -> None:
        self._buyers = buyers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.longest = 0.0

    def _look(self) -> None:
        n, since = self._buyers.n_paid, time.monotonic()
        while not self._over.wait(0.005):
            now = time.monotonic()
            self.longest = max(self.longest, now - since)
            if self._buyers.n_paid != n:
                n, since = self._buyers.n_paid, now

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def _selling(database_url: str, log: Path) -> Iterator[Buyers]:
    """A till that sells to four, and the books held to what they were promised when they go."""
    ware = cast.ware(cast.adas_shop(), 1)
    cast.channel("strong", sign_type="HMAC-SHA256")
    Sku.objects.filter(id=ware.sku.id).update(max_quantity=50)
    add_codes(database_url, ware.sku.id, 20_000)
    with open_till(database_url, log, XINKA_TRUSTED_PROXIES="127.0.0.1") as till:
        buyers = Buyers(till.port, ware.sku.id, n=4, seed=1)
        buyers.start()
        try:
            eventually(lambda: buyers.n_paid >= 50, "the first orders")
            yield buyers
        finally:
            buyers.stop(60)
    assert buyers.book.scandals == []
    delivered = number(database_url, "SELECT count(*) FROM orders_order WHERE state = 'delivered'")
    assert delivered >= buyers.n_paid
    paid = "SELECT count(*) FROM payments_payment WHERE id = ANY(%s) AND state = 'paid'"
    assert number(database_url, paid, _ids(buyers.book.paid)) == buyers.n_paid
    assert broken_rules(database_url) == {}


def _ids(payments: set[str]) -> list[object]:
    from xinka.kernel import ids

    return [ids.parse("pay", payment) for payment in payments]


def test_the_till_sells_on_while_every_kind_of_migration_runs(committed: str, tmp_path: Path) -> None:
    tomorrow = Tomorrow(tmp_path, committed)
    with _selling(committed, tmp_path / "till.log") as buyers:
        n_before = buyers.n_paid
        with Waits(buyers) as waits:
            upgrade = tomorrow.upgrade()
            assert upgrade.communicate(timeout=200)[1].count("tables") == 1
            assert upgrade.returncode == 0
        eventually(lambda: buyers.n_paid >= n_before + 50, "orders of the version of before on the tables of tomorrow")
        assert tomorrow.done() == list(_MIGRATIONS)
    assert waits.longest < MOST
    assert number(committed, "SELECT count(*) FROM payments_receipt WHERE of_tomorrow = 1") >= 50


def test_who_holds_a_table_stops_the_upgrade_and_not_the_till(committed: str, tmp_path: Path) -> None:
    """A backup reads every table for as long as it takes; the step that waits for it lets the till pass."""
    tomorrow = Tomorrow(tmp_path, committed)
    with _selling(committed, tmp_path / "till.log") as buyers, _patient(committed) as reader:
        reader.execute("SET application_name = 'a-long-backup'")
        reader.execute("SELECT count(*) FROM orders_order")  # its lock stays until the transaction ends
        with Waits(buyers) as waits:
            upgrade = tomorrow.upgrade()
            eventually(lambda: _refused_locks(tomorrow), "a step that let go of its lock", 100)
            n_meanwhile = buyers.n_paid
            eventually(lambda: buyers.n_paid >= n_meanwhile + 20, "orders while the upgrade waits")
            assert tomorrow.done() == []
            reader.rollback()
            said = upgrade.communicate(timeout=200)[1]
        assert upgrade.returncode == 0
        assert "a-long-backup" in said
        assert tomorrow.done() == list(_MIGRATIONS)
    assert waits.longest < MOST


def _patient(database_url: str) -> psycopg.Connection:
    """A connection that may hold what it holds, on a machine that is busy."""
    return psycopg.connect(database_url, options="-c idle_in_transaction_session_timeout=0")


def _refused_locks(tomorrow: Tomorrow) -> bool:
    """Whether a waiting step gave up at least once: it was seen to wait, and is seen not to."""
    waits = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'orders_order'::regclass AND mode LIKE 'Acc%%'"
    )
    if not number(tomorrow.url, waits):
        return False
    eventually(lambda: not number(tomorrow.url, waits), "the step to let go", 10 * LOCK_WAIT)
    return True


def test_control_without_a_limit_a_step_that_waits_stops_the_till(committed: str, tmp_path: Path) -> None:
    with _selling(committed, tmp_path / "till.log") as buyers, _patient(committed) as reader:
        reader.execute("SELECT count(*) FROM orders_order")
        with psycopg.connect(committed) as step, Waits(buyers) as waits:
            ended = threading.Thread(target=step.execute, args=("ALTER TABLE orders_order ADD COLUMN late bigint",))
            ended.start()
            time.sleep(2 * LOCK_WAIT + 2)  # how long it waits is up to the reader
            reader.rollback()
            ended.join(60)
    assert waits.longest > MOST


@pytest.mark.parametrize("moment", ["in a slice", "in an index", "after an index"])
def test_an_upgrade_that_is_killed_goes_on_at_the_next_start(committed: str, tmp_path: Path, moment: str) -> None:
    tomorrow = Tomorrow(tmp_path, committed)
    with _selling(committed, tmp_path / "till.log") as buyers:
        with _patient(committed) as of_slices, _patient(committed) as of_indexes:
            of_slices.execute("SELECT pg_advisory_xact_lock(2027)")
            upgrade = tomorrow.upgrade()
            eventually(lambda: _waits(committed, "UPDATE payments_receipt"), "the upgrade to be in a slice", 100)
            if moment != "in a slice":
                of_indexes.execute(
                    "UPDATE orders_order SET of_tomorrow = '' WHERE false"
                )  # whoever writes is waited for
                of_slices.rollback()
                eventually(lambda: _waits(committed, "CREATE INDEX"), "the upgrade to be in an index", 100)
            os.kill(upgrade.pid, signal.SIGKILL)
            upgrade.communicate(timeout=60)
            if moment == "in an index":  # the whole machine died, and the connection with it
                _hang_up(committed, "CREATE INDEX")
        assert tomorrow.done() == list(_MIGRATIONS)[: 2 if moment == "in a slice" else 3]
        if moment == "after an index":
            eventually(lambda: _is_whole(committed) == 1, "the server to finish what nobody waits for")
        elif moment == "in an index":
            assert _is_whole(committed) == 0
        else:  # the statement that waited may have gone on without anybody to tell
            assert number(committed, "SELECT count(*) FROM payments_receipt WHERE of_tomorrow = 1") in {10, 20}
        again = tomorrow.upgrade()
        said = again.communicate(timeout=200)[1]
        assert again.returncode == 0, said
        n_before = buyers.n_paid
        eventually(lambda: buyers.n_paid >= n_before + 20, "orders after the upgrade")
    assert tomorrow.done() == list(_MIGRATIONS)
    assert _is_whole(committed) == 1
    assert number(committed, "SELECT count(*) FROM payments_receipt WHERE of_tomorrow = 1") >= 50


def _waits(database_url: str, statement: str) -> int:
    """Whether such a statement waits for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
    return number(database_url, waits, f"{statement}%")


def _hang_up(database_url: str, statement: str) -> None:
    end = (
        "SELECT count(*) FROM (SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE query LIKE %s) ended"
    )
    assert number(database_url, end, f"{statement}%") == 1


def _is_whole(database_url: str) -> int:
    """Return how many of the indexes are there and of use: one, or none."""
    whole = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('order_of_tomorrow') AND indisvalid"
    return number(database_url, whole)
