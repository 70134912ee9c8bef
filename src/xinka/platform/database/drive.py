"""Drive a flow: send it the rows of the statements it asks for, inside one transaction."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg

from xinka.kernel.flow import Flow, Query, Row

Result = TypeVar("Result")
#: SQLSTATEs after which the whole transaction may simply be run again: serialization failure and deadlock.
RETRYABLE = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
MAX_TRIES = 5


def fetch(connection: psycopg.Connection[Any], query: Query) -> list[Row]:
    """Run one statement on a synchronous connection and return its rows.

    It is planned anew each time, for the tables as they are: a kept plan may be one for tables that were small.
    """
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(query.sql, query.params, prepare=False)
        return cursor.fetchall() if cursor.description else []


def drive(connection: psycopg.Connection[Any], flow: Flow[Result]) -> Result:
    """Run a flow on a connection whose transaction the caller has opened."""
    rows: list[Row] | None = None
    while True:
        try:
            query = flow.send(rows) if rows is not None else next(flow)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # StopIteration is not generic in typeshed
        try:
            rows = fetch(connection, query)
        except psycopg.Error as error:
            # The flow sees the failure where it asked, so that its own finally clauses run.
            flow.throw(error)
            raise


async def fetch_async(connection: psycopg.AsyncConnection[Any], query: Query) -> list[Row]:
    """Run one statement on an asynchronous connection and return its rows."""
    async with psycopg.AsyncRawCursor(connection) as cursor:
        await cursor.execute(query.sql, query.params, prepare=True, binary=True)
        return await cursor.fetchall() if cursor.description else []


async def drive_async(connection: psycopg.AsyncConnection[Any], flow: Flow[Result]) -> Result:
    """Run a flow on an asynchronous connection whose transaction the caller has opened."""
    rows: list[Row] | None = None
    while True:
        try:
            query = flow.send(rows) if rows is not None else next(flow)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # StopIteration is not generic in typeshed
        try:
            rows = await fetch_async(connection, query)
        except psycopg.Error as error:
            flow.throw(error)
            raise
