"""Reads resilience/matrix.yaml."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "resilience" / "matrix.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the catalogue. ``not_yet`` says what is still missing, or nothing."""

    id: str
    what: str
    expectation: str
    tests: tuple[str, ...] = ()
    not_yet: str = ""

    @property
    def verdict(self) -> str:
        """How far this line is shown by tests."""
        if not self.tests:
            return "not yet"
        return "in part" if self.not_yet else "shown"


def read(file: Path = FILE) -> list[Row]:
    """Return the rows in the order of the file."""
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [Row(**{**row, "tests": tuple(row.get("tests", ()))}) for row in rows]


@cache
def tests_in(path: str) -> frozenset[str]:
    """Return the names of the test functions of a file, none if there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def is_there(test: str) -> bool:
    """Whether a test that a row names (``path::function``) exists."""
    path, _, name = test.partition("::")
    return name in tests_in(path)
