"""A database server that falls silent is given up, at the start and afterwards."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from psycopg import pq

from xinka.platform.database.silence import LIMITS, with_limits


@pytest.fixture
def silent() -> Iterator[int]:
    """Return the port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql:///xinka",
        "postgresql://xinka@/shop?host=/tmp/run",
        "postgresql://%2Fvar%2Frun/shop",
        "postgresql://[::1/shop",
        "mysql://somewhere/shop",
    ],
)
def test_what_needs_no_limits_or_is_malformed_is_left_as_it_is(url: str) -> None:
    assert with_limits(url) == url


def test_what_the_operator_says_himself_counts() -> None:
    limited = with_limits("postgresql://u:p%40@db.example:6432/shop?connect_timeout=3&sslmode=verify-full")
    assert limited.startswith("postgresql://u:p%40@db.example:6432/shop?connect_timeout=3&sslmode=verify-full&")
    assert dict(parse_qsl(urlsplit(limited).query)) == {**LIMITS, "connect_timeout": "3", "sslmode": "verify-full"}


def test_a_server_that_says_nothing_at_the_start_is_given_up(silent: int) -> None:
    with pytest.raises(psycopg.OperationalError, match="timeout"):
        psycopg.connect(with_limits(f"postgresql://u@127.0.0.1:{silent}/shop?connect_timeout=2"))


def test_the_kernel_is_told_to_find_out_that_the_other_end_is_gone(silent: int) -> None:
    begun = pq.PGconn.connect_start(with_limits(f"postgresql://u@127.0.0.1:{silent}/shop?sslmode=disable").encode())
    try:
        while begun.connect_poll() == pq.PollingStatus.WRITING:
            select.select([], [begun.socket], [], 30)
        line = socket.socket(fileno=begun.socket)
        try:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            found = {
                "keepalives_idle": line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                "keepalives_interval": line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                "keepalives_count": line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
                "tcp_user_timeout": line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            }
        finally:
            line.detach()  # it is libpq's to close
        assert {name: str(value) for name, value in found.items()}.items() <= LIMITS.items()
    finally:
        begun.finish()
