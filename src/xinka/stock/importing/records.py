"""From lines to codes. A TXT line is a code; a CSV line has a code, a label that buyers may see, and an expiry date.

A card that has a number and a password in two columns is one code, joined by a space: either half alone is worthless.

What surrounds a code (spaces, tabs, zero-width characters, byte order marks) is dropped; the code itself is kept byte
by byte, also when it begins with a sign that spreadsheets take for a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from xinka.stock.importing.problems import Problem, Why

MAX_CODE_BYTES = 4096
MAX_LABEL = 80
#: Spaces of all kinds, tab, zero-width characters and the byte order mark; nothing else is trimmed.
TRIMMED = " \t\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
#: Control characters (C0 without tab, DEL, C1).
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COLUMNS = {
    "code": {"code", "codes", "key", "card", "account", "卡密", "卡号", "兑换码", "激活码", "账号", "帐号"},
    "secret": {"password", "pin", "secret", "密码", "卡密码", "提取码"},
    "label": {"label", "标签", "备注", "名称"},
    "expires_on": {"expires_on", "expires", "expiry", "有效期", "过期日", "到期日"},
}
_DEFAULT_ORDER = ("code", "label", "expires_on")
#: Columns that make up what is sold.
_SOLD = {"code", "secret"}


class Layout(StrEnum):
    """How a line is read."""

    TXT = "txt"
    CSV = "csv"


class Columns(NamedTuple):
    """What a heading does that its owner should know: cells joined to one code, cells nobody will ever see."""

    joined: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


#: What a file without a heading says of itself.
NO_COLUMNS = Columns()


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
    cells = _cells(first_line, _delimiter(first_line))
    return Layout.CSV if cells and len(cells) > 1 and _heading(cells) else Layout.TXT


def columns_of(chunks: Iterable[list[str]]) -> Columns:
    """Return what the heading of a CSV file does; nothing when it has none."""
    first = next((line for lines in chunks for line in lines if line.strip(TRIMMED)), "")
    cells = _cells(first, _delimiter(first)) or []
    order = _heading(cells)
    names = [(column, cell.strip(TRIMMED)) for column, cell in zip(order, cells, strict=False)]
    joined = tuple(name for column, name in names if column in _SOLD)
    ignored = tuple(name for column, name in names if column not in _COLUMNS and name)
    return Columns(joined if len(joined) > 1 else (), ignored)


def read_records(chunks: Iterable[list[str]], layout: Layout, today: date) -> Iterator[Record | Problem]:
    """Yield a record or a problem for each line that is not empty; lines are counted from 1, the empty ones too."""
    return _read_csv(chunks, today) if layout is Layout.CSV else _read_txt(chunks)


def _read_txt(chunks: Iterable[list[str]]) -> Iterator[Record | Problem]:
    number, is_first = 0, True
    for lines in chunks:
        # One search over all of them is far cheaper than one for each.
        suspicious = any(map(_CONTROL.search, lines)) if lines else False
        for number, line in enumerate(lines, number + 1):  # noqa: B020 - counting goes on from list to list
            text = line.strip(TRIMMED)
            if text:
                code = text.encode()
                if is_first and _heading([text]):
                    yield Problem(number, Why.HEADING)
                elif len(code) > MAX_CODE_BYTES:
                    yield Problem(number, Why.TOO_LONG)
                elif suspicious and _CONTROL.search(text):
                    yield Problem(number, Why.CONTROL)
                else:
                    yield Record(number, code, "", None)
                is_first = False


def _read_csv(chunks: Iterable[list[str]], today: date) -> Iterator[Record | Problem]:
    number = 0
    order: tuple[str, ...] = ()
    delimiter = ","
    for lines in chunks:
        for line in lines:
            number += 1
            if not line.strip(TRIMMED):
                continue
            if not order:
                delimiter = _delimiter(line)
                cells = _cells(line, delimiter)
                order = _heading(cells) if cells else ()
                if order:
                    continue
                order = _DEFAULT_ORDER
            yield _one_row(number, _cells(line, delimiter), order, today)


def _one_row(number: int, cells: list[str] | None, order: tuple[str, ...], today: date) -> Record | Problem:
    if cells is None:
        return Problem(number, Why.BAD_QUOTES)
    if len(cells) > len(order) and any(cell.strip(TRIMMED) for cell in cells[len(order) :]):
        return Problem(number, Why.TOO_MANY_COLUMNS)
    row = {name: cell.strip(TRIMMED) for name, cell in zip(order, cells, strict=False)}
    text = _sold(cells, order)
    code = text.encode()
    label = row.get("label", "")
    expires_on = _date(row.get("expires_on", ""))
    if not code:
        return Problem(number, Why.NO_CODE)
    if len(code) > MAX_CODE_BYTES:
        return Problem(number, Why.TOO_LONG)
    if _CONTROL.search(text) or _CONTROL.search(label):
        return Problem(number, Why.CONTROL)
    if len(label) > MAX_LABEL:
        return Problem(number, Why.LABEL_TOO_LONG)
    if row.get("expires_on") and expires_on is None:
        return Problem(number, Why.BAD_DATE)
    if expires_on and expires_on <= today:
        return Problem(number, Why.EXPIRED)
    return Record(number, code, label, expires_on)


def _sold(cells: list[str], order: tuple[str, ...]) -> str:
    """Return what is sold of a row: its column of codes, or all of them joined; nothing while one of them is empty."""
    parts = [
        cells[place].strip(TRIMMED) if place < len(cells) else "" for place, name in enumerate(order) if name in _SOLD
    ]
    return " ".join(parts) if all(parts) else ""


def _cells(line: str, delimiter: str) -> list[str] | None:
    """Split one line; each is read by itself, so that a stray quotation mark cannot swallow those after it."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _delimiter(line: str) -> str:
    return next((sign for sign in (",", "\t", ";") if sign in line), ",")


def _heading(cells: list[str]) -> tuple[str, ...]:
    """Return the columns a heading names, or nothing when the line is no heading; a heading names what is sold."""
    found = []
    for cell in cells:
        name = cell.strip(TRIMMED).lower()
        found.append(next((column for column, names in _COLUMNS.items() if name in names), f"other:{name}"))
    return tuple(found) if _SOLD.intersection(found) else ()


def _date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
