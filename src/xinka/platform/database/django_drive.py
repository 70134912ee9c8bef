"""Drive a flow on Django's own connection, so that it shares the transaction of the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import connection, transaction

from xinka.kernel.flow import Flow
from xinka.platform.database.drive import drive

Result = TypeVar("Result")


def run(flow: Flow[Result]) -> Result:
    """Run a flow in a transaction of its own, or in the one that is already open.

    Raises:
        psycopg.Error: what the database refused.
    """
    with transaction.atomic():
        connection.ensure_connection()
        return drive(connection.connection, flow)


def run_after_commit(action: Callable[[], None]) -> None:
    """Do something only when, and if, the current transaction is committed."""
    transaction.on_commit(action)
