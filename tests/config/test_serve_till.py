"""Several tills on one port: who is asked to end ends them all, and one that falls takes the others with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_TILLS = """
import os, signal
from xinka.config import serve_till
from xinka.config.listening import take_port

def work(listening):
    os.write(1, b"%d\\n" % os.getpid())  # at once: the other writes there too
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pause()

serve_till.till_sockets = lambda: take_port("127.0.0.1", None, 2)
serve_till._serve_till = work
serve_till.main()
"""


@contextmanager
def _two_tills() -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Start two tills that only wait; hand over their parent and their numbers."""
    with subprocess.Popen([sys.executable, "-c", _TILLS], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        try:
            yield parent, [int(parent.stdout.readline()) for _ in range(2)]
            assert parent.stdout.read() == ""  # ends only when each till has gone, for it holds the other end
        finally:
            parent.kill()  # where it did not end by itself it is not waited for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_the_tills_ends_each_of_them(number: signal.Signals) -> None:
    with _two_tills() as (parent, _):
        parent.send_signal(number)
        assert parent.wait(60) == 0


def test_a_till_that_falls_takes_the_other_with_it() -> None:
    with _two_tills() as (parent, tills):
        os.kill(tills[1], signal.SIGKILL)
        assert parent.wait(60) == 0
