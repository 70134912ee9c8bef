"""Entries straight from the database, a few thousand at a time, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from xinka.ledger.days import end_of, start_of
from xinka.ledger.reports import Subject

_AT_ONCE = 5000

_ENTRIES = """
SELECT e.at, e.journal_id, e.kind, e.account, e.amount, e.currency, e.owner_id, e.order_id, e.channel_id,
  coalesce(j.key, ''), coalesce(j.note, ''), j.by_id
FROM ledger_entry e LEFT JOIN ledger_journal j ON j.id = e.journal_id
WHERE e.at >= %(since)s AND e.at < %(until)s {more}
ORDER BY e.at, e.journal_id, e.account
"""
_OF_SUBJECT = """
AND e.account = %(account)s AND e.currency = %(currency)s AND e.owner_id IS NOT DISTINCT FROM %(owner)s
"""


class EntryRow(NamedTuple):
    """One entry with what is known of its journal."""

    at: datetime
    journal_id: UUID
    kind: int
    account: int
    amount: int
    currency: str
    owner_id: int | None
    order_id: UUID | None
    channel_id: int
    key: str
    note: str
    by_id: int | None


def stream(statement: str, params: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a statement through a cursor that stays at the server."""
    with transaction.atomic(), closing(connection.chunked_cursor()) as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows


def entries(first: date, last: date, subject: Subject | None = None) -> Iterator[EntryRow]:
    """Yield the entries of a period, both days included, in the order they were entered."""
    params: dict[str, Any] = {"since": start_of(first), "until": end_of(last)}
    more = ""
    if subject is not None:
        more = _OF_SUBJECT
        params |= {"account": int(subject.account), "currency": subject.currency, "owner": subject.owner_id}
    yield from map(EntryRow._make, stream(_ENTRIES.format(more=more), params))
