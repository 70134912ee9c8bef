"""``xinka guard names``: JSON lines in, JSON lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from xinka.engines.commands import Unusable
from xinka.engines.lines import WrongLine, judge_lines, read_lines, text_field

#: A longer line of a list of official ones is no name; in bytes.
_LONGEST_OFFICIAL = 64 * 1024


def read_official(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield (name, owner or None) of a file with one name a line, optionally a tab and the owner.

    Raises:
        Unusable: it cannot be read, a line is too long or no UTF-8, or there is no name at all, so that nothing could
            ever be found.
    """
    n_names = 0
    try:
        with path.open("rb") as source:
            for number, line in read_lines(source, _LONGEST_OFFICIAL):
                name, _, owner = _read(path, number, line).partition("\t")
                if name.strip():
                    n_names += 1
                    yield name.strip(), owner.strip() or None
    except OSError as error:
        raise Unusable(f"{path.name}: cannot be read ({error.strerror}) / 无法读取") from None
    if not n_names:
        raise Unusable(f"{path.name}: holds no official name; write one a line / 没有官方名称，请每行写一个")


def _read(path: Path, number: int, line: bytes | None) -> str:
    """Return what a line of a file says.

    Raises:
        Unusable: it is too long or no UTF-8.
    """
    if line is None:
        raise Unusable(
            f"{path.name}: line {number} is longer than 64 KiB; write one official name a line"
            f" / 第 {number} 行超过 64 KiB，请每行写一个官方名称"
        )
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(
            f"{path.name}: line {number} is not UTF-8; save the file as UTF-8"
            f" / 第 {number} 行不是 UTF-8，请把文件另存为 UTF-8"
        ) from None


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
    from xinka.engines.lookalike.names import NameIndex  # here: `--help` needs no tables

    index = NameIndex(read_official(official))

    def judge(record: dict[str, Any]) -> dict[str, Any]:
        verdict = index.judge(text_field(record, "name"), owner_field(record))
        return {"id": record.get("id")} | verdict.as_record()

    sys.exit(1 if judge_lines(judge) else 0)
