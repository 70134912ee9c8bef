"""Seal anew what retired data keys have sealed, while the shop sells; then destroy those keys.

The rows themselves say what is left to do, since each envelope names its key: after a kill at any moment the next run
goes on with the rest. A row is written only if it still holds the envelope that was read, and none is waited for that
somebody else has locked: the next round takes it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from xinka.flows.master_key.columns import Column
from xinka.flows.master_key.places import PLACES, Place
from xinka.platform.vault.changing import destroy, retired_keys
from xinka.platform.vault.envelope import EnvelopeError, key_id_of
from xinka.platform.vault.keys import open_envelope, sealing_key

#: The version, the key's number and the nonce: no two envelopes begin alike.
_HEAD = 17
#: Seconds to wait before another round over a table in which rows were locked.
_ROUND_AGAIN_AFTER = 0.2


@dataclass(slots=True)
class Progress:
    """How far one column is: ``done`` of ``total`` rows are sealed anew; ``damaged`` names those that do not open."""

    place: Place
    total: int
    done: int = 0
    damaged: list[str] = field(default_factory=list)


def reseal() -> Iterator[Progress]:
    """Seal everything anew that a retired key has sealed; yields after every batch, which is kept by then."""
    scopes = retired_keys()
    if not scopes:
        return
    names = [number.to_bytes(4, "big") for number in scopes]
    for place in PLACES:
        progress = Progress(place, _count(place.column, names))
        yield progress
        while progress.done + len(progress.damaged) < progress.total:
            before = progress.done
            for batch in _batches(place, names):
                _seal_anew(batch, scopes, progress)
                yield progress
            if progress.done == before:
                # Some may have been forgotten or withdrawn meanwhile; the others are locked.
                progress.total = _count(place.column, names) + progress.done
                time.sleep(_ROUND_AGAIN_AFTER)


def destroy_unused(waiting: Collection[int]) -> dict[int, str]:
    """Destroy the retired keys that nothing names, neither a row nor one of ``waiting``; return those that stay."""
    scopes = retired_keys()
    used = set(waiting)
    for place in PLACES:
        used |= _named(place.column, [number.to_bytes(4, "big") for number in scopes])
    destroy(scopes.keys() - used)
    return {number: scope for number, scope in scopes.items() if number in used}


def _count(column: Column, names: list[bytes]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {column.table} WHERE {column.named} = ANY(%s)", [names])
        return int(cursor.fetchone()[0])


def _named(column: Column, names: list[bytes]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column.named} FROM {column.table} WHERE {column.named} = ANY(%s)", [names])
        return {int.from_bytes(name, "big") for (name,) in cursor.fetchall()}


def _batches(place: Place, names: list[bytes]) -> Iterator[list[tuple[Any, bytes]]]:
    """Yield the rows that retired keys have sealed, in the order of their names."""
    column, after = place.column, None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {column.row}, {column.field} FROM {column.table} WHERE {column.named} = ANY(%s)"
                f" AND (%s::{column.kind} IS NULL OR {column.row} > %s) ORDER BY {column.row} LIMIT {place.together}",
                [names, after, after],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield [(name, bytes(envelope)) for name, envelope in rows]


def _seal_anew(batch: Sequence[tuple[Any, bytes]], scopes: dict[int, str], progress: Progress) -> None:
    place = progress.place
    fresh: list[tuple[Any, bytes, bytes]] = []
    for name, old in batch:
        where = place.bound_to(name)
        try:
            plain = open_envelope(old, where)
        except EnvelopeError:
            if str(name) not in progress.damaged:
                progress.damaged.append(str(name))
            continue
        fresh.append((name, old[:_HEAD], sealing_key(scopes[key_id_of(old)]).seal(plain, where)))
    progress.done += _write(place.column, fresh)


def _write(column: Column, fresh: Sequence[tuple[Any, bytes, bytes]]) -> int:
    """Put the new envelopes in the place of the old ones; return of how many rows nobody else had hold."""
    values: list[list[Any]] = [list(each) for each in zip(*fresh, strict=True)] or [[], [], []]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""WITH fresh AS (SELECT * FROM unnest(%s::{column.kind}[], %s::bytea[], %s::bytea[])
                           f(name, head, envelope)),
                held AS (SELECT t.{column.row} AS name FROM {column.table} t JOIN fresh f ON f.name = t.{column.row}
                         AND substring(t.{column.field} FOR {_HEAD}) = f.head FOR UPDATE OF t SKIP LOCKED)
            UPDATE {column.table} t SET {column.field} = f.envelope FROM fresh f JOIN held USING (name)
            WHERE t.{column.row} = f.name AND substring(t.{column.field} FOR {_HEAD}) = f.head""",
            values,
        )
        return int(cursor.rowcount)
