"""From bytes to records: encodings, line ends, columns, what is wrong with a line, and files that wait sealed."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from xinka.platform.vault.envelope import DataKey, EnvelopeError
from xinka.stock.importing.columns import Columns, first_line, guess, told_by
from xinka.stock.importing.decoding import (
    Encoding,
    IsWebPage,
    IsWorkbook,
    UnreadableFile,
    decode,
    examine,
    split_lines,
)
from xinka.stock.importing.problems import Problem, Why
from xinka.stock.importing.records import MAX_CODE_BYTES, Layout, Record, guess_layout, read_records
from xinka.stock.importing.sealed_files import KEPT_FOR, SealedFiles

TODAY = date(2026, 11, 21)
TEXT = "卡密-甲乙丙\r\n\r\nABC-1234\n𠮷野家\n"
KEY = DataKey(1, "test", bytes(32))


def columns_of(chunks: list[list[str]]) -> Columns:
    """What a file says of its columns by itself."""
    line = first_line(chunks)
    return told_by(guess(line), line)


def cut(data: bytes, size: int) -> Iterable[bytes]:
    """Cut bytes into blocks, also through the middle of a character."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def records(text: str, layout: Layout = Layout.TXT) -> list[Record | Problem]:
    """Read a whole text."""
    return list(read_records(split_lines(decode([text.encode()], Encoding.UTF_8)), layout, TODAY))


@pytest.mark.parametrize("size", [4, 5, 7, 1000])
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), Encoding.UTF_8),
        (codecs.BOM_UTF8 + TEXT.encode(), Encoding.UTF_8_BOM),
        (TEXT.encode("utf-16"), Encoding.UTF_16),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), Encoding.UTF_16),
        (TEXT.encode("gb18030"), Encoding.GB18030),
        (TEXT.replace("𠮷", "吉").encode("gbk"), Encoding.GB18030),
    ],
)
def test_each_encoding_is_recognised_and_read(data: bytes, encoding: Encoding, size: int) -> None:
    assert examine(cut(data, size)).encoding is encoding
    lines = [line for some in split_lines(decode(cut(data, size), encoding)) for line in some if line]
    assert lines[:2] == ["卡密-甲乙丙", "ABC-1234"]
    assert len(lines) == 3


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_workbook_is_told_from_text_and_what_to_do_with_it(head: bytes) -> None:
    with pytest.raises(IsWorkbook, match="CSV"):
        examine([head + bytes(range(256))])
    assert examine([b"PKW-0001\nPK-0002"]).size == 16


@pytest.mark.parametrize("data", [b"\0PK\x03\x04\x00", b"\xff\xff\xff", "x".encode("utf-16-le") * 4])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        examine([data])


def test_codes_are_trimmed_outside_and_untouched_inside() -> None:
    found = records("\ufeff  \u200b=1+1 \tA\u3000B\t \n-5\n+6\n@x\n'y\n\u2028z\n")
    plain = [record.code.decode() for record in found if isinstance(record, Record)]
    assert plain == ["=1+1 \tA\u3000B", "-5", "+6", "@x", "'y", "\u2028z"]


@pytest.mark.parametrize("heading", ["卡密", " Code ", "密码"])
def test_the_name_of_a_column_on_top_of_plain_lines_is_not_sold(heading: str) -> None:
    read = list(read_records([["", heading, "A-1"], [heading]], Layout.TXT, TODAY))
    assert read[0] == Problem(2, Why.HEADING)
    assert [record.code.decode() for record in read[1:] if isinstance(record, Record)] == ["A-1", heading.strip()]


def test_lines_are_numbered_as_editors_number_them() -> None:
    found = records("A\n\n\nB\x00C\n" + "x" * (MAX_CODE_BYTES + 1) + "\nD")
    bad = [Problem(4, Why.CONTROL), Problem(5, Why.TOO_LONG)]
    assert found == [Record(1, b"A", "", None), *bad, Record(6, b"D", "", None)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('"open', Why.BAD_QUOTES),
        (",label", Why.NO_CODE),
        ("A,l,2027-13-01", Why.BAD_DATE),
        ("A,l,01.02.2027", Why.BAD_DATE),
        ("A,l,2026-11-21", Why.EXPIRED),
        ("A,l,2027-01-01,more", Why.TOO_MANY_COLUMNS),
        (f"A,{'l' * 81}", Why.LABEL_TOO_LONG),
        ("A,la\x07bel", Why.CONTROL),
        ("1.23457E+15", Why.ROUNDED),
    ],
)
def test_a_bad_row_is_named_and_does_not_swallow_the_next(line: str, why: Why) -> None:
    found = records(f"code,label,expires_on\n{line}\nGOOD", Layout.CSV)
    assert found == [Problem(2, why), Record(3, b"GOOD", "", None)]


def test_the_rest_of_a_cell_of_several_lines_is_no_code() -> None:
    found = records('code\n"A\nB"\nC"1\nD', Layout.CSV)
    bad = [Problem(2, Why.BAD_QUOTES), Problem(3, Why.BAD_QUOTES)]
    assert found == [*bad, Record(4, b'C"1', "", None), Record(5, b"D", "", None)]


def test_a_number_that_a_spreadsheet_rounded_is_not_sold() -> None:
    assert records("1.23457E+15\nA1E+15\n1e+15\n5E+12X", Layout.TXT) == [
        Problem(1, Why.ROUNDED),
        *(Record(number, code, "", None) for number, code in ((2, b"A1E+15"), (3, b"1e+15"), (4, b"5E+12X"))),
    ]
    assert records("卡号,密码\nN1,1.2E+12", Layout.CSV) == [Problem(2, Why.ROUNDED)]


def test_what_an_export_wrote_round_a_number_is_not_sold_with_it() -> None:
    found = records('卡号,密码\n="00123",="0456 "\n=A"1",=1', Layout.CSV)
    assert found == [Record(2, b"00123 0456", "", None), Record(3, b'=A"1" =1', "", None)]


@pytest.mark.parametrize("head", ["<html>", "\ufeff\r\n <!DOCTYPE html>", "<table border=1>", '<?xml version="1.0"?>'])
def test_a_web_page_that_calls_itself_a_table_is_refused(head: str) -> None:
    with pytest.raises(IsWebPage):
        examine([f"{head}<tr><td>A-1</td></tr>".encode()])
    assert examine([b"<A-1>\n<html-2>"]).size == 14


_DAYS = ["2027-01-31", "2027/1/31", "2027.01.31", "2027年1月31日", "2027-1-31", "20270131"]
_TIMES = ["2027-01-31 00:00:00", "2027/1/31 0:00", "2027年01月31日 23:59:59", "2027-01-31T00:00:00.000"]


@pytest.mark.parametrize("day", [*_DAYS, *_TIMES])
def test_a_day_is_read_as_spreadsheets_write_it(day: str) -> None:
    assert records(f"A,,{day}", Layout.CSV) == [Record(1, b"A", "", date(2027, 1, 31))]


_NO_DAYS = ["2027-1/31", "31/1/2027", "27/1/31", "2027/13/1", "2027年1月31", "２０２７-01-31", "20271301", "27013100"]
_NO_TIMES = ["2027-01-31 24:00", "2027-01-31 UTC", "2027-01-31 1", "2027-01-31T00:00:00Z", "20270131000000"]


@pytest.mark.parametrize("day", [*_NO_DAYS, *_NO_TIMES])
def test_a_day_that_can_be_read_two_ways_is_none(day: str) -> None:
    assert records(f"A,,{day}", Layout.CSV) == [Problem(1, Why.BAD_DATE)]


def test_columns_go_by_their_heading_in_either_language() -> None:
    assert records("有效期;卡密\n2027-01-31;A1", Layout.CSV) == [Record(2, b"A1", "", date(2027, 1, 31))]
    assert records('"A,1",first', Layout.CSV) == [Record(1, b"A,1", "first", None)]


@pytest.mark.parametrize("heading", ["卡号,密码", "卡号,卡密", "账号,密码", "code,password"])
def test_a_number_and_its_password_in_two_columns_are_one_code(heading: str) -> None:
    text = f"{heading},备注,余额\nN1, P1 ,hi,5\nN2,,,\nN3\n"
    found = records(text, Layout.CSV)
    assert found == [Record(2, b"N1 P1", "hi", None), Problem(3, Why.NO_CODE), Problem(4, Why.NO_CODE)]
    assert guess_layout("a.txt", heading) is Layout.CSV
    assert columns_of([text.split("\n")]) == Columns(joined=tuple(heading.split(",")), ignored=("余额",))


def test_a_heading_of_one_code_joins_nothing_and_a_file_without_heading_ignores_nothing() -> None:
    assert columns_of([["", "code,label,stock id"]]) == Columns(ignored=("stock id",))
    assert columns_of([["A1,first", "B2,second"]]) == Columns()
    assert columns_of([]) == Columns()


def test_the_layout_is_guessed_by_name_or_heading() -> None:
    assert guess_layout("a.CSV", "x") is Layout.CSV
    assert guess_layout("a.txt", "code,label") is Layout.CSV
    assert guess_layout("a.txt", "ABC,DEF") is Layout.TXT
    assert guess_layout("", "code") is Layout.TXT


@pytest.fixture
def files(tmp_path: Path) -> SealedFiles:
    return SealedFiles(tmp_path)


def test_a_sealed_file_comes_back_and_holds_nothing_plain(files: SealedFiles, tmp_path: Path) -> None:
    name = files.write([b"CANARY-1", b"", b"CANARY-2"], KEY)
    assert list(files.read(name, KEY.open)) == [b"CANARY-1", b"CANARY-2"]
    (path,) = tmp_path.iterdir()
    assert b"CANARY" not in path.read_bytes()


@pytest.mark.parametrize("keep", [1.0, 0.5, 0.0])
def test_a_sealed_file_that_was_cut_off_is_not_read_as_whole(files: SealedFiles, tmp_path: Path, keep: float) -> None:
    name = files.write([b"A" * 50, b"B" * 50], KEY)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[: int((path.stat().st_size - 37) * keep)])
    with pytest.raises(EnvelopeError):
        list(files.read(name, KEY.open))


def test_files_that_nobody_confirmed_are_deleted_and_busy_ones_are_not(files: SealedFiles, tmp_path: Path) -> None:
    old, busy = files.write([b"A"], KEY), files.write([b"B"], KEY)
    later = (tmp_path / f"{old}.sealed").stat().st_mtime + KEPT_FOR + 1
    assert files.remove_old(keep={busy}, now=later) == 1
    assert [path.stem for path in tmp_path.iterdir()] == [busy]
