"""Disks that are full (F35, F36): nothing that was answered is lost, nothing is sold twice, and room is all it takes.

The database lies on a real file system of a fixed size, in a namespace of mounts of its own, so that no test needs to
be root: we reach it through ``/proc``.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from tests import cast
from tests.resilience.client import Client as Buyer
from tests.resilience.client import checkout_body
from tests.resilience.house import add_codes, broken_rules, django_on, eventually, number, open_till, till
from tests.resilience.load import Buyers
from xinka.accounts.models import User
from xinka.catalog.models import Sku
from xinka.kernel import ids
from xinka.stock.models import BatchState, StockBatch

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

_MEGABYTES = 220
#: Starts PostgreSQL on the small disk, and again whenever it has ended, as the supervisor does.
_KEEPER = """
import sys, time
from pathlib import Path
from xinka.platform.database.embedded import DatabaseDidNotStart, EmbeddedPostgres
database = EmbeddedPostgres(Path(sys.argv[1]) / "postgres")
while True:
    if not database.is_running():
        try:
            database.start()
        except DatabaseDidNotStart as error:
            print(error, flush=True)
    time.sleep(0.5)
"""


@dataclass
class SmallDisk:
    """A file system of a few megabytes with a database on it."""

    place: Path
    keeper: subprocess.Popen[bytes]

    @property
    def root(self) -> Path:
        """The disk, as we see it from outside of its namespace."""
        return Path(f"/proc/{self.keeper.pid}/root{self.place}")

    @property
    def url(self) -> str:
        """The address of the database."""
        return f"postgresql://xinka@/xinka?host={self.root}/postgres"

    def answers(self) -> bool:
        """Whether the database lets somebody in."""
        try:
            with psycopg.connect(self.url, connect_timeout=5) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def fill(self) -> None:
        """Leave no room for a single page."""
        with (self.root / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        filler.write(b"\\1" * size)
                except OSError:
                    continue

    def make_room(self) -> None:
        """Give the room back."""
        (self.root / "filler").unlink()


def _mounted(place: Path, megabytes: int, program: str, log: Path) -> subprocess.Popen[bytes]:
    """Mount a disk where nobody else sees it, and start a program there, as nobody: PostgreSQL refuses to be root."""
    mount = f"mount -t tmpfs -o size={megabytes}m,mode=0777 tmpfs {place}"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    with log.open("wb") as words:
        return subprocess.Popen(
            [*command, f"{mount} && exec unshare --user {program}", _KEEPER], stdout=words, stderr=words
        )


@contextmanager
def _small_disk(place: Path, log: Path) -> Iterator[SmallDisk]:
    """A disk with a database that somebody keeps running."""
    keeper = _mounted(place, _MEGABYTES, f'"{sys.executable}" -c "$0" {place}', log)
    disk = SmallDisk(place, keeper)
    try:
        eventually(disk.answers, "a database on the small disk", 120)
        yield disk
    finally:
        postmaster = disk.root / "postgres" / "postmaster.pid"
        running = int(postmaster.read_text().split()[0]) if postmaster.exists() else 0
        keeper.kill()
        keeper.wait()
        if running:
            os.kill(running, signal.SIGQUIT)  # at once, and its children with it


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    """A migrated shop on a small disk."""
    place = Path("/tmp") / f"xk-disk-{os.getpid()}"  # noqa: S108 - a socket's path must be short
    place.mkdir()
    with _small_disk(place, tmp_path_factory.mktemp("disk") / "keeper.log") as small:
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
        subprocess.run(migrate, env={**os.environ, "DATABASE_URL": small.url}, check=True, timeout=300)
        yield small
    place.rmdir()


def test_a_database_without_room_loses_nothing_and_sells_on_once_there_is_room(
    disk: SmallDisk, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), django_on(disk.url):
        ware = cast.ware(cast.adas_shop(), 1)
        cast.channel("strong", sign_type="HMAC-SHA256")
        Sku.objects.filter(id=ware.sku.id).update(max_quantity=50)
        add_codes(disk.url, ware.sku.id, 20_000)
    with open_till(disk.url, tmp_path / "till.log", XINKA_TRUSTED_PROXIES="127.0.0.1") as server:
        buyers = Buyers(server.port, ware.sku.id, n=6, seed=1)
        buyers.start()
        try:
            eventually(lambda: buyers.n_paid >= 20, "the first orders")
            disk.fill()
            n_refused = buyers.book.n_again
            eventually(lambda: buyers.book.n_again >= n_refused + 20, "orders that find no room", 180)
            time.sleep(3)
            disk.make_room()
            n_before = buyers.n_paid
            eventually(lambda: buyers.n_paid >= n_before + 20, "orders once there is room", 120)
        finally:
            buyers.stop(60)
    _holds_what_it_promised(disk.url, buyers)


def _holds_what_it_promised(database_url: str, buyers: Buyers) -> None:
    assert buyers.book.scandals == []
    orders = [ids.parse("ord", order) for order, _ in buyers.book.orders.values()]
    assert number(database_url, "SELECT count(*) FROM orders_order WHERE id = ANY(%s)", orders) == len(set(orders))
    paid = [ids.parse("pay", payment) for payment in buyers.book.paid]
    delivered = "SELECT count(*) FROM payments_payment WHERE id = ANY(%s) AND state = 'paid'"
    assert number(database_url, delivered, paid) == len(paid)
    assert broken_rules(database_url) == {}


def test_a_till_whose_log_finds_no_room_sells_on(committed: str, tmp_path: Path) -> None:
    """What it says of a payment that nobody knows goes nowhere, and it answers as ever."""
    ware = cast.ware(cast.adas_shop(), 3)
    cast.channel("strong", sign_type="HMAC-SHA256")
    server = till(committed, Path("/dev/full"), PYTHONUNBUFFERED="1")
    server.start()
    try:
        eventually(server.is_ready, "a till without a log")
        with Buyer(server.port) as client:
            assert client.get("/pay/notify/strong/?pid=1001&sign=made-up").status != 500
            answer = client.post_json("/checkout", checkout_body(ware.sku.id))
        assert answer.status == 200, answer.body
    finally:
        server.kill()


def test_a_stock_file_that_finds_no_room_is_refused_in_words_and_leaves_nothing(
    committed: str, short_directory: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    monkeypatch.setenv("XINKA_MASTER_KEY", settings.ENVIRONMENT.master_key.hex())
    browser = Client()
    browser.force_login(User.objects.get(email="ada@ada-cards.example"))
    place = f"/desk/ada-cards/stock/{ware.sku.id}/import"
    holder = _mounted(short_directory, 1, "sleep 600", tmp_path / "disk.log")
    try:
        root = Path(f"/proc/{holder.pid}/root{short_directory}")
        eventually(lambda: root.is_mount() if root.exists() else False, "the small disk")
        settings.ENVIRONMENT = dataclasses.replace(settings.ENVIRONMENT, data_dir=root)
        large = b"".join(b"CODE-%09d-%s\n" % (number, os.urandom(8).hex().encode()) for number in range(80_000))
        pasted = large[:600_000].decode()  # it is sealed twice while it is taken in
        for body in ({"file": SimpleUploadedFile("codes.txt", large)}, {"pasted": pasted * 2}):
            answer = browser.post(place, body, headers={"Accept-Language": "en"})
            assert answer.status_code == 507, answer.content[:500]
            assert "disk is full" in answer.content.decode()
            assert list((root / "imports").glob("*")) == []
        assert StockBatch.objects.filter(state=BatchState.WAITING).count() == 0
        few = browser.post(place, {"file": SimpleUploadedFile("codes.txt", large[:20_000])})
        assert few.status_code == 302, "what there is room for is taken"
    finally:
        holder.kill()
        holder.wait()
