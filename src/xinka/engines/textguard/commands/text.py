"""``xinka guard text``: judge listings or talk, a JSON line each."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click

from xinka.engines.commands import Unusable
from xinka.engines.lines import WrongLine, judge_together, text_field


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

    A line may hold `context`, what you know besides, each true or false: `new_seller`, `contact`, `price_bait`, `qr`.

    每行可附 context（您另外知道的情况），值为 true 或 false。
    """
    # The engine is imported here, so that `--help` does not wait for its tables.
    from xinka.engines.textguard.guard import CONTEXT, Context, Guard
    from xinka.engines.textguard.model import Model, Task
    from xinka.engines.textguard.pack_files import PackError
    from xinka.engines.textguard.packs import load_packs, with_ids_once
    from xinka.engines.textguard.reasons import report
    from xinka.engines.textguard.termlists import read_pack_file

    try:
        packs = with_ids_once((*load_packs(), *(read_pack_file(file) for file in files)))
    except PackError as error:
        raise Unusable(str(error)) from None
    guard = Guard(packs, Model.load())
    kind: Task = "chat" if task == "chat" else "listing"

    def read(record: dict[str, Any]) -> tuple[object, str, Context]:
        return record.get("id"), text_field(record, "text"), _context(record, CONTEXT)

    def judge_all(records: list[tuple[object, str, Context]]) -> Iterator[dict[str, Any]]:
        texts = [written for _, written, _ in records]
        verdicts = guard.judge_all(texts, kind, [context for _, _, context in records])
        for (name, written, _), verdict in zip(records, verdicts, strict=True):
            yield {"id": name, **report(written, verdict, explain=explain)}

    sys.exit(1 if judge_together(read, judge_all) else 0)


def _context(record: dict[str, Any], names: Collection[str]) -> dict[str, bool] | None:
    """Return what the caller knows of a text.

    Raises:
        WrongLine: it is no object, or holds a name that nobody knows or a value that is neither true nor false.
    """
    context = record.get("context")
    if context is None:
        return None
    if not isinstance(context, dict):
        raise WrongLine("`context` must be an object / 字段 context 必须是对象")
    for name, value in context.items():
        if name not in names:
            known = ", ".join(names)
            raise WrongLine(f"`context` does not know `{name}`; it knows {known} / context 没有 {name}，可用：{known}")
        if not isinstance(value, bool):
            raise WrongLine(f"`context.{name}` must be true or false / context.{name} 必须是 true 或 false")
    return context
