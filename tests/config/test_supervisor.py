"""The supervisor starts what falls, ends in order, and leaves no orphans, even when it is killed itself."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import cast

import pytest

from xinka.config import supervisor
from xinka.config.processes import Child, pause_before
from xinka.platform.database.embedded import EmbeddedPostgres

_SHOP = """
import json, os, sys
from pathlib import Path
from xinka.config.processes import Child
from xinka.config.supervisor import Supervisor

place = Path(sys.argv[1])
children = [
    Child(name, command, os.environ, is_late=name == "worker") for name, command in json.loads(sys.argv[2]).items()
]
watcher = Supervisor(
    children,
    is_ready=lambda: all((place / child.name).exists() for child in children if not child.is_late),
    when_ready=lambda: (place / "ready").touch(),
)
sys.exit(watcher.run())
"""
_WORK = """
import os, signal, sys
from pathlib import Path

place, name = Path(sys.argv[1]), sys.argv[2]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
(place / name).write_text(str(os.getpid()))
signal.sigwait({signal.SIGTERM})
with (place / "ended").open("a") as file:
    file.write(name + " ")
"""


def _wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _start(place: Path, commands: dict[str, list[str]] | None = None) -> subprocess.Popen[str]:
    if commands is None:
        commands = {name: [sys.executable, "-c", _WORK, str(place), name] for name in ("till", "web")}
    arguments = [sys.executable, "-c", _SHOP, str(place), json.dumps(commands)]
    return subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)


def _pid(place: Path, name: str) -> int:
    return int((place / name).read_text() or 0)


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except OSError:
        return True


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    shop = _start(tmp_path)
    _wait_until((tmp_path / "ready").exists)
    killed = _pid(tmp_path, "web")
    os.kill(killed, signal.SIGKILL)
    _wait_until(lambda: _pid(tmp_path, "web") not in {0, killed})
    shop.terminate()
    said = shop.communicate(timeout=60)[1]
    assert "web ended with -9" in said
    assert shop.returncode == 0


def test_a_late_child_is_started_only_when_the_others_are_ready(tmp_path: Path) -> None:
    code = "import sys, pathlib; p = pathlib.Path(sys.argv[1]); (p / 'worker').write_text(str((p / 'ready').exists()))"
    till = [sys.executable, "-c", _WORK, str(tmp_path), "till"]
    shop = _start(tmp_path, {"till": till, "worker": [sys.executable, "-c", code, str(tmp_path)]})
    _wait_until((tmp_path / "worker").exists)
    shop.terminate()
    shop.communicate(timeout=60)
    assert (tmp_path / "worker").read_text() == "True"


def test_sigterm_ends_the_till_before_the_web_server(tmp_path: Path) -> None:
    shop = _start(tmp_path)
    _wait_until((tmp_path / "ready").exists)
    shop.terminate()
    shop.communicate(timeout=60)
    assert (tmp_path / "ended").read_text() == "till web "


def test_kill_minus_nine_of_the_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    shop = _start(tmp_path)
    _wait_until((tmp_path / "ready").exists)
    pids = [_pid(tmp_path, "till"), _pid(tmp_path, "web")]
    shop.kill()
    shop.communicate(timeout=60)
    _wait_until(lambda: all(map(_is_gone, pids)))


def test_a_shop_that_cannot_come_up_says_so_and_ends(tmp_path: Path) -> None:
    shop = _start(tmp_path, {"till": [sys.executable, "-c", "raise SystemExit(3)"]})
    said = shop.communicate(timeout=30)[1]
    assert shop.returncode == 1
    assert "till ended with 3" in said
    assert "the shop did not come up (till)" in said


def test_restarts_in_a_row_wait_longer_each_time_but_never_for_ever() -> None:
    assert [pause_before(number) for number in range(1, 8)] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0]


def test_a_child_is_not_started_before_its_pause_is_over() -> None:
    child = Child("till", [sys.executable, "-c", ""], os.environ, falls=4)
    child.start()
    assert child.process is not None
    child.process.wait()
    assert child.tend()
    assert not child.is_alive
    assert child.falls == 5


class _Crippled:
    """A database that is down, on a disk that is full at first."""

    def __init__(self, place: Path) -> None:
        self._place, self._n_tries = place, 0

    def is_running(self) -> bool:
        return (self._place / "database").exists()

    def start(self) -> None:
        self._n_tries += 1
        if self._n_tries < 3:
            raise OSError(errno.ENOSPC, "No space left on device", "postgresql.conf")
        (self._place / "database").touch()

    def stop(self) -> None:
        pass


def test_a_database_that_finds_no_room_to_start_is_tried_again(tmp_path: Path) -> None:
    said: list[str] = []
    database = cast(EmbeddedPostgres, _Crippled(tmp_path))
    watcher = supervisor.Supervisor([], database=database, say=said.append)
    for _ in range(4):
        watcher._tend_database()
    assert database.is_running()
    assert [words for words in said if "No space left" in words] == [said[1], said[3]]
    assert len(said) == 5


def test_a_child_for_which_there_is_no_process_is_started_a_moment_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    child = Child("till", [sys.executable, "-c", ""], os.environ)
    child.start()
    assert child.process is not None
    child.process.wait()
    watcher = supervisor.Supervisor([child], say=said.append)
    with monkeypatch.context() as crowded:

        def fork(*_: object, **__: object) -> None:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

        crowded.setattr(subprocess, "Popen", fork)
        for _ in range(3):
            watcher._tend(child)
    assert len(said) == 1
    assert said[0].startswith("xinka: till cannot be started now (Resource temporarily unavailable); trying again")
    assert not child.is_alive
    _wait_until(lambda: (watcher._tend(child), child.is_alive)[1])
    child.kill()


def test_two_supervisors_do_not_share_a_data_directory(tmp_path: Path) -> None:
    with (
        supervisor.sole_supervisor(tmp_path),
        pytest.raises(supervisor.AlreadyRunning),
        supervisor.sole_supervisor(tmp_path),
    ):
        pytest.fail("the second one got in")
    with supervisor.sole_supervisor(tmp_path):
        pass


def test_only_a_ready_answer_counts_as_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert not supervisor.answers("127.0.0.1", port)


def test_pages_are_asked_whether_they_are_up_under_the_name_of_the_shop(short_directory: Path) -> None:
    path = short_directory / "web.sock"
    assert not supervisor.answers_behind(path, "shop.example")
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(os.fspath(path))
        listener.listen()

        def answer() -> None:
            asked, _ = listener.accept()
            with asked:
                heard.append(asked.recv(1024))
                asked.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")

        pages = Thread(target=answer)
        pages.start()
        assert supervisor.answers_behind(path, "shop.example")
        pages.join(timeout=60)
    assert b"\r\nHost: shop.example\r\n" in heard[0]
