"""The table of the verification standard names tests that exist, and each line once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resilience.matrix import is_there

TEXT = (Path(__file__).parent.parent / "docs" / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (V[^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[a-z0-9_/]+\.py::\w+)`", TEXT)))


@pytest.mark.parametrize("test", NAMED)
def test_a_test_that_is_named_exists(test: str) -> None:
    assert is_there(test)


def test_each_line_stands_once_in_its_order_with_a_state_and_a_reason() -> None:
    lines = [line for names, _, _ in ROWS for line in re.findall(r"V[\d.]+\d", names)]
    first = [re.findall(r"V[\d.]+\d", names)[0] for names, _, _ in ROWS]
    assert len(lines) == len(set(lines))
    assert first == sorted(first, key=lambda line: [int(part) for part in line[1:].split(".")])
    assert len(ROWS) == TEXT.count("\n| V")
    assert {state for _, state, _ in ROWS} == {"holds", "in part", "open"}
    assert all(reason.strip() for _, _, reason in ROWS)
    holds = [why for _, state, why in ROWS if state == "holds"]
    assert all(re.search(r"`[\w/.-]+(?:::\w+)?`|tests? of V|answers 405", why) for why in holds), "and says where"
