"""One child process of the running shop: started so that it cannot outlive us, started again when it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

#: Memory from this size on goes back to the system once it is free (mallopt(3), M_MMAP_THRESHOLD). glibc else raises
#: the limit by itself after the first large piece, and each thread that ever checked a password keeps the 19 MiB of
#: Argon2: 160 MB in eight threads, for good.
THRIFTY = {"MALLOC_MMAP_THRESHOLD_": str(1024 * 1024)}

#: A child that has run this long is well again; its next fall counts as the first.
_WELL_AFTER = 30.0
_LONGEST_PAUSE = 15.0


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the line above


def pause_before(restart: int) -> float:
    """Return the seconds to wait before the n-th restart in a row: none, then doubling from half a second."""
    return 0.0 if restart <= 1 else min(_LONGEST_PAUSE, 0.5 * 2 ** (restart - 2))


@dataclass
class Child:
    """A process the supervisor keeps alive; a late one is started when the others are ready, to leave them the CPU.

    It inherits the descriptors named, and no other.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    is_late: bool = False
    descriptors: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    falls: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    _codes: list[int] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.poll() is None

    @property
    def last_code(self) -> int | None:
        """The exit status of its last fall; negative is the signal that killed it."""
        return self._codes[-1] if self._codes else None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor, which then ends it in order."""
        parent = os.getpid()

        def prepare() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            die_with_parent(parent)

        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own modules
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.descriptors,
            preexec_fn=prepare,  # noqa: PLW1509 - the supervisor has no threads
        )

    def tend(self) -> bool:
        """Start it again when it has fallen and its pause is over; return whether it was found fallen just now.

        Raises:
            OSError: if it cannot be started now; it is tried again after a pause.
        """
        if self.is_alive:
            return False
        now = time.monotonic()
        fell = self.process is not None
        if self.process is not None:
            self._codes.append(self.process.returncode)
            self.falls = 1 if now - self.started_at > _WELL_AFTER else self.falls + 1
            self.due_at = now + pause_before(self.falls)
            self.process = None
        if now >= self.due_at:
            self.due_at = now + pause_before(self.falls + 1)  # should this fail
            self.start()
        return fell

    def end(self) -> None:
        """Ask it to finish what it is doing and end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """End it and everything it started, now."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
