"""Puts the rows together that longer texts are learnt from: wholes, and the parts of lawful ones beside lines."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from tools.textguard_corpus.lines import ITSELF, read_lines, read_longer
from tools.textguard_corpus.rows import HAND, WRITTEN, Row
from xinka.engines.textguard.longer import is_long, longness
from xinka.engines.textguard.model.parts import cut
from xinka.engines.textguard.views import clean_text

#: What a lawful longer text of the other task weighs; a bad one is left out. The shop's own pages of how to run it
#: are no writer's, and weigh as little as the calls do.
LAWFUL_ELSEWHERE, OF_OTHERS = 0.5, 0.1
#: What a text weighs of which the table of lines is asked as well: there are many, and longer ones have nobody else.
MIDDLE = 0.5
OWN_PAGES = "zd"
#: So many calls are taken whole as longer talk.
CALLS = 600
#: So many bad lines, and as many harmless ones that weigh less, stand beside the parts of lawful longer texts.
LINES_BESIDE, HARMLESS_BESIDE = 6000, 0.5


def longer_rows_of(task: str, permissive: Path, seed: int = 7) -> list[Row]:
    """Return the longer texts to train one task with; the same seed gives the same rows."""
    chance = random.Random(f"longer {task} {seed}")  # noqa: S311 - repeatable text, no secret
    rows = []
    for line in read_longer():
        weight = ITSELF if line.task == task else LAWFUL_ELSEWHERE * (1 - line.label)
        if line.writer == OWN_PAGES:
            weight = OF_OTHERS
        if longness(clean_text(line.text)) < 1:
            weight *= MIDDLE
        if weight:
            rows.append(Row(line.text, line.label, f"{HAND}{line.writer}", WRITTEN, weight))
    if task == "chat":
        calls = list(read_packed(permissive / "teleantifraud_dialogues.jsonl.xz"))
        for call in chance.sample(calls, CALLS):
            text = "\n".join(turn[1] for turn in cast("list[list[str]]", call["turns"]))
            if is_long(text):
                rows.append(Row(text, int(str(call["label"])), "calls", "TeleAntiFraud", OF_OTHERS))
    return rows


def part_rows_of(task: str, seed: int = 7) -> list[Row]:
    """Return the parts of lawful longer texts, clean, beside lines of the task; the same seed gives the same rows."""
    chance = random.Random(f"parts {task} {seed}")  # noqa: S311 - repeatable text, no secret
    rows = []
    for line in read_longer():
        if not line.label:
            clean = clean_text(line.text)
            weight = ITSELF if line.task == task else LAWFUL_ELSEWHERE
            rows += [Row(clean[at:after], 0, line.writer, WRITTEN, weight) for at, after in cut(clean)]
    lines = [line for line in read_lines() if line.task == task]
    for label, weight in ((0, HARMLESS_BESIDE), (1, ITSELF)):
        for line in chance.sample([line for line in lines if line.label == label], LINES_BESIDE):
            rows.append(Row(clean_text(line.text), label, line.writer, WRITTEN, weight))
    return rows


def read_packed(path: Path) -> Iterator[dict[str, object]]:
    """Yield the rows of a set: JSON lines, xz."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
