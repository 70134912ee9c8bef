"""A whole shop to break: Django on a database with real commits, tills as processes, and a look at every table."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connections
from psycopg import sql

from xinka.flows.audit import check_all
from xinka.platform.database.drive import drive

#: How long a test waits for something that must come, on a machine that may be busy.
PATIENCE = 150.0


@contextmanager
def django_on(database_url: str) -> Iterator[str]:
    """Let Django work on this database; what it writes is committed, and other processes see it."""
    from xinka.platform.vault import keys  # here, because models need the settings

    keys.forget()
    parts = urlsplit(database_url)
    setting = connections.settings["default"]
    before = {name: setting[name] for name in ("NAME", "HOST")}
    now = {"NAME": parts.path.lstrip("/"), "HOST": _host_of(database_url) or before["HOST"]}
    _point_at(now)
    try:
        yield database_url
    finally:
        _point_at(before)
        keys.forget()


@contextmanager
def fresh_copy(server: str, template: str) -> Iterator[str]:
    """Copy a database under a name of its own, since another worker may run the same module's tests, and drop it."""
    name = f"copy_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as administrator:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        administrator.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            _drop(administrator, name)


def _drop(administrator: psycopg.Connection[Any], name: str) -> None:
    """Drop a database; PostgreSQL's own cleaning, which this role may not end, leaves it after a moment."""
    for _ in range(300):
        try:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{name} is in use")


def _host_of(database_url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(database_url).get("host", ""))


def _point_at(values: dict[str, str]) -> None:
    connections.close_all()
    connections.settings["default"].update(values)
    connections["default"].settings_dict.update(values)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds; a test that waits in vain says for what."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


@dataclass
class Server:
    """One of the shop's processes, whose words go to a file."""

    name: str
    environment: dict[str, str]
    log: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start it, in a process group of its own so that it dies whole."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment, "XINKA_PORT": str(self.port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out: without a word."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)

    def end(self) -> None:
        """Ask it to end, and kill it if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.kill()

    def words(self) -> str:
        """Return what it has said."""
        return self.log.read_text("utf-8", "replace")

    def is_ready(self) -> bool:
        """Whether it could sell now."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError, http.client.HTTPException):
            return False
        return True


def till(database_url: str, log: Path, **environment: str) -> Server:
    """Return a till that is not started yet."""
    command = [sys.executable, "-m", "xinka.config.serve", "till"]
    return Server("till", {"DATABASE_URL": database_url, **environment}, log, command)


@contextmanager
def open_till(database_url: str, log: Path, **environment: str) -> Iterator[Server]:
    """Run a till until the block ends."""
    server = till(database_url, log, **environment)
    server.start()
    try:
        eventually(server.is_ready, "the till to be ready")
        yield server
    finally:
        server.end()


def rows_of(database_url: str) -> dict[str, int]:
    """Return how many rows every table has."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = {}
        for (table,) in tables:
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            found[table] = row[0] if row else 0
        return found


def contents_of(database_url: str) -> dict[str, str]:
    """Return how many rows every table has, and a mark that changes when any of them is written, were it as before."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        marks = sql.SQL(" UNION ALL ").join(
            sql.SQL(
                "SELECT {}, concat(count(*), ':', sum(hashtextextended(concat(t.xmin, t.ctid, t), 0))) FROM {} t"
            ).format(sql.Literal(table), sql.Identifier(table))
            for (table,) in tables
        )
        return dict(connection.execute(marks).fetchall())


def broken_rules(database_url: str) -> dict[str, list[object]]:
    """Return which of the auditor's rules do not hold, with examples; read in one snapshot."""
    with psycopg.connect(database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return {finding.check.name: list(finding.rows) for finding in drive(connection, check_all()) if finding.rows}


def add_codes(database_url: str, sku_id: int, n: int) -> None:
    """Put codes on sale that nobody will open: the paths that sell them never look inside.

    Their envelopes name a key of the shop and are as long as one is; no more is looked at without the master key.
    """
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "WITH made AS (INSERT INTO stock_stockcode (sku_id, batch_id, fingerprint, envelope, label) "
            "SELECT %(sku)s, (SELECT min(id) FROM stock_stockbatch WHERE sku_id = %(sku)s), gen_random_uuid(), "
            "decode('01' || lpad(to_hex((SELECT max(id) FROM vault_data_key)), 8, '0') || repeat('00', 40), 'hex'), '' "
            "FROM generate_series(1, %(n)s) RETURNING sku_id, id) "
            "INSERT INTO stock_unsold (sku_id, place, code_id) SELECT sku_id, id, id FROM made",
            {"sku": sku_id, "n": n},
        )


def number(database_url: str, statement: str, *values: object) -> int:
    """Return the one number a statement asks for."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(statement.encode(), values).fetchone()
        assert row is not None
        return int(row[0])
