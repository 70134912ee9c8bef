"""The throw-away shop: started by ``xinka run --demo`` as a person would, its processes, its tables, its figures."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from resilience.soak.gateway import CHANNEL, KEY, PID, Gateway

_PARTS = {"till": "config.serve till", "web": "config.serve web", "worker": "xinka.config.worker"}
#: In the open (http) as only a gateway on this machine may be, which ``xinka channel set`` does not offer.
_ADD_CHANNEL = """
from xinka.flows.channels.changes import Wanted, change_on_server
from xinka.payments.models import Channel
wanted = Channel(slug="{slug}", provider="epay", name="浸泡", name_en="Soak", method="alipay", on=True)
change_on_server(Wanted(wanted, {facts}))
"""
_XINKA = [sys.executable, "-m", "xinka.config.cli"]


def clock_library(place: Path) -> Path | None:
    """Return the library that shifts the clock of the shop's processes, if this machine has a C compiler to make it."""
    made = place / "clock.so"
    if not made.exists():
        command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(made), str(Path(__file__).with_name("clock.c"))]
        with suppress(OSError):
            subprocess.run(command, check=False, capture_output=True)
    return made if made.exists() else None


@dataclass
class Figures:
    """What a process holds."""

    rss_mb: float = 0.0
    files: int = 0


@dataclass
class Shop:
    """A running shop on a data directory of its own."""

    place: Path
    mail_port: int
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What its processes have said."""
        return self.place / "xinka.log"

    @property
    def data(self) -> Path:
        """Its data directory, on the small disk where there is one."""
        return self.place / "d"

    @property
    def _clock(self) -> Path:
        return self.place / "clock"

    def start(self, gateway: Gateway) -> None:
        """Start it with the demo, wait until it is open, and add our gateway as a payment channel."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = gateway.shop_port = int(probe.getsockname()[1])
        self.environment = {
            **os.environ,
            "XINKA_DATA_DIR": str(self.data),
            "XINKA_TRUSTED_PROXIES": "127.0.0.1",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            **self._fake_clock(),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_XINKA, "run", "--demo", "--port", str(self.port)],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: self.sells() and self.answers("/") == 200, "the shop to open", 300)
        facts = {"base_url": gateway.address, "pid": PID, "key": KEY, "sign_type": "HMAC-SHA256", "plain_http": True}
        added = self.command(
            *("manage", "shell", "--no-imports", "-c", _ADD_CHANNEL.format(slug=CHANNEL, facts=facts)),
            XINKA_SITE_URL=f"http://127.0.0.1:{self.port}",
            XINKA_SANDBOX="1",
        )
        if added.returncode:
            raise RuntimeError(added.stderr)

    def _fake_clock(self) -> dict[str, str]:
        library = clock_library(self.place)
        self._clock.write_bytes(bytes(8))
        return {"LD_PRELOAD": str(library), "XINKA_SOAK_CLOCK": str(self._clock)} if library else {}

    def set_clock(self, seconds: int) -> None:
        """Have every process of the shop see the clock so far from the machine's, from this moment on."""
        with self._clock.open("r+b", buffering=0) as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of the shop's commands beside it, as its operator does."""
        everything = {**self.environment, **environment}
        return subprocess.run([*_XINKA, *arguments], env=everything, check=False, capture_output=True, text=True)

    def sells(self) -> bool:
        """Whether it says that an order could be placed."""
        return self.answers("/readyz") == 200

    def answers(self, path: str) -> int:
        """Return the status of a page, 0 without an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    @property
    def database_url(self) -> str:
        """The address of its database."""
        return f"postgresql://xinka@/xinka?host={self.data / 'postgres'}"

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a connection to its database."""
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=10) as connection:
            yield connection

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of one statement."""
        with self.connect() as connection:
            return connection.execute(statement.encode()).fetchall()

    def part(self, name: str) -> list[psutil.Process]:
        """Return the processes of a part: till, web, worker or database (the postmaster first)."""
        if name == "database":
            with suppress(OSError, ValueError, psutil.Error):
                first = psutil.Process(int((self.data / "postgres" / "postmaster.pid").read_text().split()[0]))
                return [first, *first.children(recursive=True)]
            return []
        found = []
        for child in self._children():
            with suppress(psutil.Error):
                if _PARTS[name] in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def _children(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            if self.process is not None:
                return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def figures(self) -> dict[str, Figures]:
        """Return what each part holds now; memory that processes share is counted once (PSS)."""
        found = {}
        for name in (*_PARTS, "database"):
            total = Figures()
            for process in self.part(name):
                with suppress(psutil.Error):
                    total.rss_mb += process.memory_full_info().pss / 2**20
                    total.files += process.num_fds()
            found[name] = total
        return found

    def stop(self) -> tuple[int, float]:
        """Ask it to end; return its exit status and the seconds that took."""
        if self.process is None:
            return 0, 0.0
        begun = time.monotonic()
        self.process.terminate()
        try:
            status = self.process.wait(90)
        except subprocess.TimeoutExpired:
            self.kill()
            return -1, time.monotonic() - begun
        return status, time.monotonic() - begun

    def kill(self) -> None:
        """End all of it, whatever state it is in."""
        victims = [*self._children(), *self.part("database")]
        for process in victims:
            with suppress(psutil.Error):
                process.kill()
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)

    def remove(self) -> None:
        """Forget that it was there."""
        shutil.rmtree(self.place, ignore_errors=True)


def wait_until(holds: Any, what: str, seconds: float) -> float:
    """Wait until something holds and return the seconds it took.

    Raises:
        TimeoutError: naming what was waited for.
    """
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.2)
    return time.monotonic() - begun
