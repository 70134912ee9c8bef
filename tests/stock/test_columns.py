"""Columns chosen by hand: which make the code and in which order, what is joined between, what is never imported."""

from __future__ import annotations

from datetime import date

import pytest

from xinka.stock.importing.columns import Choice, Columns, guess, told_by
from xinka.stock.importing.problems import Problem, Why
from xinka.stock.importing.records import Layout, Record, read_records
from xinka.stock.importing.wishes import ColumnsNotClear, Wish, choice_of

TODAY = date(2026, 11, 21)


def read(text: str, choice: Choice) -> list[Record | Problem]:
    """Read a text by a choice."""
    return list(read_records([text.split("\n")], Layout.CSV, TODAY, choice))


def test_parts_of_a_code_come_in_the_order_that_was_chosen() -> None:
    choice = Choice(";", has_heading=False, code=(2, 0), width=4, joined_by="----", label=3, expires_on=1)
    assert read("pin1;2027-01-31;card1;gift", choice) == [Record(1, b"card1----pin1", "gift", date(2027, 1, 31))]


def test_the_heading_is_sold_only_when_it_is_called_a_code() -> None:
    heading = Choice(",", has_heading=True, code=(1,), width=2)
    assert [one.line for one in read("\nid,thing\n1,AAAA", heading)] == [3]
    assert read("id,thing\n1,AAAA", Choice(",", has_heading=False, code=(1,), width=2))[0] == Record(
        1, b"thing", "", None
    )


def test_a_row_with_a_separator_too_many_or_a_part_too_few_is_not_sold() -> None:
    choice = Choice("----", has_heading=False, code=(0, 1), width=2)
    assert read("a----b----c\na\na----\na----b", choice) == [
        Problem(1, Why.TOO_MANY_COLUMNS),
        Problem(2, Why.NO_CODE),
        Problem(3, Why.NO_CODE),
        Record(4, b"a b", "", None),
    ]


def test_what_a_choice_joins_and_leaves_out_is_told_by_name_or_number() -> None:
    line = "id,number,pin"
    assert told_by(Choice(",", True, (2, 1), 3, ":"), line) == Columns(("pin", "number"), ("id",), ":")
    assert told_by(Choice(",", False, (2, 1), 3), line) == Columns(("#3", "#2"))


def test_a_choice_comes_back_from_what_a_batch_remembers() -> None:
    choice = Choice("\t", True, (3, 1), 5, "-", label=0)
    assert Choice.of_json(choice.as_json()) == choice
    assert Choice.of_json({}) is None


def test_columns_are_wished_for_by_number_or_by_name() -> None:
    line = "ID;卡号;密钥;到期日"
    wish = Wish(code=("密钥", "2"), joined_by="|", separator=";")
    assert choice_of(wish, line) == Choice(";", True, (2, 1), 4, "|", expires_on=3)
    assert choice_of(Wish(code=("2",), has_heading=False), "1,AAAA") == Choice(",", False, (1,), 2)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(code=("4",)),
        Wish(code=("0",)),
        Wish(code=("price",)),
        Wish(code=("1", "1")),
        Wish(code=("1",), label="number"),
        Wish(code=("1",), joined_by="\n"),
        Wish(code=("1",), joined_by="123456789"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_and_no_cell_is_told(wish: Wish) -> None:
    with pytest.raises(ColumnsNotClear) as refused:
        choice_of(wish, "number,code,twice")
    assert "twice," not in str(refused.value)


def test_without_a_heading_nothing_is_a_label_unless_asked_for() -> None:
    assert choice_of(Wish(separator=","), "AAAA,hunter2").label is None
    assert guess("AAAA,hunter2").label == 1
