"""Who may wait steps behind the till: by nice, among sessions, and with what PostgreSQL does for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from xinka.config.behind import connections_step_behind, step_backend_behind

_POLITE = """
import json, os, sys
from pathlib import Path
from xinka.config.behind import step_behind

step_behind(7)
group = Path("/proc/self/autogroup")
words = group.read_text().split() if group.exists() else []
print(json.dumps([os.nice(0), os.getsid(0) == os.getpid(), words]))
"""

_LEADING = """
import os, sys, time
from xinka.config.behind import lead_a_session

lead_a_session()
try:
    print(os.getsid(0) == os.getpid(), flush=True)
    time.sleep(float(sys.argv[1]))
except KeyboardInterrupt:
    sys.exit(3)
sys.exit(4)
"""


def _group(pid: int) -> list[str]:
    """Return how polite a process's session is; nothing where the kernel has no such groups."""
    place = Path(f"/proc/{pid}/autogroup")
    return place.read_text(encoding="ascii").split()[-1:] if place.exists() else []


@pytest.mark.parametrize("leads", [True, False])
def test_who_steps_behind_does_so_among_sessions_too_but_only_with_a_session_of_its_own(*, leads: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _POLITE], start_new_session=leads, capture_output=True, text=True, check=True
    )
    nice, is_leader, group = json.loads(done.stdout)
    assert nice == min(os.nice(0) + 7, 19)
    assert is_leader == leads
    if group and leads:  # a kernel without such groups has nothing to step back with
        assert group[-1] == "7"


@pytest.mark.parametrize("leads", [True, False])
def test_a_command_leads_a_session_and_ends_as_its_work_does(*, leads: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LEADING, "0"], start_new_session=leads, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("True\n", 4)


@contextmanager
def _started() -> Iterator[subprocess.Popen[str]]:
    """Run the command and hand it over once its work has begun."""
    with subprocess.Popen([sys.executable, "-c", _LEADING, "60"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 3), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_signal_to_the_command_reaches_its_work(number: signal.Signals, code: int) -> None:
    with _started() as process:
        process.send_signal(number)
        assert process.wait(30) == code


def test_work_does_not_outlive_a_command_that_was_killed() -> None:
    with _started() as process:
        process.kill()
        assert process.stdout is not None
        assert process.stdout.read() == ""  # ends only when the child has gone too, for it holds the other end


@pytest.fixture
def _as_before() -> Iterator[None]:
    yield
    connection_created.disconnect(dispatch_uid="xinka.config.behind")
    connection.close()


@pytest.mark.usefixtures("_as_before")
@pytest.mark.django_db(transaction=True)
def test_what_postgresql_does_for_them_steps_back_too() -> None:
    connection.close()
    connections_step_behind(7)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    assert os.getpriority(os.PRIO_PROCESS, pid) == 7
    assert _group(pid) in (["7"], [])


@pytest.mark.django_db
def test_what_is_not_a_connection_of_postgresql_is_left_alone() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    step_backend_behind(os.getpid(), 7)
    step_backend_behind(2**22 + 1, 7)  # nobody's number
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    with psycopg.connect(**connection.get_connection_params()) as other:
        assert os.getpriority(os.PRIO_PROCESS, other.info.backend_pid) == 0
