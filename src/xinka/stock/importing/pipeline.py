"""The whole way of one file: while PostgreSQL takes a chunk in, a thread seals the next. Memory holds two chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import dropwhile

from xinka.stock.importing.copying import Connection, free_ids, store_chunk
from xinka.stock.importing.decoding import Encoding, decode, split_lines
from xinka.stock.importing.problems import Problem
from xinka.stock.importing.records import Layout, Record, read_records
from xinka.stock.importing.sealing import Target, seal_chunk

#: Codes per transaction: large enough for COPY to pay, small enough that a till never waits for it.
CHUNK = 50_000
#: Told after each chunk: the line reached.
OnProgress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Text:
    """A stock file as text; ``blocks`` begins anew at each call."""

    blocks: Callable[[], Iterable[bytes]]
    encoding: Encoding
    layout: Layout
    size: int

    def records(self, today: date, *, after_line: int = 0) -> Iterator[Record | Problem]:
        """Yield what each line says, beginning after a line that is done already."""
        records = read_records(split_lines(decode(self.blocks(), self.encoding)), self.layout, today)
        return dropwhile(lambda record: record.line <= after_line, records) if after_line else records


def run_import(
    connection: Connection, text: Text, target: Target, *, from_line: int, today: date, on_progress: OnProgress
) -> int:
    """Bring a file into the vault from ``from_line`` on and return its last line.

    Raises:
        IllegalMove: if somebody else works on the same batch.
    """
    records = text.records(today, after_line=from_line)
    block = min(CHUNK, text.size // 2 + 1)  # a code and its line end are two bytes at least
    with ThreadPoolExecutor(1, "sealing") as sealer:
        upcoming = sealer.submit(seal_chunk, records, free_ids(connection, block), target)
        while True:
            chunk = upcoming.result()
            if not chunk.is_last:
                upcoming = sealer.submit(seal_chunk, records, free_ids(connection, block), target)
            if chunk.n_lines:
                store_chunk(connection, chunk, target, from_line)
                from_line = max(from_line, chunk.last_line)
                on_progress(from_line)
            if chunk.is_last:
                return from_line
