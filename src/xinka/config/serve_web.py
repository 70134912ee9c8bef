"""The server of the pages, behind the till.

Granian forks its worker from this process, so this process imports nothing but granian: what it does not hold is not
held twice.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from importlib import import_module
from typing import Any

from granian.constants import Interfaces
from granian.server.mp import MPServer as Server

from xinka.config.behind import BEHIND_THE_TILL, connections_step_behind, step_behind
from xinka.config.crews import web_threads
from xinka.config.environment import BadEnvironment, load
from xinka.config.processes import die_with_parent
from xinka.platform import logs

_DRAIN_SECONDS = 25


def _loader(parent: int) -> Callable[[str], Any]:
    """Return what granian calls in its worker to get the application."""

    def load_application(target: str) -> Any:
        die_with_parent(parent)
        for number in (signal.SIGTERM, signal.SIGINT):  # until granian sets its own: the inherited ones do nothing here
            signal.signal(number, signal.SIG_DFL)
        connections_step_behind(BEHIND_THE_TILL)
        module, _, name = target.partition(":")
        application = getattr(import_module(module), name)
        # As in the till: what was loaded stays, and a page leaves little behind that reference counts do not clear.
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        return application

    return load_application


def _server() -> Server:
    """Return the server behind the till, on a unix socket in the data directory."""
    environment = load()
    path = environment.web_socket
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    if len(os.fsencode(path)) > 107:
        raise BadEnvironment(
            "XINKA_DATA_DIR", "its path is too long for a unix socket", "目录路径太长，放不下 unix 套接字"
        )
    return Server(
        "xinka.config.wsgi:application",
        uds=path,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=web_threads(),
        backpressure=64,
        log_level="warning",  # type: ignore[arg-type]  # granian takes the name as well
        log_dictconfig=logs.settings(),
        workers_kill_timeout=_DRAIN_SECONDS,
    )


def main() -> None:
    """Serve until a signal says otherwise."""
    step_behind(BEHIND_THE_TILL)
    _server().serve(target_loader=_loader(os.getpid()))
