"""Trains the linear model of textguard and writes the table that is shipped, with a card of the run.

    scripts/setup training
    .venv/bin/python -m tools.train_textguard --permissive FOLDER [--extra FILE …] [--out FOLDER] [--lines-of TASK …]

``FOLDER`` holds ``teleantifraud_dialogues.jsonl.xz`` (Apache-2.0) and ``evasion_cntp.jsonl.xz`` (MIT); all else is made
by ``tools/textguard_corpus``. An operator who has the right to other data adds it with ``--extra`` (lines of
``{"text", "label", "task"}``) and keeps the resulting table for themselves. With ``--lines-of`` and nothing behind it
the lines are not learnt anew, which takes minutes: only what longer texts put right in the shipped table is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from msgspec import structs

from tools.textguard_corpus.build import GRAMMARS, rows_of
from tools.textguard_corpus.fitting import Fitted, Settings, fit
from tools.textguard_corpus.grammar import Grammar
from tools.textguard_corpus.limits import Limits, limits_of
from tools.textguard_corpus.longer import fit_parts, fit_wholes
from tools.textguard_corpus.longer_rows import longer_rows_of, part_rows_of
from tools.textguard_corpus.rows import Row
from tools.textguard_corpus.samples import samples
from tools.textguard_corpus.tables import character_tables
from tools.textguard_corpus.words import Words
from xinka.engines.textguard.longer import log_odds
from xinka.engines.textguard.model import SHIPPED, TASKS, Model, Task
from xinka.engines.textguard.model.features import Tables
from xinka.engines.textguard.model.table import ModelFile, TaskTable, read, write
from xinka.engines.textguard.views import clean_view

#: What may be in a shipped table, and under which licence.
LICENCES = {"own": "Apache-2.0", "own lines": "Apache-2.0", "TeleAntiFraud": "Apache-2.0", "ToxiBenchCN": "MIT"}

#: How freely weights may grow; chosen by what was scored without having been learnt.
STRENGTH = {"listing": 0.7, "chat": 0.7}
#: What all pairs of a text together weigh beside all its pieces; chosen likewise.
SHARE_OF_PAIRS = {"listing": 0.5, "chat": 0.7}
#: What the tables of rarity and sound are made from.
CHARACTERS = {"jieba": "MIT", "pypinyin": "MIT"}
#: The exported table may differ from scikit-learn's own score by this much at most.
FARTHEST = 1e-4


def main() -> None:
    """Make the rows, fit each task, write table and card, print the figures."""
    asked = _arguments()
    tables = character_tables(Words())
    tasks: dict[str, TaskTable] = {}
    card: dict[str, Any] = {"seed": asked.seed, "tasks": {}, "licences": dict(LICENCES), "character_tables": CHARACTERS}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for task, (table, figures) in zip(TASKS, pool.map(_train, TASKS, repeat(asked)), strict=True):
            tasks[task], card["tasks"][task] = table, figures
            shown = {name: figure for name, figure in figures.items() if name != "samples"}
            sys.stdout.write(json.dumps({task: shown}, ensure_ascii=False) + "\n")
    if asked.extra:
        card["licences"]["extra"] = "the operator's own right; not for distribution"
    asked.out.mkdir(parents=True, exist_ok=True)
    model = ModelFile(tables.fold, tables.sound, tables.shape, tasks)
    card["sha256"] = write(asked.out / SHIPPED.name, model)
    card["largest_difference"] = _largest_difference(asked.out / SHIPPED.name, card["tasks"])
    (asked.out / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def _train(task: Task, asked: argparse.Namespace) -> tuple[TaskTable, dict[str, Any]]:
    return _trained(task, asked) if task in asked.lines_of else _with_longer_only(task, asked)


def _trained(task: Task, asked: argparse.Namespace) -> tuple[TaskTable, dict[str, Any]]:
    """Train one task; return its table and what the card says of it."""
    words = Words()
    tables = character_tables(words)
    rows = rows_of(task, Grammar.read(GRAMMARS), words, asked.permissive, asked.seed) + _extra(asked.extra, task)
    fitted = fit([_cleaned(row) for row in rows], tables, Settings(asked.most, STRENGTH[task], SHARE_OF_PAIRS[task]))
    texts = {_cleaned(row).text: row.text for row in reversed(rows)}
    limits = limits_of(fitted, texts, task)
    table = structs.replace(fitted.table, review_from=limits.review_from, block_from=limits.block_from)
    table, longer = _with_longer(task, table, tables, asked)
    return table, _figures(rows, fitted, limits) | {"samples": samples(fitted, tables), "longer": longer}


def _with_longer_only(task: Task, asked: argparse.Namespace) -> tuple[TaskTable, dict[str, Any]]:
    """Train what longer texts put right in the shipped table of a task; return as ``_trained``."""
    shipped = read(SHIPPED)
    card = json.loads((SHIPPED.parent / "card.json").read_text(encoding="utf-8"))
    table, longer = _with_longer(task, shipped.tasks[task], shipped.tables(), asked)
    return table, card["tasks"][task] | {"longer": longer}


def _with_longer(
    task: Task, table: TaskTable, tables: Tables, asked: argparse.Namespace
) -> tuple[TaskTable, dict[str, Any]]:
    """Return a table with what longer texts put right in it, and what the card says of that."""
    rows = longer_rows_of(task, asked.permissive, asked.seed)
    model = Model(tables, {task: table})
    by_lines, glance = partial(_by_lines, model, task), partial(_glance, model, task)
    found = fit_wholes(rows, by_lines, glance, tables, table.review_from)
    parts = fit_parts(part_rows_of(task, asked.seed), by_lines, tables)
    return structs.replace(table, longer=found.table, parts=parts), {
        "rows": _by_source(rows),
        "pieces": found.table.pieces.count("\n") + 1,
        "pieces_of_parts": parts.pieces.count("\n") + 1,
        "unseen_writers": {name: round(value, 4) for name, value in found.figures.items()},
    }


def _by_lines(model: Model, task: Task, texts: Sequence[str]) -> list[float]:
    return list(map(log_odds, model.scores(texts, task)))


def _glance(model: Model, task: Task, texts: Sequence[str]) -> list[float]:
    return [model.glance(text, task) for text in texts]


def _largest_difference(path: Path, tasks: dict[str, Any]) -> float:
    """Return how far the written table is from scikit-learn on the samples of the card."""
    model = Model.load(path)
    found = max(abs(model.score(text, task) - score) for task in TASKS for text, score in tasks[task]["samples"])
    if found > FARTHEST:
        raise ValueError(f"the table differs from scikit-learn by {found}")
    return float(f"{found:.1e}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--permissive", type=Path, required=True, help="folder of the two permissively licensed sets")
    parser.add_argument("--extra", type=Path, action="append", default=[], help="more rows, for a table of your own")
    parser.add_argument("--out", type=Path, default=SHIPPED.parent, help="where table and card go")
    parser.add_argument(
        "--lines-of", nargs="*", choices=TASKS, default=TASKS, help="the tasks whose lines are learnt anew, or none"
    )
    parser.add_argument("--most", type=int, default=150_000, help="pieces, and pairs, for each task")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    if asked.extra and asked.out == SHIPPED.parent:
        parser.error("a table made with --extra is not the shipped one: give --out")
    if asked.extra and not asked.lines_of:
        parser.error("--extra adds lines, which an empty --lines-of does not learn")
    return asked


def _extra(files: list[Path], task: str) -> list[Row]:
    found = []
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            if row.get("task", task) == task:
                found.append(Row(str(row["text"]), int(row["label"]), f"{path.name} {number}", "extra"))
    return found


def _cleaned(row: Row) -> Row:
    return Row(clean_view(row.text).text, row.label, row.sentence, row.source, row.weight)


def _by_source(rows: list[Row]) -> dict[str, dict[str, int]]:
    sources: dict[str, list[int]] = {}
    for row in rows:
        sources.setdefault(row.source, [0, 0])[row.label] += 1
    return {source: {"harmless": good, "bad": bad} for source, (good, bad) in sorted(sources.items())}


def _figures(rows: list[Row], fitted: Fitted, limits: Limits) -> dict[str, Any]:
    return {
        "rows": _by_source(rows),
        "features": fitted.table.features.count("\n") + 1,
        "pairs": len(fitted.table.pairs) // 4,
        "review_from": round(limits.review_from, 4),
        "block_from": round(limits.block_from, 4),
        "unseen_with_rules": {name: round(value, 4) for name, value in limits.figures.items()},
        "unseen_sentences": {name: round(float(value), 4) for name, value in fitted.figures.items()},
    }


if __name__ == "__main__":
    main()
