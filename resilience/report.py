"""Writes docs/resilience.md from the matrix: ``python -m resilience.report``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from resilience.matrix import ROOT, Row, read

PAGE = ROOT / "docs" / "resilience.md"
_MARK = {"shown": "✓ shown", "in part": "◐ in part", "not yet": "○ not yet"}
_HEAD = """# What is tried against the shop

Faults (F) are what breaks by itself, attacks (A) what somebody does on purpose. Each line names the tests that show it;
"in part" and "not yet" say what is missing. Written by `python -m resilience.report` from `resilience/matrix.yaml`.

`make test` runs all of them: 500 buyers for 100 codes 200 times, the other races of `tests/resilience` 8 or 20 times,
20 schedules of kills. `make nightly` runs 200 of each.
`python -m resilience.soak` runs a whole shop under load and all faults that a machine can do.
No failure in n runs bounds the rate at about 3/n: 200 clean schedules say "less than 1.5 %", not "never".
"""


def page(rows: Sequence[Row]) -> str:
    """Return the page as Markdown."""
    count = Counter(row.verdict for row in rows)
    total = f"{len(rows)} lines: {count['shown']} shown, {count['in part']} in part, {count['not yet']} not yet.\n"
    parts = [_HEAD, total]
    for title, letter in (("Faults", "F"), ("Attacks", "A")):
        parts += [f"## {title}\n", "| | what | what must happen | |\n|---|---|---|---|"]
        parts += [_line(row) for row in rows if row.id.startswith(letter)]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _line(row: Row) -> str:
    tests = "<br>".join(f"`{test.removeprefix('tests/').replace('::test_', ' ')}`" for test in row.tests)
    shown = "<br>".join(part for part in (_MARK[row.verdict], tests, row.not_yet) if part)
    return f"| {row.id} | {row.what} | {row.expectation} | {shown} |"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(read()), encoding="utf-8")
