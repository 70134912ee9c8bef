"""The public port: taken before anything else is done, and lent to the till.

Who looks for a free port and binds it a minute later may find that another shop, started in the same minute, has it. So
the supervisor takes the port at once and keeps it. The till is given the open socket; when it falls, visitors wait in
the kernel's queue for the next one instead of being turned away.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from xinka.config.environment import BadEnvironment, read, read_int

#: Names the descriptors of the sockets that a supervisor lends to the till.
LENT = "XINKA_TILL_SOCKETS"
_FIRST_PORTS = range(8000, 8100)


class PortTaken(RuntimeError):
    """Somebody else listens on the port that was asked for."""


def take_port(host: str, wanted: int | None, n_sockets: int = 1) -> list[socket.socket]:
    """Listen on the wanted port or, when none is named, on the first free one from 8000; a socket for each till.

    Raises:
        PortTaken: if the wanted port cannot be had, or none of a hundred; says why.
    """
    reason = ""
    for port in [wanted] if wanted else _FIRST_PORTS:
        try:
            return _listen(host, port, n_sockets)
        except OSError as error:
            reason = error.strerror or str(error)
    raise PortTaken(f"{host}:{wanted or f'{_FIRST_PORTS[0]} … {_FIRST_PORTS[-1]}'} ({reason})")


def till_sockets() -> list[socket.socket]:
    """Return what the till listens on: the sockets it was lent, or its own on ``XINKA_HOST`` and ``XINKA_PORT``.

    Raises:
        BadEnvironment: if the port cannot be had.
    """
    if lent := read(LENT):
        return [_ready(socket.socket(fileno=int(number))) for number in lent.split(",")]
    host, port = read("XINKA_HOST", "127.0.0.1"), read_int("XINKA_PORT", 8000, least=1)
    try:
        return _listen(host, port, read_int("XINKA_TILL_WORKERS", 1, least=1))
    except OSError as error:
        said = f"{host}:{port} ({error.strerror})"
        raise BadEnvironment("XINKA_PORT", f"cannot listen on {said}", f"无法监听 {said}") from None


def lend(sockets: Sequence[socket.socket]) -> dict[str, str]:
    """Return the environment that tells a till which descriptors it inherits."""
    return {LENT: ",".join(str(one.fileno()) for one in sockets)} if sockets else {}


def _listen(host: str, port: int, n_sockets: int) -> list[socket.socket]:
    """Open the sockets; several share the port, and the kernel deals connections out among them (SO_REUSEPORT)."""
    opened = [_bind(host, port, shared=False)]
    opened[0].listen(socket.SOMAXCONN)
    if n_sockets > 1:
        # The first was alone to be sure that nobody else has the port: of several that share it, anybody may be one.
        opened.pop().close()
        opened += [_bind(host, port, shared=True) for _ in range(n_sockets)]
    for one in opened:
        one.listen(socket.SOMAXCONN)
        _ready(one)
    return opened


def _bind(host: str, port: int, *, shared: bool) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _ready(listening: socket.socket) -> socket.socket:
    os.set_inheritable(listening.fileno(), False)  # not for what the till itself may start
    listening.setblocking(False)
    return listening
