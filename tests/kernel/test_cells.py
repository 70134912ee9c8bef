"""No cell of a table is a formula, however it is dressed."""

from __future__ import annotations

import pytest

from xinka.kernel.cells import safe_cell

SPACES = ["", " ", "\t", "\r", "\n", "\u00a0", "\u3000", "\ufeff", "\u200b", " \u200b\u3000 "]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("space", SPACES)
def test_what_begins_like_a_formula_is_marked(space: str, sign: str) -> None:
    cell = f"{space}{sign}cmd|' /C calc'!A1"
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell(f"a{cell}") == f"a{cell}"


@pytest.mark.parametrize("cell", ["\tA1", "\rA1", "\nA1"])
def test_what_begins_with_a_break_of_cells_is_marked(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", " ", "林小满", " 3-4", "a=b", "'=1", "￥5"])
def test_plain_texts_stay_as_they_are(cell: str) -> None:
    assert safe_cell(cell) == cell
