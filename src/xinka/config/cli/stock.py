"""``xinka stock import``: put a file of card codes into the vault."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xinka.config.cli.shop import open_shop, refusals_told, room
from xinka.engines.commands import StoppableGroup

if TYPE_CHECKING:
    from xinka.stock.importing.problems import Problem
    from xinka.stock.importing.wishes import Wish
    from xinka.stock.previews import Preview

#: So many lines that cannot be sold are named; of the rest only the number is told.
_MOST_PROBLEMS = 10


@click.group(cls=StoppableGroup, places={})
def stock() -> None:
    """Work with the stock of card codes.

    管理卡密库存。
    """


_SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|", "dashes": "----"}


@stock.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sku", type=int, required=True, help="The number of the SKU that gets the codes. / 入库的规格编号")
@click.option(
    "--separator", type=click.Choice(list(_SEPARATORS)), help="What stands between the columns. / 列之间的分隔符"
)
@click.option(
    "--heading/--no-heading", default=None, help="Whether the first line names the columns. / 第一行是不是列名"
)
@click.option(
    "--code",
    help="Columns that make the code, in order: numbers from 1 on or names, as in 2,3. "
    "/ 组成卡密的列，按顺序写编号或列名",
)
@click.option(
    "--join", help="What comes between the parts of a code; a space unless told. / 卡密各部分之间的连接符，默认空格"
)
@click.option("--label", help="The column of labels, which buyers can read. / 标签列，买家可见")
@click.option("--expires", help="The column of expiry dates. / 有效期列")
@click.option(
    "--preview",
    is_flag=True,
    help="Show what an import would do, codes masked, and import nothing. / 只预览，卡密打码，不导入",
)
def import_codes(file: Path, sku: int, *, preview: bool, **columns: Any) -> None:
    """Put the codes of FILE (TXT or CSV; UTF-8 or GBK) into stock; codes that are there already are left out.

    Without an option about columns, the first line of a CSV file tells what they are.

    把文件中的卡密导入库存；已有的卡密会跳过。列可以用编号（从 1 起）或表头的名称指定；--preview 只预览，不导入。
    """
    # Here, because --help does without them.
    from rich.console import Console
    from rich.progress import Progress

    from xinka.config.behind import BEHIND_ALL, BEHIND_THE_TILL, connections_step_behind, lead_a_session, step_behind

    lead_a_session()
    with open_shop(), refusals_told(), Progress(console=Console(stderr=True), transient=True) as bar:
        step_behind(BEHIND_ALL)  # after the shop is open: its database must not inherit this
        connections_step_behind(BEHIND_THE_TILL)
        stocking = room("xinka.flows.stocking")
        if preview:
            found = stocking.look_at_file(file, sku, columns=_wish(columns))
            _show(found)
            return
        task = bar.add_task("Importing / 正在导入", total=file.stat().st_size)
        batch = stocking.import_file(
            file, sku, columns=_wish(columns), on_progress=lambda done: bar.update(task, completed=done)
        )
    problems = room("xinka.stock.importing.problems")
    _name_lines([problems.Problem.from_json(each) for each in batch.problems], batch.n_invalid)
    click.echo(
        f"{batch.n_added} added / 已入库, {batch.n_known} known already / 已存在, "
        f"{batch.n_repeated} repeated in the file / 文件内重复, {batch.n_invalid} not usable / 无效"
    )


def _wish(columns: dict[str, Any]) -> Wish | None:
    """Return what the options say of the columns, if they say anything."""
    if all(value is None for value in columns.values()):
        return None
    from xinka.stock.importing.wishes import Wish

    return Wish(
        separator=_SEPARATORS.get(columns["separator"] or "", ""),
        has_heading=columns["heading"],
        code=tuple((columns["code"] or "").split(",")) if columns["code"] else (),
        joined_by=" " if columns["join"] is None else columns["join"],
        label=columns["label"] or "",
        expires_on=columns["expires"] or "",
    )


def _show(found: Preview) -> None:
    """Write the first lines of a preview and its counts."""
    for row in found.rows:
        skipped = "\trepeated / 文件内重复" if row.is_repeated else "\tknown / 已存在" if row.is_known else ""
        click.echo(f"{row.line}\t{row.masked}\t{row.label}\t{row.expires_on or ''}{skipped}")
    _name_lines(found.problems, found.n_invalid)
    click.echo(
        f"{found.n_new} to import / 将入库, {found.n_known} known already / 已存在, {found.n_repeated} repeated in the "
        f"file / 文件内重复, {found.n_invalid} not usable / 无效. Nothing was imported. / 没有导入任何内容。"
    )
    if found.is_partial:
        click.echo(f"Only the first {found.n_lines} lines were looked at. / 只看了前 {found.n_lines} 行。")


def _name_lines(problems: Sequence[Problem], n_invalid: int) -> None:
    """Write which lines cannot be sold and why, in both languages."""
    from django.utils.translation import override  # here, because Django is loaded only now

    in_words = room("xinka.stock.importing.words").in_words
    for problem in problems[:_MOST_PROBLEMS]:
        with override("en"):
            english = in_words(problem.why)
        with override("zh-hans"):
            chinese = in_words(problem.why)
        click.echo(f"Line {problem.line} {english} / 第 {problem.line} 行：{chinese}")
    if n_invalid > _MOST_PROBLEMS:
        click.echo(f"… and {n_invalid - _MOST_PROBLEMS} more lines / 另外还有 {n_invalid - _MOST_PROBLEMS} 行")
