"""The processes of the till: one, or several with a socket each on the same port."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from importlib import import_module

from xinka.config.listening import till_sockets
from xinka.config.processes import die_with_parent


def main() -> None:
    """Serve the public port, with as many processes as asked for; each has a socket of its own on the same port."""
    sockets = till_sockets()
    if len(sockets) == 1:
        _serve_till(sockets[0])
        return
    parent = os.getpid()
    children = [_fork_till(parent, sockets, number) for number in range(len(sockets))]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end(children))
    os.wait()
    # One that fell takes the others with it: the supervisor then starts all anew.
    _end(children)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _end(children: list[int]) -> None:
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)


def _fork_till(parent: int, sockets: list[socket.socket], number: int) -> int:
    child = os.fork()
    if child:
        return child
    die_with_parent(parent)
    for other in (one for one in sockets if one is not sockets[number]):
        other.close()
    _serve_till(sockets[number])
    os._exit(0)


def _serve_till(listening: socket.socket) -> None:
    import uvloop  # here, because the process that only forks does not need it

    # By its name, as servers load applications: the till reads its settings from the floor of this file.
    uvloop.run(import_module("xinka.till.server").serve(listening))
