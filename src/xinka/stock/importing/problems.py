"""What can be wrong with one line of a stock file. A problem names the line and never repeats its text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

#: So many lines are named one by one; of the rest only the number is told.
MAX_EXAMPLES = 50


class Why(StrEnum):
    """Why a line cannot be sold."""

    CONTROL = "control_character"
    TOO_LONG = "too_long"
    NO_CODE = "no_code"
    HEADING = "heading"
    BAD_QUOTES = "bad_quotes"
    TOO_MANY_COLUMNS = "too_many_columns"
    BAD_DATE = "bad_date"
    EXPIRED = "expired"
    LABEL_TOO_LONG = "label_too_long"
    ROUNDED = "rounded"


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was left out, and why."""

    line: int
    why: Why

    def as_json(self) -> dict[str, str | int]:
        """Return the form in which a batch remembers it."""
        return {"line": self.line, "why": self.why.value}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Return the problem that a batch remembers."""
        return cls(line=int(kept["line"]), why=Why(kept["why"]))
