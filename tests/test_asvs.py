"""The table of the verification standard has all its lines of levels 1 and 2, each once, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resilience.matrix import is_there

TEXT = (Path(__file__).parent.parent / "docs" / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (V[^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
#: The lines of levels 1 and 2 by chapter: how many each section has, or which, where others are of level 3.
STANDARD = {
    1: {1: "1-2", 2: "1-9", 3: "1-11", 4: "1-3", 5: "1-2"},
    2: {1: "1-3", 2: "1-3", 3: "1-4", 4: "1"},
    3: {2: "1-2", 3: "1-4", 4: "1-6", 5: "1-5", 7: "1-2"},
    4: {1: "1-3", 2: "1", 3: "1-2", 4: "1-4"},
    5: {1: "1", 2: "1-3", 3: "1-2", 4: "1-3"},
    6: {1: "1-3", 2: "1-12", 3: "1-4", 4: "1-4", 5: "1-5", 6: "1-3", 8: "1-4"},
    7: {1: "1-3", 2: "1-4", 3: "1-2", 4: "1-5", 5: "1-2", 6: "1-2"},
    8: {1: "1-2", 2: "1-3", 3: "1", 4: "1"},
    9: {1: "1-3", 2: "1-4"},
    11: {1: "1-2", 2: "1-3", 3: "1-3", 4: "1-4", 5: "1", 6: "1"},
    12: {1: "1-3", 2: "1-2", 3: "1-4"},
    13: {1: "1", 2: "1-5", 3: "1-2", 4: "1-5"},
    14: {1: "1-2", 2: "1-4", 3: "1-3"},
    15: {1: "1-3", 2: "1-3", 3: "1-7"},
    16: {1: "1", 2: "1-5", 3: "1-4", 4: "1-3", 5: "1-3"},
}
NAMED = sorted(set(re.findall(r"`(tests/[a-z0-9_/]+\.py::\w+)`", TEXT)))


def lines_of(names: str) -> list[str]:
    """Return the lines that a row is about: ``V1.2.6 to V1.2.8`` are three."""
    found = []
    for first, last in re.findall(r"(V[\d.]*\d)(?: to (V[\d.]+\d))?", names):
        section, _, number = first.rpartition(".")
        numbers = range(int(number), int(last.rpartition(".")[2]) + 1) if last else [number]
        found += [f"{section}.{n}" for n in numbers] if section else [first]
    return found


def test_every_line_of_levels_1_and_2_has_its_row() -> None:
    told = {line for names, _, _ in ROWS for line in lines_of(names)}
    asked = {
        f"V{chapter}.{section}.{number}"
        for chapter, sections in STANDARD.items()
        for section, numbers in sections.items()
        for number in range(int(numbers.partition("-")[0]), int(numbers.rpartition("-")[2]) + 1)
    }
    assert {"V10", "V17"} <= told
    assert asked - told == set()
    others = told - asked - {"V10", "V17"}
    of_level_3 = {line for names, _, _ in ROWS if "level 3" in names for line in lines_of(names)}
    assert others == of_level_3


@pytest.mark.parametrize("test", NAMED)
def test_a_test_that_is_named_exists(test: str) -> None:
    assert is_there(test)


def test_each_line_stands_once_in_its_order_with_a_state_and_a_reason() -> None:
    lines = [line for names, _, _ in ROWS for line in lines_of(names)]
    first = [re.findall(r"V[\d.]+\d", names)[0] for names, _, _ in ROWS]
    assert len(lines) == len(set(lines))
    assert first == sorted(first, key=lambda line: [int(part) for part in line[1:].split(".")])
    assert len(ROWS) == TEXT.count("\n| V")
    assert {state for _, state, _ in ROWS} == {"holds", "in part", "open", "does not apply"}
    assert all(reason.strip() for _, _, reason in ROWS)
    holds = [why for _, state, why in ROWS if state == "holds"]
    assert all(re.search(r"`[\w/.-]+(?:::\w+)?`|tests? of V|answers 405", why) for why in holds), "and says where"
