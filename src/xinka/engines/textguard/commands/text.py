"""``xinka guard text``: judge listings or talk, a JSON line each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from xinka.engines.lines import judge_together, text_field


@click.command("text")
@click.option("--task", type=click.Choice(["listing", "chat"]), default="listing", show_default=True)
@click.option(
    "--pack",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A further rule pack (YAML) or a plain list of terms, one a line; may be given again. 追加规则包或词表",
)
@click.option("--explain", is_flag=True, help="Say why, in Chinese and English. 给出中英文理由")
def text(task: str, files: tuple[Path, ...], explain: bool) -> None:
    """Judge texts: {"id", "text"} a line in, {"id", "decision", "score", "hits", "masks"} a line out.

    审核文本：逐行读入 {"id", "text"}，逐行写出结论、分数、命中与需遮盖的联系方式；位置按原文字符计。
    """
    # The engine is imported here, so that `--help` does not wait for its tables.
    from xinka.engines.textguard.guard import Context, Guard
    from xinka.engines.textguard.model import Model, Task
    from xinka.engines.textguard.packs import PackError, load_packs
    from xinka.engines.textguard.reasons import report
    from xinka.engines.textguard.termlists import read_pack_file

    try:
        packs = (*load_packs(), *(read_pack_file(file) for file in files))
    except PackError as error:
        raise click.ClickException(str(error)) from None
    guard = Guard(packs, Model.load())
    kind: Task = "chat" if task == "chat" else "listing"

    def read(record: dict[str, Any]) -> tuple[object, str, Context]:
        context = record.get("context")
        return record.get("id"), text_field(record, "text"), context if isinstance(context, dict) else None

    def judge_all(records: list[tuple[object, str, Context]]) -> Iterator[dict[str, Any]]:
        texts = [written for _, written, _ in records]
        verdicts = guard.judge_all(texts, kind, [context for _, _, context in records])
        for (name, written, _), verdict in zip(records, verdicts, strict=True):
            yield {"id": name, **report(written, verdict, explain=explain)}

    sys.exit(1 if judge_together(read, judge_all) else 0)
