"""From sealed rows into the tables: one transaction per chunk, which also moves the batch on.

Both tables are filled by COPY directly. Duplicates are asked for beforehand, under a lock that lets one chunk in at a
time; should another writer still come between, the unique fingerprint refuses the whole chunk and it is tried again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from xinka.kernel.errors import IllegalMove
from xinka.stock.importing.sealing import COPY_HEAD, COPY_TAIL, SealedChunk, Target

Connection = psycopg.Connection[Any]
_TRIES = 3
_LOCK = 0x78696E6B_61494D50  # "xinkaIMP": the place at the door of the vault
#: Rows handed to libpq at once.
_WRITE = 2048

_FREE_IDS = "SELECT array_agg(nextval('stock_stockcode_id_seq')) FROM generate_series(1, %s)"
# The table may have grown a million rows since it was last analysed: leave the planner no way but the index.
_BY_INDEX_ONLY = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
_KNOWN = """
SELECT c.fingerprint::text, c.batch_id, c.withdrawn_at IS NOT NULL AND octet_length(c.envelope) = 0
FROM unnest(%s::uuid[]) AS f JOIN stock_stockcode c ON c.fingerprint = f
"""
_FORGET_WITHDRAWN = """
DELETE FROM stock_stockcode
WHERE fingerprint = ANY(%s::uuid[]) AND withdrawn_at IS NOT NULL AND octet_length(envelope) = 0
"""
_COPY_CODES = """
COPY stock_stockcode (id, sku_id, batch_id, fingerprint, envelope, label, expires_on, withdrawn_at)
FROM STDIN (FORMAT BINARY)
"""
_COPY_QUEUE = "COPY stock_unsold (sku_id, place, code_id, expires_on) FROM STDIN (FORMAT BINARY)"
_MOVE_ON = """
UPDATE stock_stockbatch SET last_line = %(last_line)s, n_lines = n_lines + %(n_lines)s, n_added = n_added + %(added)s,
  n_repeated = n_repeated + %(repeated)s, n_known = n_known + %(known)s, n_invalid = n_invalid + %(invalid)s,
  problems = (SELECT coalesce(jsonb_agg(p), '[]') FROM (
    SELECT p FROM jsonb_array_elements(problems || %(problems)s::jsonb) WITH ORDINALITY AS all_of(p, n)
    ORDER BY n LIMIT 50) first),
  first_code_id = coalesce(first_code_id, %(first)s), last_code_id = coalesce(%(last)s, last_code_id)
WHERE id = %(batch)s AND last_line = %(from_line)s AND state = 'importing'
"""


def free_ids(connection: Connection, n: int) -> list[int]:
    """Take ``n`` numbers that no other code will ever have."""
    row = connection.execute(_FREE_IDS, [n]).fetchone()
    return list(row[0]) if row and row[0] else []


def store_chunk(connection: Connection, chunk: SealedChunk, target: Target, from_line: int) -> None:
    """Put one chunk into the vault and into the queue, and note that the batch came as far as its last line.

    Raises:
        IllegalMove: if the batch is not at ``from_line`` or not importing: somebody else works on it, or it was undone.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            with connection.transaction():
                _store(connection, chunk, target, from_line)
        except psycopg.errors.UniqueViolation:
            if attempt == _TRIES:
                raise
        else:
            return


def _store(connection: Connection, chunk: SealedChunk, target: Target, from_line: int) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    ordered = sorted(chunk.rows)
    repeated, known = _sort_out(connection, ordered, target.batch_id)
    skipped = repeated | known
    rows = [row for fingerprint, row in chunk.rows.items() if fingerprint not in skipped]
    if rows:
        # In the order of the fingerprints, so that each page of their index is visited once and not again and again.
        by_fingerprint = [chunk.rows[fingerprint][0] for fingerprint in ordered if fingerprint not in skipped]
        _copy(connection, _COPY_CODES, by_fingerprint)
        _copy(connection, _COPY_QUEUE, [row[1] for row in rows])
    moved = connection.execute(
        _MOVE_ON,
        {
            "batch": target.batch_id,
            "from_line": from_line,
            "last_line": max(chunk.last_line, from_line),
            "n_lines": chunk.n_lines,
            "added": len(rows),
            "repeated": chunk.n_repeated + len(repeated),
            "known": len(known),
            "invalid": chunk.n_invalid,
            "problems": json.dumps([problem.as_json() for problem in chunk.problems]),
            "first": _id_of(rows[0][0]) if rows else None,
            "last": _id_of(rows[-1][0]) if rows else None,
        },
    )
    if moved.rowcount != 1:
        raise IllegalMove(f"batch {target.batch_id} is not at line {from_line}")


def _id_of(code_row: bytes) -> int:
    return int.from_bytes(code_row[6:14], "big")


def _sort_out(connection: Connection, ordered: Iterable[bytes], batch_id: int) -> tuple[set[bytes], set[bytes]]:
    """Return the fingerprints that an earlier chunk of this file brought, and those of other batches.

    A code that was withdrawn unsold may come back: its old row, which holds nothing any more, makes way.
    """
    repeated, known, withdrawn = set(), set(), []
    for fingerprint, its_batch, is_withdrawn in _found(connection, ordered):
        if is_withdrawn:
            withdrawn.append(fingerprint.hex())
        elif its_batch == batch_id:
            repeated.add(fingerprint)
        else:
            known.add(fingerprint)
    if withdrawn:
        connection.execute(_FORGET_WITHDRAWN, ["{" + ",".join(withdrawn) + "}"])
    return repeated, known


def known_codes(connection: Connection, ordered: Iterable[bytes]) -> set[bytes]:
    """Return which of the fingerprints are in the vault, codes withdrawn unsold left out. Call it in a transaction."""
    return {fingerprint for fingerprint, _, is_withdrawn in _found(connection, ordered) if not is_withdrawn}


def _found(connection: Connection, ordered: Iterable[bytes]) -> Iterator[tuple[bytes, int, bool]]:
    connection.execute(_BY_INDEX_ONLY)
    for shown, its_batch, is_withdrawn in connection.execute(_KNOWN, ["{" + ",".join(f.hex() for f in ordered) + "}"]):
        yield bytes.fromhex(shown.replace("-", "")), its_batch, is_withdrawn


def _copy(connection: Connection, statement: str, rows: list[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(COPY_HEAD)
        for start in range(0, len(rows), _WRITE):
            copy.write(b"".join(rows[start : start + _WRITE]))
        copy.write(COPY_TAIL)
