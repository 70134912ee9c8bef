"""The books as a table, for CSV and for XLSX: the same columns, the same rows, written as they come."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO

from django.utils.translation import gettext, pgettext

from xinka.kernel import ids
from xinka.kernel.cells import safe_cell
from xinka.kernel.money import plain_amount
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import ZONE
from xinka.ledger.exports.rows import EntryRow, entries
from xinka.ledger.reports import Subject, statement
from xinka.ledger.words import ACCOUNTS, KINDS

#: So many rows fit on a sheet, the heading left out.
SHEET_ROWS = 1_048_575

Cell = str | Decimal
CsvRow = list[str]


@dataclass(frozen=True)
class Table:
    """Headings and rows; amounts are decimals, all else is text."""

    title: str
    head: list[str]
    rows: Iterable[list[Cell]]


def journals_table(first: date, last: date) -> Table:
    """Return every entry of a period, with its journal."""
    head = [
        gettext("Date"),
        gettext("Time"),
        gettext("Journal"),
        pgettext("books", "What"),
        pgettext("books", "Account"),
        gettext("Account name"),
        gettext("Whose"),
        gettext("Debit"),
        gettext("Credit"),
        gettext("Currency"),
        gettext("Order"),
        gettext("Channel"),
        gettext("Key"),
        gettext("Note"),
        gettext("Entered by"),
    ]
    return Table(gettext("Journals"), head, map(_journal_row, entries(first, last)))


def statement_table(subject: Subject, first: date, last: date) -> Table:
    """Return one account's statement: the opening balance, every entry with the balance after it."""
    head = [
        gettext("Date"),
        gettext("Time"),
        gettext("Journal"),
        pgettext("books", "What"),
        gettext("Amount"),
        gettext("Balance"),
        gettext("Currency"),
        gettext("Order"),
        gettext("Note"),
    ]
    return Table(str(ACCOUNTS[subject.account]), head, _statement_rows(subject, first, last))


def _journal_row(row: EntryRow) -> list[Cell]:
    at = row.at.astimezone(ZONE)
    return [
        at.date().isoformat(),
        f"{at:%H:%M:%S}",
        str(row.journal_id),
        str(KINDS[JournalKind(row.kind)]),
        str(row.account),
        str(ACCOUNTS[Account(row.account)]),
        "" if row.owner_id is None else str(row.owner_id),
        as_decimal(max(row.amount, 0), row.currency),
        as_decimal(max(-row.amount, 0), row.currency),
        row.currency,
        ids.show("ord", row.order_id) if row.order_id else "",
        str(row.channel_id or ""),
        row.key,
        row.note,
        "" if row.by_id is None else str(row.by_id),
    ]


def _statement_rows(subject: Subject, first: date, last: date) -> Iterator[list[Cell]]:
    currency = subject.currency
    balance = statement(subject, first, last, limit=0).opening
    opening = as_decimal(balance, currency)
    yield [first.isoformat(), "", "", gettext("Opening balance"), "", opening, currency, "", ""]
    for row in entries(first, last, subject):
        balance += row.amount * subject.sign
        at = row.at.astimezone(ZONE)
        yield [
            at.date().isoformat(),
            f"{at:%H:%M:%S}",
            str(row.journal_id),
            str(KINDS[JournalKind(row.kind)]),
            as_decimal(row.amount * subject.sign, currency),
            as_decimal(balance, currency),
            currency,
            ids.show("ord", row.order_id) if row.order_id else "",
            row.note,
        ]


def as_decimal(minor: int, currency: str) -> Decimal:
    """Return an amount as a table has it: a number with all digits of its currency."""
    return Decimal(plain_amount(minor, currency))


def write_csv(table: Table) -> Iterator[str]:
    """Yield the table as CSV, with the mark by which spreadsheets know UTF-8; no text of it runs as a formula."""
    yield "\ufeff"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(table.head)
    for row in table.rows:
        writer.writerow([_harmless(cell) for cell in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _harmless(cell: Cell) -> str:
    return f"{cell:f}" if isinstance(cell, Decimal) else safe_cell(cell)


def write_xlsx(table: Table, target: IO[bytes]) -> int:
    """Write the table as a workbook, a sheet per million rows, and return how many rows that were."""
    from xlsxwriter import Workbook  # here, because few processes ever write one

    # A number keeps 15 digits in a workbook, which is enough for any sum of a shop to the cent.
    with Workbook(target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        sheet, n_rows = None, 0
        for row in table.rows:
            line = n_rows % SHEET_ROWS
            if sheet is None or line == 0:
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, table.head, bold)
            for column, cell in enumerate(row):
                if isinstance(cell, Decimal):
                    sheet.write_number(line + 1, column, cell)
                elif cell:
                    sheet.write_string(line + 1, column, cell)
            n_rows += 1
        if sheet is None:
            book.add_worksheet().write_row(0, 0, table.head, bold)
    return n_rows
