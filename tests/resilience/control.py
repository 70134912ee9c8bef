"""The same races without our guards, as shops that double-sell have them: read, think, then write whatever was read.

Each pair of threads meets at a barrier between its reading and its writing, so that the race is not left to chance: a
test that shows no damage here could not have shown any in the shop either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


@contextmanager
def ground(database_url: str) -> Iterator[Connection]:
    """Make the small tables the controls play on."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE control_code (id int PRIMARY KEY, state text NOT NULL DEFAULT 'unsold')")
        connection.execute("CREATE TABLE control_sale (code_id int, buyer int)")
        connection.execute("CREATE TABLE control_order (id int PRIMARY KEY, state text, amount int, price int)")
        yield connection
        connection.execute("DROP TABLE control_code, control_sale, control_order")


def two_at_once(
    database_url: str,
    read: str,
    write: Callable[[Connection, int, Sequence[Any]], object],
    other_write: Callable[[Connection, int, Sequence[Any]], object] | None = None,
) -> None:
    """Let two buyers read, wait until both have read, and let both write what they then believe to be right."""
    both_have_read = threading.Barrier(2)

    def buy(buyer: int) -> None:
        with psycopg.connect(database_url) as connection:
            row = connection.execute(read.encode()).fetchone()
            both_have_read.wait(60)
            if row is not None:
                (other_write if buyer == 1 and other_write else write)(connection, buyer, row)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(buy, buyer) for buyer in range(2)]:
            done.result(120)
