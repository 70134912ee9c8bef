"""``xinka guard names``: JSON lines in, JSON lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from xinka.engines.lines import WrongLine, judge_lines, text_field
from xinka.engines.lookalike.names import NameIndex


def read_official(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield (name, owner or None) of a file with one name a line, optionally a tab and the owner."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            name, _, owner = line.rstrip("\r\n").partition("\t")
            if name.strip():
                yield name.strip(), owner.strip() or None


def owner_field(record: dict[str, Any]) -> str | None:
    """Return the optional owner of a record.

    Raises:
        WrongLine: it is there and no text.
    """
    owner = record.get("owner")
    if owner is not None and not isinstance(owner, str):
        raise WrongLine("`owner` must be a text / 字段 owner 必须是文本")
    return owner


@click.command()
@click.option(
    "--official",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Official names, one a line, optionally a tab and the owner. 官方名称，每行一个，可加制表符和所有者。",
)
def names(official: Path) -> None:
    """Say which names are made to pass for official ones.

    识别冒充官方的名称。In: {"id", "name", "owner"?}; out: {"id", "decision", "score", "official", "reasons"}.
    """
    index = NameIndex(read_official(official))

    def judge(record: dict[str, Any]) -> dict[str, Any]:
        verdict = index.judge(text_field(record, "name"), owner_field(record))
        return {"id": record.get("id")} | verdict.as_record()

    sys.exit(1 if judge_lines(judge) else 0)
