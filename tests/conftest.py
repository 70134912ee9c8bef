"""Gives the test-suite a PostgreSQL of its own, a data directory of its own, and no way out to the network.

The server starts before Django's settings are read, because those take ``DATABASE_URL`` from the environment. xdist's
workers inherit the address; pytest-django gives each its own database. ``TEST_DATABASE_URL`` names another server.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql
from pytest_django import DjangoDbBlocker

from xinka.platform.database.embedded import EmbeddedPostgres
from xinka.platform.database.embedded_settings import FORGETFUL

# No test depends on how quick the machine is.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

_PREFIX = "xinka-tests-"
#: Names, for all workers of a run, the database that the others are copied from.
_TEMPLATE = "XINKA_TEST_TEMPLATE"
_cluster: EmbeddedPostgres | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start the throw-away server (in the process that was called, not in its workers) and load Django's settings."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _prepare_environment()
    from django.conf import settings  # here, because reading the settings needs the environment made above

    assert settings.DATABASES["default"]["NAME"]
    from django.db.backends.base.creation import BaseDatabaseCreation  # as above

    BaseDatabaseCreation._destroy_test_db = _drop_test_database


def _drop_test_database(creation: Any, test_database_name: str, verbosity: int) -> None:
    """Drop it; what a process that was killed leaves behind takes a while to go, and is no fault of the last test."""
    from django.db.utils import OperationalError  # as above

    name = creation.connection.ops.quote_name(test_database_name)
    for patience in range(59, -1, -1):
        with creation._nodb_cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
                [test_database_name],
            )
            try:
                cursor.execute(f"DROP DATABASE {name}")
            except OperationalError:
                if not patience:
                    raise
                time.sleep(0.5)
            else:
                return


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector of cycles pass over what stays to the end (thousands of tests), and come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and leave nothing behind."""
    if "PYTEST_XDIST_WORKER" not in os.environ and _cluster is None:
        _administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", os.environ[_TEMPLATE])
    if _cluster is not None:
        _cluster.stop()
        shutil.rmtree(_cluster.directory.parent, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted: lines they said, and how many of a kind they found of how many there are."""
    told = [told for report in terminalreporter.stats.get("passed", []) for told in report.user_properties]
    for _, line in filter(lambda one: one[0] == "said", told):
        terminalreporter.write_line(str(line))
    kinds = Counter(str(kind) for name, kind in told if name == "counted")
    for kind, number in sorted(kinds.items()):
        terminalreporter.write_line(f"{kind}: {number}")


def _prepare_environment() -> None:
    global _cluster  # noqa: PLW0603 - pytest's hooks have no object of ours to keep it in
    _bury_killed_runs()
    for name in list(os.environ):  # the developer's own shop is none of the tests' business
        if name == "EMAIL_URL" or (name.startswith("XINKA_") and not name.startswith("XINKA_TEST_")):
            del os.environ[name]
    place = Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}"
    place.mkdir(mode=0o700)
    (place / "data" / "static").mkdir(parents=True)  # nothing is collected, and WhiteNoise warns of a missing directory
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        _cluster = EmbeddedPostgres(place / "postgres", settings=FORGETFUL, durable=False)
        url = _cluster.start()
    os.environ |= {
        _TEMPLATE: f"template_{os.getpid()}",
        "DATABASE_URL": url,
        "XINKA_DATA_DIR": str(place / "data"),
        "XINKA_SANDBOX": "1",
        "DJANGO_SETTINGS_MODULE": "xinka.config.settings",
    }


def _bury_killed_runs() -> None:
    """Remove what a test run that was killed has left: its server and its directory."""
    for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = place.name.removeprefix(_PREFIX)
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            postmaster = EmbeddedPostgres(place / "postgres").postmaster_pid
            if postmaster is not None:
                with suppress(ProcessLookupError):
                    os.kill(postmaster, signal.SIGKILL)
            shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _no_way_out() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple):
            host = str(address[0])
            if not (host.startswith("127.") or host in {"localhost", "::1"}):
                raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]  # whatever the socket's family takes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """Put back what a test has changed of the log: a command that runs in this process leaves only warnings in it."""
    ours, root = logging.getLogger("xinka"), logging.getLogger()
    before = ours.level, root.level, list(root.handlers)
    yield
    ours.setLevel(before[0])
    root.setLevel(before[1])
    root.handlers[:] = before[2]


@pytest.fixture(autouse=True)
def _keys_of_this_test() -> Iterator[None]:
    """Have each test seal with keys that its own database has: those that a test made go with its rows."""
    yield
    keys = sys.modules.get("xinka.platform.vault.keys")  # the engines' tests do without
    if keys is not None:
        keys.forget()


@pytest.fixture(autouse=True, scope="session")
def _everything_may_be_emptied_between_tests() -> Iterator[None]:
    """Have the clean-up after tests with real commits empty what has rows, and nothing else.

    Django's own would empty every table and make its content types anew, half a second for each of hundreds of tests;
    it would fail at tables whose triggers refuse TRUNCATE, and leave yesterday's jobs to the next test, for the queue's
    tables are not Django's.
    """
    from django.test import TransactionTestCase  # here, because the settings are read only after this module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: _empty_what_has_rows())
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Have each table count from a number of its own that no test writes down.

    Small numbers meet the prices, stocks and titles of a page by chance, and one table's number another's: a test that
    looks for one of them would fail, or hold, depending on which tests ran before it.
    """
    from django.db import connection  # here, because the settings are read only after this module

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 730000000 + 1000003 * row_number()"
            " OVER (ORDER BY sequencename)) FROM pg_sequences WHERE schemaname = current_schema"
        )


#: What belongs to the schema: no test changes it.
_KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def _empty_what_has_rows() -> None:
    from django.db import connection  # here, because the settings are read only after this module

    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename), tablename FROM pg_tables WHERE schemaname = current_schema")
        tables = [quoted for quoted, name in cursor.fetchall() if name not in _KEPT]
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables))  # noqa: S608
        full = [name for (name,) in cursor.fetchall()]
        if not full:
            return
        cursor.execute(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger"
            " WHERE tgtype::int & 32 > 0 AND NOT tgisinternal"
        )
        guards = cursor.fetchall()
        for table, guard in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
        try:
            cursor.execute(f"TRUNCATE {', '.join(full)} CASCADE")
        finally:
            for table, guard in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {guard}")


@pytest.fixture
def empty_tables(transactional_db: None) -> Callable[[], None]:
    """Empty the tables as between two tests with real commits, for a test that begins anew in its middle."""
    return _empty_what_has_rows


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _administer(statement: str, *names: str) -> None:
    """Run a statement about databases from outside of them, with names quoted."""
    with psycopg.connect(_named(os.environ["DATABASE_URL"], "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]  # ours


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of an empty database, for tests that migrate it or run processes on it."""
    name = f"empty_{os.getpid()}_{time.monotonic_ns()}"
    _administer("CREATE DATABASE {}", name)
    yield _named(os.environ["DATABASE_URL"], name)
    _administer("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def migrated_template() -> str:
    """The name of a migrated database that nobody is connected to, so that it can be copied quickly.

    The first worker that needs it makes it, and the others wait.
    """
    name = os.environ[_TEMPLATE]
    with psycopg.connect(_named(os.environ["DATABASE_URL"], "postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])  # until the connection ends
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchall():
            _make_template(name)
    return name


def _make_template(name: str) -> None:
    half = f"{name}_half"
    _administer("CREATE DATABASE {}", half)
    environment = {**os.environ, "DATABASE_URL": _named(os.environ["DATABASE_URL"], half)}
    command = [sys.executable, "-m", "django", "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(command, env=environment, check=True, timeout=300)
    _administer("ALTER DATABASE {} ALLOW_CONNECTIONS false", half)  # who is connected to it keeps others from copying
    _administer("ALTER DATABASE {} RENAME TO {}", half, name)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, migrated_template: str) -> None:
    """Have Django's test database copied from the template, so that its migrations find nothing to do."""
    from django.db import connections  # here, because the settings are read only after this module

    connections["default"].settings_dict["TEST"]["TEMPLATE"] = migrated_template


@pytest.fixture
def shop_database(migrated_template: str) -> Iterator[str]:
    """The address of a fresh, migrated database without rows, for tests with real commits or other processes."""
    name = f"shop_{os.getpid()}_{time.monotonic_ns()}"
    _administer("CREATE DATABASE {} TEMPLATE {}", name, migrated_template)
    yield _named(os.environ["DATABASE_URL"], name)
    _administer("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def committed_shop(shop_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of an empty shop's database, which Django uses too: other processes see what a test writes."""
    from django.db import connections  # models need the settings, which are read after this file

    from xinka.platform.vault import keys

    keys.forget()
    with django_db_blocker.unblock():
        before = connections["default"].settings_dict["NAME"]
        connections.close_all()
        connections.settings["default"]["NAME"] = urlsplit(shop_database).path.lstrip("/")
        connections["default"].settings_dict["NAME"] = urlsplit(shop_database).path.lstrip("/")
        try:
            yield shop_database
        finally:
            connections.close_all()
            connections.settings["default"]["NAME"] = before
            connections["default"].settings_dict["NAME"] = before
            keys.forget()


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A temporary directory whose path is short enough for unix sockets."""
    place = Path(tempfile.mkdtemp(prefix="xk-"))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def durable_postgres(short_directory: Path) -> Iterator[Callable[[], EmbeddedPostgres]]:
    """Make PostgreSQL clusters with every durability on, as the shop has them, for tests that kill things."""
    made: list[EmbeddedPostgres] = []

    def make() -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(short_directory / f"postgres{len(made)}"))
        made[-1].start()
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop()
