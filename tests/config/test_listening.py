"""The port is the shop's from its first moment, whoever else starts in the same minute, and the till is lent it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from xinka.config.environment import BadEnvironment
from xinka.config.listening import LENT, PortTaken, lend, take_port, till_sockets

_LOCAL = "127.0.0.1"


@pytest.fixture
def free_port() -> int:
    with socket.create_server((_LOCAL, 0)) as other:
        return int(other.getsockname()[1])


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


@pytest.mark.parametrize("n_sockets", [1, 2])
def test_a_wanted_port_that_somebody_has_is_refused_and_can_be_had_when_he_is_gone(
    free_port: int, n_sockets: int
) -> None:
    with socket.create_server((_LOCAL, free_port), reuse_port=True), pytest.raises(PortTaken, match=f"{free_port} "):
        take_port(_LOCAL, free_port, n_sockets)
    taken = take_port(_LOCAL, free_port, n_sockets)
    assert [one.getsockname() for one in taken] == [(_LOCAL, free_port)] * n_sockets
    _close(taken)


@pytest.mark.parametrize("n_sockets", [1, 2])
def test_two_shops_that_start_in_the_same_minute_get_different_ports(n_sockets: int) -> None:
    one, other = take_port(_LOCAL, None, n_sockets), take_port(_LOCAL, None, n_sockets)
    ports = [one[0].getsockname()[1], other[0].getsockname()[1]]
    assert ports[1] > ports[0] >= 8000
    _close(one + other)


def test_a_visitor_who_comes_before_the_till_waits_instead_of_being_turned_away(free_port: int) -> None:
    held = take_port(_LOCAL, free_port)
    code = (
        "from xinka.config.listening import till_sockets\n"
        "[lent] = till_sockets()\n"
        "lent.setblocking(True)\n"
        "lent.accept()[0].sendall(b'served')\n"
    )
    with socket.create_connection((_LOCAL, free_port), timeout=20) as visitor:
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | lend(held),
            pass_fds=[one.fileno() for one in held],
            check=True,
            timeout=20,
        )
        assert visitor.recv(10) == b"served"
    _close(held)


def test_what_is_lent_goes_no_further(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    [held] = take_port(_LOCAL, free_port)
    os.set_inheritable(held.fileno(), True)
    monkeypatch.setenv(LENT, str(held.fileno()))
    [lent] = till_sockets()
    assert lent.getsockname() == (_LOCAL, free_port)
    assert not lent.get_inheritable()
    lent.detach()
    held.close()


def test_a_till_that_was_lent_nothing_listens_by_itself_and_says_which_setting_is_wrong(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINKA_PORT", str(free_port))
    monkeypatch.setenv("XINKA_TILL_WORKERS", "2")
    with closing(socket.create_server((_LOCAL, free_port))), pytest.raises(BadEnvironment, match="XINKA_PORT"):
        till_sockets()
    own = till_sockets()
    assert len(own) == 2
    _close(own)


def test_an_address_that_is_not_ours_is_refused_with_the_reason() -> None:
    with pytest.raises(PortTaken, match=r"192\.0\.2\.1:8000 … 8099 \(Cannot assign"):
        take_port("192.0.2.1", None)


def test_nobody_who_owns_no_sockets_lends_any() -> None:
    assert lend([]) == {}
