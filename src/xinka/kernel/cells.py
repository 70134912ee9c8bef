"""Text that goes into a table: no spreadsheet may take it for a formula, whoever wrote it (OWASP, CSV Injection)."""

from __future__ import annotations

#: What formulas begin with, the full-width forms too, which some spreadsheets take for the plain ones.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
#: What shifts a cell's text into the next one where a file is read loosely.
_SHIFTS = ("\t", "\r", "\n")
#: Signs without a width, which are stripped on the way in and are no white space to Python.
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\0"


def safe_cell(text: str) -> str:
    """Return a cell's text with an apostrophe in front of it if it begins like a formula, behind whatever space."""
    begins = text
    while begins != (stripped := begins.lstrip().lstrip(_UNSEEN)):
        begins = stripped
    return f"'{text}" if text.startswith(_SHIFTS) or begins.startswith(_FORMULA) else text
