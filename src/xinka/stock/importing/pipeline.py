"""The whole way of one file: while PostgreSQL takes a chunk in, a thread seals the next. Memory holds two chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import dropwhile

from xinka.stock.importing.columns import NO_COLUMNS, Choice, Columns, first_line, guess, told_by
from xinka.stock.importing.copying import Connection, free_ids, store_chunk
from xinka.stock.importing.decoding import Encoding, decode, split_lines
from xinka.stock.importing.pacing import Pace
from xinka.stock.importing.problems import Problem
from xinka.stock.importing.records import Layout, Record, read_records
from xinka.stock.importing.sealing import SealedChunk, Target, seal_chunk

#: Told after each chunk: the line reached.
OnProgress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Text:
    """A stock file as text; ``blocks`` begins anew at each call."""

    blocks: Callable[[], Iterable[bytes]]
    encoding: Encoding
    layout: Layout
    size: int
    #: What its owner chose of the columns; without it the first line tells.
    choice: Choice | None = None

    def lines(self) -> Iterator[list[str]]:
        """Yield its lines in lists."""
        return split_lines(decode(self.blocks(), self.encoding))

    def columns(self) -> Columns:
        """Return what becomes of the columns of a CSV file."""
        if self.layout is not Layout.CSV:
            return NO_COLUMNS
        line = first_line(self.lines())
        return told_by(self.choice or guess(line), line)

    def records(self, today: date, *, after_line: int = 0) -> Iterator[Record | Problem]:
        """Yield what each line says, beginning after a line that is done already."""
        records = read_records(self.lines(), self.layout, today, self.choice)
        return dropwhile(lambda record: record.line <= after_line, records) if after_line else records


def run_import(
    connection: Connection, text: Text, target: Target, *, from_line: int, today: date, on_progress: OnProgress
) -> int:
    """Bring a file into the vault from ``from_line`` on and return its last line.

    Raises:
        IllegalMove: if somebody else works on the same batch.
    """
    records, pace = text.records(today, after_line=from_line), Pace(connection)
    most = text.size // 2 + 1  # a code and its line end are two bytes at least

    with ThreadPoolExecutor(1, "sealing") as sealer:

        def seal_next() -> Future[SealedChunk]:
            return sealer.submit(seal_chunk, records, free_ids(connection, min(pace.chunk, most)), target)

        upcoming = seal_next()
        while True:
            chunk = upcoming.result()
            # In a busy shop one thing after the other: two at once would take both of a small machine's processors.
            ahead = None if chunk.is_last or pace.is_busy else seal_next()
            if chunk.n_lines:
                store_chunk(connection, chunk, target, from_line)
                from_line = max(from_line, chunk.last_line)
                on_progress(from_line)
            if chunk.is_last:
                return from_line
            pace.rest()
            upcoming = ahead or seal_next()
