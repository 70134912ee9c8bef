"""Keeps a shop's processes alive: the embedded PostgreSQL, the till, the web server and the worker.

It holds next to nothing in memory, imports no Django, and waits in the kernel for a signal or a fallen child.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from xinka.config.environment import cannot_be_written
from xinka.config.processes import Child
from xinka.platform.database.embedded import DatabaseDidNotStart, EmbeddedPostgres

DRAIN_SECONDS = 30.0
_READY_WITHIN = 120.0
_FALLS_BEFORE_READY = 3
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


class AlreadyRunning(RuntimeError):
    """Another supervisor works with the same data directory."""


@contextmanager
def sole_supervisor(data_dir: Path) -> Iterator[None]:
    """Hold the data directory's supervisor lock; the kernel frees it when this process ends in whatever way.

    Raises:
        AlreadyRunning: if another process holds it.
        BadEnvironment: if this user may not write there, or there is no room.
    """
    place = data_dir / "run"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (place / "supervisor.lock").open("a", encoding="ascii")
    except OSError as error:
        raise cannot_be_written(error) from None
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(str(data_dir)) from None
        yield


def commands(python: str = sys.executable) -> Mapping[str, Sequence[str]]:
    """Return what the shop consists of, in the order in which it is started; it is stopped in the same order."""
    return {
        "till": [python, "-m", "xinka.config.serve", "till"],
        "web": [python, "-m", "xinka.config.serve", "web"],
        "worker": [python, "-m", "xinka.config.worker"],
    }


def answers(host: str, port: int, path: str = "/readyz") -> bool:
    """Whether the shop says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1" if host in {"0.0.0.0", "::"} else host, port, timeout=2)  # noqa: S104 - compared, not bound
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def answers_behind(path: Path, site_host: str) -> bool:
    """Whether Django answers, whatever it says, on its unix socket.

    It is asked under the shop's own name: another is refused, and the refusal stands in the log as an error.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(os.fspath(path))
            probe.sendall(f"GET /livez HTTP/1.1\r\nHost: {site_host}\r\nConnection: close\r\n\r\n".encode())
            return probe.recv(5) == b"HTTP/"
        except OSError:
            return False


def say_if_possible(text: str) -> None:
    """Tell the person who looks; where the disk of the log is full, the shop runs on without a word."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


class Supervisor:
    """Starts children, starts them again when they fall, and ends them in order."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        database: EmbeddedPostgres | None = None,
        lent: Sequence[socket.socket] = (),
        is_ready: Callable[[], bool] = lambda: True,
        when_ready: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = say_if_possible,
    ) -> None:
        """Take what shall run, the sockets it is lent, how to see that it is ready, and what to do once then."""
        self._children = children
        self._database = database
        self._lent = lent
        self._is_ready = is_ready
        self._when_ready = when_ready
        self._say = say
        self._begun_at = 0.0
        self._was_ready = False

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; return the exit status."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self._begun_at = time.monotonic()
        try:
            for child in self._due():
                child.start()
            return self._watch()
        finally:
            self._end()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _due(self) -> list[Child]:
        return [child for child in self._children if self._was_ready or not child.is_late]

    def _watch(self) -> int:
        while True:
            arrived = signal.sigtimedwait(_SIGNALS, 0.1 if not self._was_ready else 1.0)
            if arrived and arrived.si_signo in {signal.SIGTERM, signal.SIGINT}:
                return 0
            self._tend_database()
            for child in self._due():
                self._tend(child)
            if not self._was_ready and not self._came_up():
                return 1

    def _came_up(self) -> bool:
        """Look whether the shop is ready; return whether there is still hope."""
        if self._is_ready():
            self._was_ready = True
            self._when_ready()
            return True
        tired = [child.name for child in self._children if child.falls >= _FALLS_BEFORE_READY]
        if tired or time.monotonic() - self._begun_at > _READY_WITHIN:
            self._say(f"xinka: the shop did not come up ({', '.join(tired) or 'no answer'}) / 商店没有启动成功")
            return False
        return True

    def _tend(self, child: Child) -> None:
        try:
            if child.tend():
                self._say(f"xinka: {child.name} ended with {child.last_code}; starting it again / 已重新启动")
        except OSError as error:  # no memory, or no number for a process: there will be some
            why = error.strerror or error
            self._say(f"xinka: {child.name} cannot be started now ({why}); trying again / 暂时启动不了，稍后再试")

    def _tend_database(self) -> None:
        if self._database is None or self._database.is_running():
            return
        self._say("xinka: the database ended; starting it again / 数据库已重新启动")
        try:
            self._database.start()
        except (DatabaseDidNotStart, OSError) as error:  # among the latter a disk that is full: it needs a few bytes
            self._say(str(error))  # and try again at the next round

    def _end(self) -> None:
        """End the children one after the other, each with what is left of the time, then the database."""
        deadline = time.monotonic() + DRAIN_SECONDS
        for listening in self._lent:
            listening.close()  # or who comes now would wait for a till that no longer looks
        for child in self._children:
            child.end()
            if child is self._children[0]:
                self._wait_for(child, deadline)  # the till first: what it still forwards needs the others
        for child in self._children:
            self._wait_for(child, deadline)
        if self._database is not None:
            self._database.stop()

    def _wait_for(self, child: Child, deadline: float) -> None:
        """Wait for a child's end; the time running out, or a second Ctrl-C, kills it."""
        while child.is_alive:
            left = deadline - time.monotonic()
            arrived = signal.sigtimedwait(_SIGNALS, max(0.0, min(left, 0.2)))
            if left <= 0 or (arrived and arrived.si_signo == signal.SIGINT):
                child.kill()


def note_running(data_dir: Path, site_url: str) -> None:
    """Leave a note of who runs where, for people and for tools, if there is room for one."""
    note = {"pid": os.getpid(), "url": site_url}
    with suppress(OSError):
        (data_dir / "run" / "xinka.json").write_text(json.dumps(note) + "\n", encoding="utf-8")
