"""The stage of the till's measurements: a throw-away durable database, goods on the shelf, a till, its CPU time."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from xinka.platform.database.embedded import EmbeddedPostgres
from xinka.platform.database.embedded_settings import TUNED_FOR_BENCHMARKS
from xinka.platform.vault.envelope import Keyring, WrappedKey

KEY = "bench-key-0123456789abcdefghijklmnop"
PID = "1001"
AMOUNT = 4900
HOT_SKU = 1
N_UNIFORM = 1000
#: Scopes of the keys that codes of the one merchant, and buyers' addresses, name.
CODES = "merchant:1"
CONTACTS = "contacts"


@dataclass
class Stage:
    """A running database and what is needed to start servers on it."""

    directory: Path
    database_url: str
    postgres: EmbeddedPostgres
    environment: dict[str, str] = field(default_factory=dict)

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection of the measurement's own."""
        return psycopg.connect(self.database_url, autocommit=True)

    def postgres_processes(self) -> list[psutil.Process]:
        """Return the server's processes."""
        postmaster = int((self.postgres.directory / "postmaster.pid").read_text().split("\n", 1)[0])
        parent = psutil.Process(postmaster)
        return [parent, *parent.children(recursive=True)]


@contextmanager
def stage() -> Iterator[Stage]:
    """Set up a throw-away shop: database with fsync on, all migrations, nothing in it yet."""
    with tempfile.TemporaryDirectory(prefix="xinka-bench-") as place:
        directory = Path(place)
        postgres = EmbeddedPostgres(directory / "postgres", settings=TUNED_FOR_BENCHMARKS)
        url = postgres.start()
        try:
            environment = {
                **os.environ,
                "XINKA_DATA_DIR": str(directory),
                "DATABASE_URL": url,
                "XINKA_TRUSTED_PROXIES": "127.0.0.1",
                "XINKA_SITE_URL": "http://127.0.0.1:8000",
            }
            run(
                environment,
                "-m",
                "django",
                "migrate",
                "--verbosity",
                "0",
                "--skip-checks",
                "--settings",
                "xinka.config.settings",
            )
            yield Stage(directory, url, postgres, environment)
        finally:
            postgres.stop()


def run(environment: dict[str, str], *arguments: str) -> None:
    """Run our own Python to its end."""
    subprocess.run([sys.executable, *arguments], env=environment, check=True)


def stock(stage: Stage, *, hot: int, uniform_each: int, gateway: str = "http://127.0.0.1:9") -> None:
    """Put one hot product and a thousand others on the shelf, and two channels in front of them."""
    with stage.connect() as connection:
        connection.execute(
            "INSERT INTO merchants_merchant (id, slug, name, name_en, about, kind, state, alert_email, joined_at) "
            "VALUES (1, 'bench', 'bench', '', '', 'company', 'active', '', now())"
        )
        connection.execute(
            "INSERT INTO catalog_category (id, slug, name, name_en, glyph, tint, position) "
            "VALUES (1, 'bench', 'bench', 'bench', 'card', 'c1', 0)"
        )
        connection.execute(
            "INSERT INTO catalog_product (id, slug, merchant_id, category_id, kind, title, title_en, face, summary, "
            "description, how_to, after_payment, state, created_at, updated_at) SELECT g, 'bench-' || g, 1, 1, "
            "'card_code', 'Product ' || g, '', '', '', '', '', '', 'live', now(), now() FROM generate_series(1, %s) g",
            (1 + N_UNIFORM,),
        )
        connection.execute(
            "INSERT INTO catalog_sku (id, product_id, label, label_en, price, currency, mode, delivery_order, "
            "min_quantity, max_quantity, choosable, choose_premium, low_stock_at, on_sale, position) SELECT g, g, '', "
            "'', %s, 'CNY', 'unique', 'oldest', 1, 50, false, 0, 10, true, 0 FROM generate_series(1, %s) g",
            (AMOUNT, 1 + N_UNIFORM),
        )
        _add_channels(connection, stage, gateway)
    add_codes(stage, HOT_SKU, HOT_SKU, hot)
    add_codes(stage, HOT_SKU + 1, HOT_SKU + N_UNIFORM, uniform_each * N_UNIFORM)


def looks_sealed(scope: str, chance: str) -> str:
    """Return SQL for an envelope that names the key of a scope and holds ``chance``; the hot path never opens one."""
    key = f"SELECT max(id)::int FROM vault_data_key WHERE scope = '{scope}'"
    return f"'\\x01'::bytea || int4send(({key})) || {chance}"


def add_codes(stage: Stage, first_sku: int, last_sku: int, n_codes: int) -> None:
    """Add sealed-looking codes, dealt to the SKUs in turn."""
    envelope = looks_sealed(CODES, "decode(md5(random()::text) || md5(g::text), 'hex')")
    with stage.connect() as connection:
        connection.execute(
            "WITH made AS (INSERT INTO stock_stockcode (sku_id, batch_id, fingerprint, envelope, label) "
            f"SELECT %(first)s + g %% (%(last)s - %(first)s + 1), 1, gen_random_uuid(), {envelope}, '' "
            "FROM generate_series(1, %(n)s) g "
            "RETURNING sku_id, id) INSERT INTO stock_unsold (sku_id, place, code_id) SELECT sku_id, id, id FROM made",
            {"first": first_sku, "last": last_sku, "n": n_codes},
        )
        connection.execute("VACUUM ANALYZE stock_unsold")
        connection.execute("ANALYZE")


def _add_channels(connection: psycopg.Connection[Any], stage: Stage, gateway: str) -> None:
    os.environ["XINKA_DATA_DIR"] = str(stage.directory)
    from xinka.config.environment import load  # here, because it reads the variable set above

    ring = Keyring(load().master_key)
    for scope in ("channels", CONTACTS, CODES):
        wrapped = ring.wrap_new(scope)
        row = connection.execute(
            "INSERT INTO vault_data_key (scope, wrapped, created_at) VALUES (%s, %s, now()) RETURNING id",
            (scope, wrapped),
        ).fetchone()
        assert row is not None
        ring.add([WrappedKey(row[0], scope, wrapped)])
    key = ring.current("channels")
    assert key is not None
    for identifier, (slug, sign_type) in enumerate((("strong", "HMAC-SHA256"), ("weak", "MD5")), start=1):
        config = {"base_url": gateway, "pid": PID, "key": KEY, "sign_type": sign_type, "plain_http": True}
        sealed = key.seal(json.dumps(config).encode(), b"payments_channel.config:" + slug.encode())
        connection.execute(
            "INSERT INTO payments_channel (id, slug, name, name_en, glyph, provider, method, config, currency, "
            'min_amount, max_amount, "on", position) '
            "VALUES (%s, %s, %s, %s, 'qr', 'epay', 'alipay', %s, 'CNY', 1, 100000000, true, 0)",
            (identifier, slug, slug, slug, sealed),
        )


def checkpoint(stage: Stage) -> None:
    """Begin a part as in a shop that has run for a while: the files of the log are there and need not be made first.

    The price is fair: after a checkpoint, the first change of each page is logged with the whole page.
    """
    with stage.connect() as connection:
        connection.execute("CHECKPOINT")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def till(stage: Stage, workers: int) -> Iterator[tuple[int, psutil.Process]]:
    """Start a till and wait until it can sell; yields its port and its process."""
    port = free_port()
    environment = {**stage.environment, "XINKA_PORT": str(port), "XINKA_TILL_WORKERS": str(workers)}
    process = subprocess.Popen(
        [sys.executable, "-m", "xinka.config.serve", "till"], env=environment, start_new_session=True
    )
    try:
        wait_ready(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def wait_ready(port: int, seconds: float = 30) -> None:
    """Wait for ``/readyz``."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the CPU seconds used so far by processes and the children they waited for."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def machine() -> str:
    """Return the machine in one line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = psutil.virtual_memory().total // 2**30
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} CPUs ({model}), {memory} GiB, {system}"
