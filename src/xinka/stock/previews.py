"""What an import would do, told before it is confirmed. Codes are masked here; no page gets more than their ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice

from django.db import transaction
from django.utils import timezone

from xinka.platform.vault.keys import blind_index
from xinka.stock.actions import raw_connection, text_of
from xinka.stock.importing.columns import (
    MOST_COLUMNS,
    NO_COLUMNS,
    TRIMMED,
    Choice,
    Columns,
    cells_of,
    first_line,
    guess,
)
from xinka.stock.importing.copying import known_codes
from xinka.stock.importing.problems import MAX_EXAMPLES, Problem
from xinka.stock.importing.records import Layout, Record, date_of
from xinka.stock.models import StockBatch

#: So many lines are looked at; of a longer file the rest is checked by the import itself, and the page says so.
MOST_LINES = 100_000
_FIRST_ROWS = 8
_SHOWN = 4
#: So many cells of a column are shown to tell it by.
_SAMPLED = 2


@dataclass(frozen=True)
class PreviewRow:
    """One line as the preview shows it."""

    line: int
    masked: str
    label: str
    expires_on: date | None
    is_known: bool = False
    is_repeated: bool = False


@dataclass
class Preview:
    """Counts over the lines that were looked at, the first that repeat another, and then the first of the rest."""

    n_lines: int = 0
    n_new: int = 0
    n_repeated: int = 0
    n_known: int = 0
    n_invalid: int = 0
    is_partial: bool = False
    has_labels: bool = False
    columns: Columns = NO_COLUMNS
    rows: list[PreviewRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_hopeless(self) -> bool:
        """Whether every line that was looked at is invalid: the file is not read as it was meant."""
        return 0 < self.n_lines == self.n_invalid

    @property
    def n_skipped(self) -> int:
        """Lines that are in the file or in the vault already."""
        return self.n_repeated + self.n_known


def mask_code(code: str) -> str:
    """Hide a code except for its ends, and all of it when too little would stay hidden."""
    return f"{code[:_SHOWN]} •••• {code[-_SHOWN:]}" if len(code) >= 3 * _SHOWN else "•" * 8


def preview_of(batch: StockBatch) -> Preview:
    """Look at a waiting file against itself and against the vault; nothing is changed."""
    fingerprint_of = blind_index("code").raw
    text = text_of(batch)
    found = Preview(columns=text.columns())
    seen: set[bytes] = set()
    first: list[tuple[bytes, Record]] = []
    repeated: list[Record] = []
    records = text.records(timezone.localdate())
    for record in islice(records, MOST_LINES):
        found.n_lines += 1
        if isinstance(record, Problem):
            found.n_invalid += 1
            if len(found.problems) < MAX_EXAMPLES:
                found.problems.append(record)
            continue
        found.has_labels = found.has_labels or bool(record.label)
        fingerprint = fingerprint_of(record.code)
        if fingerprint in seen:
            found.n_repeated += 1
            repeated += [record] if len(repeated) < _FIRST_ROWS else []
            continue
        seen.add(fingerprint)
        if len(first) < _FIRST_ROWS:
            first.append((fingerprint, record))
    found.is_partial = next(records, None) is not None
    with transaction.atomic():
        known = known_codes(raw_connection(), sorted(seen))
    found.n_known = len(known)
    found.n_new = len(seen) - len(known)
    found.rows = [_row(record, is_repeated=True) for record in repeated]
    found.rows += [_row(record, is_known=fingerprint in known) for fingerprint, record in first]
    return found


@dataclass(frozen=True)
class ColumnSample:
    """One column as the choice of columns shows it: what the heading calls it, and the ends of its first cells."""

    name: str
    cells: tuple[str, ...]


def choice_and_samples(batch: StockBatch) -> tuple[Choice | None, list[ColumnSample]]:
    """Return how the columns of a waiting file are read, and a look at each; nothing while a line is a code.

    Under a heading whose names tell nothing, no column is anything yet: it is for its owner to say.
    """
    text = text_of(batch)
    if text.layout is not Layout.CSV:
        return None, []
    lines = list(islice((line for some in text.lines() for line in some if line.strip(TRIMMED)), _SAMPLED + 1))
    choice = text.choice or guess(first_line([lines]))
    rows = [cells_of(line, choice.separator) or [] for line in lines]
    if not (text.choice or choice.has_heading) and _seems_to_have_heading(rows):
        choice = replace(choice, has_heading=True, code=(), label=None, expires_on=None)
    names = rows.pop(0) if rows and choice.has_heading else []
    n_columns = min(len(names) or max(map(len, rows[:1]), default=0), MOST_COLUMNS)
    return choice, [_sample(number, names, rows[:_SAMPLED]) for number in range(n_columns)]


def _seems_to_have_heading(rows: list[list[str]]) -> bool:
    """Whether the first row has several cells without a digit, and none below is like that: names we do not know."""
    with_digits = [any(map(str.isdigit, "".join(row))) for row in rows]
    return len(rows) > 1 and len(rows[0]) > 1 and not with_digits[0] and all(with_digits[1:])


def _sample(number: int, names: list[str], rows: list[list[str]]) -> ColumnSample:
    cells = (row[number].strip(TRIMMED) for row in rows if number < len(row))
    name = names[number].strip(TRIMMED) if number < len(names) else ""
    return ColumnSample(name, tuple(_masked_cell(cell) for cell in cells if cell))


def _masked_cell(cell: str) -> str:
    """Show a date, since it tells the column and nothing else; of a short cell only how long it is.

    Eight digits may be a day, but as well a password.
    """
    if date_of(cell) and not cell.isdigit():
        return cell
    return mask_code(cell) if len(cell) >= 3 * _SHOWN else "•" * len(cell)


def _row(record: Record, *, is_known: bool = False, is_repeated: bool = False) -> PreviewRow:
    masked = mask_code(record.code.decode())
    return PreviewRow(record.line, masked, record.label, record.expires_on, is_known, is_repeated)
