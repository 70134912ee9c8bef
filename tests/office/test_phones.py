"""On a phone each row of a list is a block of lines; a column that is a number there says what it counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import xinka.office

_PAGES = Path(xinka.office.__file__).parent / "templates" / "office"
#: Lists that staff work through on the way.
_LISTS = [
    *("audit", "books", "books_account", "books_journal", "books_owners", "case", "cases", "categories", "channels"),
    *("arrivals", "escrow", "escrow_terms", "fees", "merchants", "money", "payout_batch", "payouts", "promotions"),
    *("reconciling", "staff", "staff_refunds", "transfers", "unmatched", "_orders", "_system", "_unmatched_pair"),
]
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
#: A cell that takes the place beside the first, which is one: a second would lie upon it.
_BESIDE = re.compile(r'<td class="r(?: num)?">')


@pytest.mark.parametrize("name", _LISTS)
def test_a_list_is_whole_on_a_phone(name: str) -> None:
    text = (_PAGES / f"{name}.html").read_text()
    tables = re.findall(r"<c-table[^>]*>", text)
    assert tables
    assert [table for table in tables if "blocks=" not in table] == []
    assert [row for row in _ROW.findall(text) if len(_BESIDE.findall(row)) > 1] == []
