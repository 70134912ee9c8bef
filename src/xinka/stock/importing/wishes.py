"""What somebody wants of the columns of a file before it was looked at, as at a terminal: by number or by name."""

from __future__ import annotations

from dataclasses import dataclass

from xinka.kernel.errors import Refusal
from xinka.stock.importing.columns import MAX_JOINT, MOST_COLUMNS, TRIMMED, Choice, cells_of, guess


class ColumnsNotClear(Refusal):
    """A column that was asked for is not there, or is asked for twice."""

    code = "columns_not_clear"
    status = 422
    zh = "列的选择不对：{why_zh}。什么都没有导入。"
    en = "The columns are not clear: {why_en}. Nothing was imported."


@dataclass(frozen=True, slots=True)
class Wish:
    """Columns by their number, from 1 on, or by their name in the heading; what is empty is guessed or not there."""

    separator: str = ""
    has_heading: bool | None = None
    code: tuple[str, ...] = ()
    joined_by: str = " "
    label: str = ""
    expires_on: str = ""


def choice_of(wish: Wish, line: str) -> Choice:
    """Return the choice that a wish comes to in a file with this first line.

    Raises:
        ColumnsNotClear: if a column is not there or is to be two things, or if the joint cannot stand in a code.
    """
    guessed = guess(line, wish.separator)
    has_heading = guessed.has_heading if wish.has_heading is None else wish.has_heading
    cells = [cell.strip(TRIMMED) for cell in cells_of(line, guessed.separator) or []]
    names = cells if has_heading else [""] * len(cells)
    if len(wish.joined_by) > MAX_JOINT or not wish.joined_by.replace("\t", " ").isprintable():
        raise ColumnsNotClear(why_zh=f"连接符最多 {MAX_JOINT} 个字符", why_en=f"at most {MAX_JOINT} plain signs join")
    code = tuple(_place(asked, names) for asked in wish.code) or guessed.code
    named = (guessed.label, guessed.expires_on) if guessed.has_heading and has_heading else (None, None)
    label = _place(wish.label, names) if wish.label else _spare(named[0], code)
    expires_on = _place(wish.expires_on, names) if wish.expires_on else _spare(named[1], code)
    used = [*code, *(place for place in (label, expires_on) if place is not None)]
    if len(set(used)) < len(used):
        raise ColumnsNotClear(why_zh="同一列选了两次", why_en="one column is asked for twice")
    return Choice(guessed.separator, has_heading, code, len(cells), wish.joined_by, label, expires_on)


def _spare(place: int | None, code: tuple[int, ...]) -> int | None:
    """Return a column that the heading names and the code leaves."""
    return None if place in code else place


def _place(asked: str, names: list[str]) -> int:
    asked = asked.strip(TRIMMED)
    most = min(len(names), MOST_COLUMNS)
    if asked.isascii() and asked.isdigit() and 1 <= int(asked) <= most:
        return int(asked) - 1
    places = [number for number, name in enumerate(names[:most]) if name and name.lower() == asked.lower()]
    if len(places) == 1:
        return places[0]
    raise ColumnsNotClear(
        why_zh=f"没有唯一的一列叫“{asked}”，首行有 {most} 列",
        why_en=f"“{asked}” is not one of the {most} columns of the first line",
    )
