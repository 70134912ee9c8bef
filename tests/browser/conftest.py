"""One real shop for all browser tests, as `make run` starts it, and visitors whose browsers report every complaint."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from secrets import randbelow
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tools.tour import chromium
from xinka.platform.database.embedded import EmbeddedPostgres

_READY_WITHIN = 240
#: Seconds a test may take, the start of the shop included. Each wait within has a limit of its own; this one is for
#: walks through dozens of pages on a busy machine.
_LONGEST = 900
#: The processes this one has started, kept because a forgotten one is a warning.
_started: list[subprocess.Popen[bytes]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each browser test its time."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.timeout(_LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add to a failed test what the shop said last: the browser sees only half of the story."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # a wrapper is sent what it wraps
    shop = getattr(item, "funcargs", {}).get("shop")
    if report.failed and shop is not None and (output := shop.data_dir.parent / "output.txt").exists():
        report.sections.append(("what the shop said", output.read_text(errors="replace")[-8000:]))
    return report  # type: ignore[return-value]


@dataclass
class Shop:
    """The running shop and what a test may look at besides its pages."""

    url: str
    data_dir: Path

    def letters_to(self, address: str) -> list[EmailMessage]:
        """The letters somebody has got so far, the oldest first."""
        files = sorted((self.data_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        letters: list[Any] = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
        return [letter for letter in letters if address in str(letter["To"])]

    def next_letter_to(self, address: str, *, after: int = 0, within: float = 40) -> str:
        """Wait for one letter more than ``after`` and return its plain text."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            letters = self.letters_to(address)
            if len(letters) > after:
                body: Any = letters[-1].get_body(("plain",))
                return str(body.get_content())
            time.sleep(0.1)
        pytest.fail(f"no letter to {address} within {within:.0f} s")

    def database(self) -> psycopg.Connection[Any]:
        """A connection to the shop's own database, for what would take a quarter of an hour to wait for."""
        return psycopg.connect(EmbeddedPostgres(self.data_dir / "postgres").url(), autocommit=True)


def _start(place: Path) -> None:
    """Start the shop so that it outlives this process, and wait until it is open."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XINKA_")}
    for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_URL"):
        kept.pop(name, None)
    command = [sys.executable, "-m", "xinka.config.cli", "run", "--demo"]
    with (place / "output.txt").open("wb") as output:
        environment = kept | {"XINKA_DATA_DIR": str(place / "data"), "XINKA_TRUSTED_PROXIES": "127.0.0.1"}
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    _started.append(process)
    note = place / "data" / "run" / "xinka.json"
    deadline = time.monotonic() + _READY_WITHIN
    while not note.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            pytest.fail((place / "output.txt").read_text())
        time.sleep(0.2)


@pytest.fixture(scope="session")
def shop(testrun_uid: str) -> Iterator[Shop]:
    """The one shop of this test run; the first who needs it starts it, the last who leaves stops it.

    ``XINKA_TEST_SHOP`` names the data directory of a demo shop that runs already, for trying a test again and again.
    """
    if running := os.environ.get("XINKA_TEST_SHOP"):
        yield Shop(json.loads((Path(running) / "run" / "xinka.json").read_text())["url"], Path(running))
        return
    place = Path(tempfile.gettempdir()) / f"xinka-browser-{testrun_uid[:12]}"
    place.mkdir(mode=0o700, exist_ok=True)
    mine = place / f"visitor-{os.getpid()}"
    note = place / "data" / "run" / "xinka.json"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            _start(place)
        mine.touch()
    yield Shop(json.loads(note.read_text())["url"], place / "data")
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mine.unlink()
        if not list(place.glob("visitor-*")):
            _stop(int(json.loads(note.read_text())["pid"]))
            shutil.rmtree(place, ignore_errors=True)


def _stop(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    for process in _started:
        process.wait(60)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for one module: playwright's loop runs in this thread, and Django refuses to work beside one.

    A browser for the whole session would break whatever other test the same process is given next.
    """
    with chromium() as opened:
        yield opened


Visit = Callable[..., Page]
Home = dict[str, str]


@pytest.fixture
def home() -> Home:
    """The header by which a test's visitors have an address of their own: one may not hold all unpaid orders."""
    return {"x-forwarded-for": f"10.{randbelow(256)}.{randbelow(256)}.{randbelow(256)}"}


@pytest.fixture
def visit(browser: Browser, shop: Shop, home: Home) -> Iterator[Visit]:
    """Open a browser for one more visitor; the test fails if any browser complained or asked a third party.

    Complaints are errors of scripts, violations of the content security policy, and requests to other hosts. A page
    that is meant to be missing may say so.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_for(**wishes: Any) -> Page:
        asked = {"locale": "zh-CN", "viewport": {"width": 1280, "height": 900}, "extra_http_headers": home, **wishes}
        context = browser.new_context(**asked)
        context.set_default_timeout(20_000)
        contexts.append(context)
        context.on("page", listen)
        return context.new_page()

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.type, said.text) else None)
        page.on("request", lambda asked: None if _is_ours(asked.url, shop.url) else complaints.append(asked.url))

    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(kind: str, text: str) -> bool:
    return kind in {"error", "warning"} and "the server responded with a status of 4" not in text


def _is_ours(url: str, shop_url: str) -> bool:
    return url.startswith((f"{shop_url}/", "data:", "blob:"))


@pytest.fixture
def page(visit: Visit) -> Page:
    """One visitor at a desktop."""
    return visit()
