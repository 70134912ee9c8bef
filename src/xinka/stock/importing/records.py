"""From lines to codes. A TXT line is a code; a CSV line has a code, a label that buyers may see, and an expiry date.

A card that has a number and a password in two columns is one code, joined by a space: either half alone is worthless.

What surrounds a code (spaces, tabs, zero-width characters, byte order marks) is dropped; the code itself is kept byte
by byte, also when it begins with a sign that spreadsheets take for a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from xinka.stock.importing.columns import TRIMMED, Choice, cells_of, guess, is_heading, separator_of
from xinka.stock.importing.problems import Problem, Why

MAX_CODE_BYTES = 4096
MAX_LABEL = 80
#: Control characters (C0 without tab, DEL, C1).
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
#: What a spreadsheet makes of a long number: 1.23457E+15. The digits behind are lost.
_ROUNDED = re.compile(r"[1-9](?:\.\d+)?E\+\d{2}", re.ASCII)
#: Whatever needs a closer look in a line without columns.
_SUSPICIOUS = re.compile(f"{_CONTROL.pattern}|{_ROUNDED.pattern}", re.ASCII)
#: How exports keep a spreadsheet from rounding a number: ="00123".
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"')
#: A day with its year in front, as people, spreadsheets and databases write it: 2027-01-31, 2027/1/31, 2027.1.31,
#: 2027年1月31日, 20270131. A time behind it (2027-01-31 00:00:00) is let go: no code is sold on the day it ends.
_DATE = re.compile(
    r"(?:(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日)|(20\d\d)(\d\d)(\d\d))"
    r"(?:(?: +|T)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?",
    re.ASCII,
)


class Layout(StrEnum):
    """How a line is read."""

    TXT = "txt"
    CSV = "csv"


class Record(NamedTuple):
    """One code as it goes into the vault."""

    line: int
    code: bytes
    label: str
    expires_on: date | None


def guess_layout(name: str, first_line: str) -> Layout:
    """Return how to read a file: by the end of its name, or by a first line that is a heading."""
    if name.lower().endswith((".csv", ".tsv")):
        return Layout.CSV
    has_columns = separator_of(first_line) in first_line
    return Layout.CSV if has_columns and is_heading(first_line) else Layout.TXT


def read_records(
    chunks: Iterable[list[str]], layout: Layout, today: date, choice: Choice | None = None
) -> Iterator[Record | Problem]:
    """Yield a record or a problem for each line that is not empty; lines are counted from 1, the empty ones too.

    Without a choice the first line of a CSV file says what its columns are.
    """
    return _read_csv(chunks, today, choice) if layout is Layout.CSV else _read_txt(chunks)


def _read_txt(chunks: Iterable[list[str]]) -> Iterator[Record | Problem]:
    number, is_first = 0, True
    for lines in chunks:
        # One search over all of them is far cheaper than one for each.
        suspicious = any(map(_SUSPICIOUS.search, lines)) if lines else False
        for number, line in enumerate(lines, number + 1):  # noqa: B020 - counting goes on from list to list
            text = line.strip(TRIMMED)
            if text:
                code = text.encode()
                if is_first and is_heading(text):
                    yield Problem(number, Why.HEADING)
                elif len(code) > MAX_CODE_BYTES:
                    yield Problem(number, Why.TOO_LONG)
                elif suspicious and _CONTROL.search(text):
                    yield Problem(number, Why.CONTROL)
                elif suspicious and _ROUNDED.fullmatch(text):
                    yield Problem(number, Why.ROUNDED)
                else:
                    yield Record(number, code, "", None)
                is_first = False


def _read_csv(chunks: Iterable[list[str]], today: date, choice: Choice | None) -> Iterator[Record | Problem]:
    number, is_first, is_open = 0, True, False
    for lines in chunks:
        for line in lines:
            number += 1
            if not line.strip(TRIMMED):
                continue
            choice = choice or guess(line)
            if not (is_first and choice.has_heading):
                cells = cells_of(line, choice.separator)
                if is_open and line.count('"') % 2:
                    cells, is_open = None, False  # the end of a cell that began lines before is no code
                else:
                    is_open = is_open or cells is None
                yield _one_row(number, cells, choice, today)
            is_first = False


def _one_row(number: int, cells: list[str] | None, choice: Choice, today: date) -> Record | Problem:
    if cells is None:
        return Problem(number, Why.BAD_QUOTES)
    cells = [_as_text(cell.strip(TRIMMED)) for cell in cells]
    if any(cells[choice.width :]):
        return Problem(number, Why.TOO_MANY_COLUMNS)
    text, label, day = _sold(cells, choice), _cell(cells, choice.label), _cell(cells, choice.expires_on)
    code, expires_on = text.encode(), date_of(day)
    if not code:
        return Problem(number, Why.NO_CODE)
    if len(code) > MAX_CODE_BYTES:
        return Problem(number, Why.TOO_LONG)
    if _CONTROL.search(text) or _CONTROL.search(label):
        return Problem(number, Why.CONTROL)
    if any(_ROUNDED.fullmatch(_cell(cells, place)) for place in choice.code):
        return Problem(number, Why.ROUNDED)
    if len(label) > MAX_LABEL:
        return Problem(number, Why.LABEL_TOO_LONG)
    if day and expires_on is None:
        return Problem(number, Why.BAD_DATE)
    if expires_on and expires_on <= today:
        return Problem(number, Why.EXPIRED)
    return Record(number, code, label, expires_on)


def _as_text(cell: str) -> str:
    """Take away what an export wrote round a number to keep its zeros and digits."""
    found = _KEPT_AS_TEXT.fullmatch(cell) if cell.startswith('="') else None
    return found[1].strip(TRIMMED) if found else cell


def _sold(cells: list[str], choice: Choice) -> str:
    """Return what is sold of a row: its column of codes, or all of them joined; nothing while one of them is empty."""
    parts = [_cell(cells, place) for place in choice.code]
    return choice.joined_by.join(parts) if all(parts) else ""


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def date_of(text: str) -> date | None:
    """Return the day that a cell names, or nothing."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part and part.isdigit())
    try:
        return date(year, month, day)
    except ValueError:
        return None
