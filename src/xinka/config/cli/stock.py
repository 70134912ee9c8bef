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
    from rich.progress import Progress  # here, because only long work shows progress

    with open_shop(), Progress(transient=True) as progress:
        task = progress.add_task("Importing / 正在导入", total=file.stat().st_size)
        result = room("xinka.flows.stocking").import_file(
            sku, file, advance=lambda done: progress.update(task, completed=done)
        )
    click.echo(str(result))
