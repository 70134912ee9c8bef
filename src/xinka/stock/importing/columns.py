"""Which column of a CSV file is what: told by its heading, or chosen by hand after a look at the preview."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Spaces of all kinds, tab, zero-width characters and the byte order mark; nothing else is trimmed.
TRIMMED = " \t\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
#: What may stand between two columns. The last is how lists of accounts are written; it cannot be quoted.
SEPARATORS = (",", "\t", ";", "|", "----")
#: So many columns can be told apart by hand; those further right are never imported.
MOST_COLUMNS = 40
#: So long is what stands between the parts of one code, at most.
MAX_JOINT = 8
_NAMES = {
    "code": {
        "code",
        "codes",
        "key",
        "card",
        "account",
        "cdk",
        "cdkey",
        "卡密",
        "卡号",
        "兑换码",
        "激活码",
        "账号",
        "帐号",
    },
    "secret": {"password", "pin", "secret", "密码", "卡密码", "密钥", "提取码"},
    "label": {"label", "标签", "备注", "名称"},
    "expires_on": {"expires_on", "expires", "expiry", "有效期", "过期日", "到期日"},
}
_DEFAULT_ORDER = ("code", "label", "expires_on")
#: Columns that make up what is sold.
_SOLD = {"code", "secret"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of the cells of a row. Columns are counted from 0; those not named are not imported.

    ``code`` names the parts of one code in the order in which buyers get them, with ``joined_by`` between them.
    A row of more than ``width`` cells is not read: a separator in it was not meant as one.
    """

    separator: str
    has_heading: bool
    code: tuple[int, ...]
    width: int
    joined_by: str = " "
    label: int | None = None
    expires_on: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the form in which a batch remembers it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"code": list(self.code)}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Choice | None:
        """Return what a batch remembers; nothing when its columns were not chosen by hand."""
        return cls(**kept | {"code": tuple(kept["code"])}) if kept else None


class Columns(NamedTuple):
    """What their owner should know of the columns: cells joined to one code, cells nobody will ever see."""

    joined: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    joined_by: str = " "


#: What a file without columns says of itself.
NO_COLUMNS = Columns()


def first_line(chunks: Iterable[list[str]]) -> str:
    """Return the first line that says anything; empty when none does."""
    return next((line for lines in chunks for line in lines if line.strip(TRIMMED)), "")


def is_heading(line: str) -> bool:
    """Whether a line names columns, of which one or more are sold."""
    return bool(_heading(cells_of(line, separator_of(line)) or []))


def guess(line: str, separator: str = "") -> Choice:
    """Return what the first line of a file says of its columns; without a heading they are code, label, expiry."""
    separator = separator or separator_of(line)
    found = _heading(cells_of(line, separator) or [])
    order = found or _DEFAULT_ORDER
    place = {name: number for number, name in enumerate(order)}
    return Choice(
        separator,
        bool(found),
        tuple(number for number, name in enumerate(order) if name in _SOLD),
        len(order),
        label=place.get("label"),
        expires_on=place.get("expires_on"),
    )


def told_by(choice: Choice, line: str) -> Columns:
    """Return what a choice does to the columns that the first line names; nothing of them that it does not name."""
    cells = [cell.strip(TRIMMED) for cell in cells_of(line, choice.separator) or []]
    names = cells if choice.has_heading else [""] * len(cells)
    used = {*choice.code, choice.label, choice.expires_on}
    joined = tuple(_name(names, number) for number in choice.code)
    ignored = tuple(name for number, name in enumerate(names) if name and number not in used)
    return Columns(joined if len(joined) > 1 else (), ignored, choice.joined_by)


def _name(names: list[str], number: int) -> str:
    return (names[number] if number < len(names) else "") or f"#{number + 1}"


def cells_of(line: str, separator: str) -> list[str] | None:
    """Split one line; each is read by itself, so that a stray quotation mark cannot swallow those after it."""
    if '"' not in line or len(separator) > 1:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return None


def separator_of(line: str) -> str:
    """Return what stands between the columns of a CSV file, by its first line."""
    return next((sign for sign in (",", "\t", ";") if sign in line), ",")


def _heading(cells: list[str]) -> tuple[str, ...]:
    """Return the columns a heading names, or nothing when the line is no heading; a heading names what is sold."""
    found = []
    for cell in cells:
        name = cell.strip(TRIMMED).lower()
        found.append(next((column for column, names in _NAMES.items() if name in names), f"other:{name}"))
    return tuple(found) if _SOLD.intersection(found) else ()
