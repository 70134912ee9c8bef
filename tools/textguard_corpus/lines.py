r"""Single sentences that were written by hand, each its own: the part of the corpus that no grammar speaks.

A file of ``lines/`` holds one task and category, a line each: ``label<TAB>hand<TAB>text``; label 1 is bad. A hand is
one writer's part (``a07`` is part 7 of writer a), so that what is measured on one writer was learnt from the others.
``longer/`` holds texts of more than a few sentences in the same form, the end of a line in them written as ``\n``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tools.textguard_corpus.evasion import Tricks

LINES, LONGER = Path(__file__).parent / "lines", Path(__file__).parent / "longer"
#: How the end of a line is written within a longer text.
LINE_END = "\\n"
#: Listings that rules were once widened from: no longer blind, so they may be learnt as well.
EARLIER = Path(__file__).parents[2] / "benchmarks" / "textguard_data"
EARLIER_SETS = ("", "fresh_", "blind1_", "blind2_", "blind3_")
#: How much a line weighs beside a sentence of a grammar (1): by itself, disguised or with noise, and in the other task.
ITSELF, DISGUISED, ELSEWHERE = 1.0, 0.3, 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, with who wrote it."""

    text: str
    label: int
    task: str
    hand: str

    @property
    def writer(self) -> str:
        """Who wrote it: ``a07`` is part 7 of writer a; an earlier set is a writer of its own."""
        return self.hand.rstrip("0123456789")


def read_lines(folder: Path = LINES) -> list[Line]:
    """Return every line of a folder, in the order of files.

    Raises:
        ValueError: a line has another form, a label that is neither 0 nor 1, or blanks at its ends.
    """
    found: list[Line] = []
    for path in sorted(folder.glob("*.tsv")):
        task = path.stem.partition("_")[0]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            label, _, rest = line.partition("\t")
            hand, _, text = rest.partition("\t")
            if label not in {"0", "1"} or not hand or not text or text != text.strip() or "\t" in text:
                raise ValueError(f"{path.name}:{number}: not label, hand and text / 应为：标签、作者、文本")
            found.append(Line(text, int(label), task, hand))
    return found


def read_longer(folder: Path = LONGER) -> list[Line]:
    """Return every longer text of a folder, in the order of files, with its line ends.

    Raises:
        ValueError: as for ``read_lines``.
    """
    return [replace(line, text=line.text.replace(LINE_END, "\n")) for line in read_lines(folder)]


def earlier_lines() -> list[Line]:
    """Return the listings of the earlier sets; each set is a hand of its own."""
    found = []
    for name in EARLIER_SETS:
        for kind, label in (("bad", 1), ("lawful", 0)):
            lines = (EARLIER / f"{name}{kind}_listings.txt").read_text(encoding="utf-8").splitlines()
            texts = [line.rpartition("\t")[2].strip() for line in lines if line and not line.startswith("#")]
            found += [Line(text, label, "listing", f"x-{name or 'first'}") for text in texts]
    return found


def weighed(lines: list[Line], task: str, tricks: Tricks, seed: int) -> Iterator[tuple[Line, float]]:
    """Yield what one task learns from the lines, each with its weight: itself, two worn copies, the other task's."""
    chance = random.Random(f"lines {task} {seed}")  # noqa: S311 - repeatable text, no secret
    for line in lines:
        if line.task != task:
            yield line, ELSEWHERE
            continue
        yield line, ITSELF
        for _ in range(2 if line.label else 1):
            worn = tricks.evade(line.text, chance) if line.label else tricks.noise(line.text, chance)
            if worn != line.text:
                yield Line(worn, line.label, task, line.hand), DISGUISED


def dealt(rows: list[tuple[str, int, float]], parts: int) -> list[int]:
    """Return the part of each row: all of one writer in one, the parts as even as can be in both labels.

    Args:
        rows: the writer (or sentence) of each, its label and its weight.
        parts: how many.
    """
    sizes: dict[str, list[float]] = {}
    for writer, label, weight in rows:
        sizes.setdefault(writer, [0.0, 0.0])[label] += weight
    filled = [[0.0, 0.0] for _ in range(parts)]
    found = {}
    for writer, size in sorted(sizes.items(), key=lambda pair: (-sum(pair[1]), pair[0])):
        at = min(range(parts), key=lambda part: sum((a + b) ** 2 for a, b in zip(filled[part], size, strict=True)))
        filled[at] = [a + b for a, b in zip(filled[at], size, strict=True)]
        found[writer] = at
    return [found[writer] for writer, _, _ in rows]
