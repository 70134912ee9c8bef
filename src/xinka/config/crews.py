"""How many do the work, and whether it is a rehearsal: the numbers that the processes of a shop start with."""

from __future__ import annotations

from xinka.config.environment import read_flag, read_int


def web_threads() -> int:
    """How many threads render pages."""
    return read_int("XINKA_WEB_THREADS", 8, least=1)


def worker_mails() -> int:
    """How many mails a worker sends at a time."""
    return read_int("XINKA_WORKER_MAILS", 5, least=1)


def worker_jobs() -> int:
    """How many other jobs a worker does at a time."""
    return read_int("XINKA_WORKER_JOBS", 3, least=1)


def worker_stalled_after() -> int:
    """Seconds without a heartbeat after which a worker counts as dead and its jobs go to others."""
    return read_int("XINKA_WORKER_STALLED_AFTER", 20, least=1)


def sandbox() -> bool:
    """Whether the sandbox gateway answers under /sandbox/; never in a shop that takes real money."""
    return read_flag("XINKA_SANDBOX")
