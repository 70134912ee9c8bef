"""The processes of the till: one, or several with a socket each on the same port."""

from __future__ import annotations

import os
import signal
import socket
from importlib import import_module

from xinka.config.listening import till_sockets
from xinka.config.processes import die_with_parent

#: Taken one by one while blocked: a handler beside a wait may hear of a signal only when the wait is over.
_AWAITED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


def main() -> None:
    """Serve the public port, with as many processes as asked for; each has a socket of its own on the same port."""
    sockets = till_sockets()
    if len(sockets) == 1:
        _serve_till(sockets[0])
        return
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    children = {_fork_till(parent, sockets, number, before) for number in range(len(sockets))}
    while children:
        is_over = signal.sigwait(_AWAITED) != signal.SIGCHLD
        fallen = {child for child in children if os.waitpid(child, os.WNOHANG)[0]}
        children -= fallen
        # One that fell takes the others with it: the supervisor then starts all anew.
        if is_over or fallen:
            for child in children:
                os.kill(child, signal.SIGTERM)


def _fork_till(parent: int, sockets: list[socket.socket], number: int, before: set[int | signal.Signals]) -> int:
    child = os.fork()
    if child:
        return child
    die_with_parent(parent)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    for other in (one for one in sockets if one is not sockets[number]):
        other.close()
    _serve_till(sockets[number])
    os._exit(0)


def _serve_till(listening: socket.socket) -> None:
    import uvloop  # here, because the process that only forks does not need it

    # By its name, as servers load applications: the till reads its settings from the floor of this file.
    uvloop.run(import_module("xinka.till.server").serve(listening))
