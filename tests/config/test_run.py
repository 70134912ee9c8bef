"""The whole shop, as a person starts it: it comes up, survives the death of each of its parts, and goes whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest

from xinka.platform.database.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.crash, pytest.mark.timeout(500)]


@dataclass
class Shop:
    """A running shop and how to look at it."""

    process: subprocess.Popen[bytes]
    data_dir: Path

    @property
    def url(self) -> str:
        """Its address, from the note it leaves."""
        return str(json.loads((self.data_dir / "run" / "xinka.json").read_text())["url"])

    @property
    def database(self) -> EmbeddedPostgres:
        """Its PostgreSQL, not started by us."""
        return EmbeddedPostgres(self.data_dir / "postgres")

    def status_of(self, path: str) -> int:
        """What it answers on a path; 0 is no answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - our own shop
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except OSError:
            return 0

    def parts(self) -> dict[str, int]:
        """The process ids of what does the work: the till, granian's forked worker and our own worker."""
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                command = child.cmdline()
            except psutil.Error:
                continue  # it is just ending
            if "xinka.config.worker" in command:
                found["worker"] = child.pid
            elif command[-1:] == ["till"] or (command[-1:] == ["web"] and child.ppid() != self.process.pid):
                found[command[-1]] = child.pid
        return found


def _wait_until(is_so: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: it did not happen in time"
        time.sleep(0.1)


def _start(data_dir: Path) -> Shop:
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment["XINKA_DATA_DIR"] = str(data_dir)
    command = [sys.executable, "-m", "xinka.config.cli", "run"]
    return Shop(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL), data_dir)


@pytest.fixture
def shop(short_directory: Path) -> Iterator[Shop]:
    running = _start(short_directory)
    try:
        _wait_until((short_directory / "run" / "xinka.json").exists, "ready", 300)
        yield running
    finally:
        running.process.terminate()
        running.process.wait(timeout=60)
    assert not running.database.is_running()


def test_the_shop_outlives_kill_minus_nine_of_each_of_its_parts_and_then_ends_whole(shop: Shop) -> None:
    assert shop.status_of("/readyz") == 200
    assert shop.status_of("/account/login/") == 200
    _wait_until(lambda: set(shop.parts()) == {"till", "web", "worker"}, "all parts")
    before = shop.parts()
    for pid in before.values():
        assert b"MALLOC_MMAP_THRESHOLD_=" in Path(f"/proc/{pid}/environ").read_bytes()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    postmaster = shop.database.postmaster_pid
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    _wait_until(lambda: shop.database.postmaster_pid not in {None, postmaster}, "a new database")
    _wait_until(lambda: len(shop.parts()) == 3 and not set(shop.parts().values()) & set(before.values()), "new parts")
    _wait_until(lambda: shop.status_of("/readyz") == 200, "ready again")
    _wait_until(lambda: shop.status_of("/account/login/") == 200, "pages again")
    last = shop.parts()
    shop.process.terminate()
    assert shop.process.wait(timeout=60) == 0
    assert not shop.database.is_running()
    assert not any(map(psutil.pid_exists, last.values()))


def test_a_start_that_is_called_off_half_way_leaves_no_database_running(short_directory: Path) -> None:
    begun = _start(short_directory)
    _wait_until(begun.database.is_running, "the database")
    begun.process.terminate()
    assert begun.process.wait(timeout=60) == 143
    assert not begun.database.is_running()


def test_who_asks_again_and_again_to_stop_leaves_no_database_running(short_directory: Path) -> None:
    begun = _start(short_directory)
    try:
        _wait_until(begun.database.is_running, "the database")
        while begun.process.poll() is None:
            begun.process.send_signal(signal.SIGINT)
            time.sleep(0.002)
    finally:
        begun.process.kill()
    assert begun.process.returncode == 130
    assert not begun.database.is_running()
