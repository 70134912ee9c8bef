"""``xinka stock import``: put a file of card codes into the vault."""

from __future__ import annotations

from pathlib import Path

import click

from xinka.config.cli.shop import open_shop, room


@click.group()
def stock() -> None:
    """Work with the stock of card codes.

    管理卡密库存。
    """


@stock.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sku", type=int, required=True, help="The number of the SKU that gets the codes.")
def import_codes(file: Path, sku: int) -> None:
    """Put the codes of FILE (TXT or CSV; UTF-8 or GBK) into stock; codes that are there already are left out.

    把文件中的卡密导入库存；已有的卡密会跳过。
    """
    # Here, because --help does without them.
    from rich.console import Console
    from rich.progress import Progress

    from xinka.config.behind import BEHIND_ALL, BEHIND_THE_TILL, connections_step_behind, lead_a_session, step_behind
    from xinka.kernel.errors import Refusal

    lead_a_session()
    with open_shop(), Progress(console=Console(stderr=True), transient=True) as bar:
        step_behind(BEHIND_ALL)  # after the shop is open: its database must not inherit this
        connections_step_behind(BEHIND_THE_TILL)
        task = bar.add_task("Importing / 正在导入", total=file.stat().st_size)
        try:
            batch = room("xinka.flows.stocking").import_file(
                file, sku, on_progress=lambda done: bar.update(task, completed=done)
            )
        except Refusal as refusal:
            raise click.ClickException(f"{refusal.message('en')} / {refusal.message('zh-hans')}") from None
    click.echo(
        f"{batch.n_added} added / 已入库, {batch.n_known} known already / 已存在, "
        f"{batch.n_repeated} repeated in the file / 文件内重复, {batch.n_invalid} not usable / 无效"
    )
