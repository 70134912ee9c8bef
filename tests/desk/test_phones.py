"""On a phone each row of a list of the desk is a block of lines; a number there says what it counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import xinka.desk

_PAGES = Path(xinka.desk.__file__).parent / "templates" / "desk"
#: Lists wider than a phone.
_LISTS = [
    *("cases", "codes", "orders", "payout_accounts", "payouts", "preview", "products", "promotions", "sku"),
    *("statement", "_columns", "team"),
]
_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)
#: A cell that takes the place beside the first, which is one: a second would lie upon it.
_BESIDE = re.compile(r'<td class="r(?: num)?">')


@pytest.mark.parametrize("name", _LISTS)
def test_a_list_is_whole_on_a_phone(name: str) -> None:
    text = (_PAGES / f"{name}.html").read_text()
    tables = re.findall(r"<c-table[^>]*>", text)
    assert tables or "_coupon_table" in text
    assert [table for table in tables if "blocks=" not in table] == []
    assert [row for row in _ROW.findall(text) if len(_BESIDE.findall(row)) > 1] == []
