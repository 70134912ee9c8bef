"""The processes of the till: one, or several with a socket each on the same port."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from importlib import import_module

from xinka.config.environment import BadEnvironment, read, read_int
from xinka.config.processes import die_with_parent


def main() -> None:
    """Serve the public port, with as many processes as asked for; each has a socket of its own on the same port."""
    host, port = read("XINKA_HOST", "127.0.0.1"), read_int("XINKA_PORT", 8000, least=1)
    n_workers = read_int("XINKA_TILL_WORKERS", 1, least=1)
    sockets = [_listen(host, port, shared=n_workers > 1) for _ in range(n_workers)]
    if n_workers == 1:
        _serve_till(sockets[0])
        return
    parent = os.getpid()
    children = [_fork_till(parent, sockets, number) for number in range(n_workers)]
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


def _listen(host: str, port: int, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise BadEnvironment(
            "XINKA_PORT",
            f"cannot listen on {host}:{port} ({error.strerror})",
            f"无法监听 {host}:{port}（{error.strerror}）",
        ) from None
    listening.listen(2048)
    listening.setblocking(False)
    return listening


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
