"""What may wait steps behind the till: web, worker, imports, and PostgreSQL's part in them (decisions 14 and 21)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from xinka.config.processes import die_with_parent

#: How much politer than the till all else is (nice(2)): a page or a mail may wait a moment, a payment notice may not.
BEHIND_THE_TILL = 10
#: An import has minutes; it takes what the others leave.
BEHIND_ALL = 15

_PROC = Path("/proc")
#: How PostgreSQL names the processes of its connections.
_BACKEND = b"postgres: "
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def step_behind(by: int) -> None:
    """Be so much politer than the till, on kernels that share the processor between sessions too (sched(7)).

    There (autogroup) nice counts only inside a session, and each of our processes leads one of its own: then the
    session steps back. A session that somebody else leads, a person's terminal, is left alone.
    """
    os.nice(by)
    if os.getsid(0) == os.getpid():
        _step_session_behind("self", by)


def lead_a_session() -> None:
    """Go on in a child that leads a session of its own, so that all of it can step behind.

    The process that was called stays in its terminal, passes signals on, and ends as the child does. To be called
    before there are threads or connections.
    """
    if os.getsid(0) == os.getpid():
        return
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        os.setsid()
        die_with_parent(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    code = _ended(child)
    os._exit(code if code >= 0 else 128 - code)


def _ended(child: int) -> int:
    """Pass signals on until the child ends, and return how it did.

    They stay blocked and are taken one by one: a handler beside a blocking wait would leave a moment, between the last
    look at what has come and the wait, in which a signal is noted and heard of only when the child ends by itself.
    """
    while True:
        number = signal.sigwait({*_PASSED_ON, signal.SIGCHLD})
        if number != signal.SIGCHLD:
            os.kill(child, number)  # it cannot be gone: nobody else asks how it ended, and until then it has its number
            continue
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def connections_step_behind(by: int) -> None:
    """Have PostgreSQL's process of each connection that Django opens from now on step back too."""
    from django.db.backends.signals import connection_created  # here: whoever imports this module may do without Django

    def step(*, connection: Any, **_: object) -> None:
        info = connection.connection.info
        if info.host.startswith("/"):
            step_backend_behind(info.backend_pid, by)

    connection_created.connect(step, weak=False, dispatch_uid="xinka.config.behind")


def step_backend_behind(pid: int, by: int) -> None:
    """Have one process of PostgreSQL step back: each leads a session, and so has as large a share as the whole till.

    Anything else is left alone, and so is a PostgreSQL that belongs to another user or runs elsewhere.
    """
    with suppress(OSError):  # gone, elsewhere, or not ours
        if (_PROC / str(pid) / "cmdline").read_bytes().startswith(_BACKEND):
            os.setpriority(os.PRIO_PROCESS, pid, by)
            _step_session_behind(str(pid), by)


def _step_session_behind(process: str, by: int) -> None:
    with suppress(OSError):  # no such kernel, or not allowed
        (_PROC / process / "autogroup").write_text(str(by), encoding="ascii")
