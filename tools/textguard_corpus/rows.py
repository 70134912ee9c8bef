"""What the model learns from: labelled texts."""

from __future__ import annotations

from dataclasses import dataclass

#: The source of lines written by hand, and what stands before the writer where a row names its sentence.
WRITTEN, HAND = "own lines", "hand "


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled text with its weight and its sentence or writer (rows of one stay on one side of a split)."""

    text: str
    label: int
    sentence: str
    source: str
    weight: float = 1.0
