"""The matrix is whole: every line of the catalogue is in it, and every test it names exists."""

from __future__ import annotations

import pytest

from resilience.matrix import Row, is_there, read
from resilience.report import PAGE, page

#: The lines to go through; first and last of each run.
LINES = {"F": [(1, 15), (27, 27), (29, 31), (35, 36), (39, 63), (66, 72), (75, 76)]}
LINES["A"] = [(1, 30), (35, 55), (59, 59), (61, 63), (67, 79), (84, 86), (89, 91), (96, 111)]
EXPECTED = [
    f"{letter}{n:02d}" for letter, runs in LINES.items() for first, last in runs for n in range(first, last + 1)
]
ROWS = read()


def test_every_line_of_the_catalogue_has_one_row_in_its_order() -> None:
    assert [row.id for row in ROWS] == EXPECTED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_what_must_happen_and_which_tests_show_it(row: Row) -> None:
    assert row.what
    assert row.expectation
    assert row.tests or row.not_yet, "a row without a test says why"
    assert [test for test in row.tests if not is_there(test)] == []
    assert len(set(row.tests)) == len(row.tests)


def test_a_test_that_does_not_exist_is_noticed() -> None:
    assert not is_there("tests/resilience/test_matrix.py::test_that_nobody_wrote")
    assert not is_there("tests/nowhere.py::test_x")
    assert is_there("tests/resilience/test_matrix.py::test_a_test_that_does_not_exist_is_noticed")


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(ROWS), "run: python -m resilience.report"
