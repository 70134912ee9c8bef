"""What the processes of a shop are started with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from xinka.config.processes import THRIFTY

#: Eight threads check three passwords each, as pages do, and then wait for the next visitor; how much more is held?
_EIGHT_SIGN_IN = """
import threading
import psutil
from argon2.low_level import Type, hash_secret
from xinka.accounts.hashers import Argon2id

process, checked, leave = psutil.Process(), threading.Barrier(9), threading.Event()

def check_passwords():
    for _ in range(3):
        hash_secret(b"a password", b"sixteen bytes...", 1, Argon2id.memory_cost, 1, 32, Type.ID)
    checked.wait()
    leave.wait()

before = process.memory_info().rss
for _ in range(8):
    threading.Thread(target=check_passwords, daemon=True).start()
checked.wait()
print((process.memory_info().rss - before) >> 20)
leave.set()
"""


def _megabytes_kept(more: Mapping[str, str]) -> int:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", _EIGHT_SIGN_IN], env=plain | more, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_threads_that_checked_a_password_do_not_keep_its_memory() -> None:
    assert _megabytes_kept(THRIFTY) < 40


def test_control_without_being_told_they_keep_all_of_it() -> None:
    assert _megabytes_kept({}) > 100
