"""``xinka guard pack``: look after rule packs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from xinka.engines.commands import BilingualGroup, Unusable


@click.group("pack", cls=BilingualGroup)
def pack() -> None:
    """Look after rule packs.

    维护规则包。
    """


@pack.command("test")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def test(files: tuple[Path, ...]) -> None:
    """Run every example of the shipped packs, or of FILES: each must hit or pass as its rule says.

    运行规则包里的全部示例（不写文件名时检查自带规则包）。
    """
    from xinka.engines.textguard.examples import check_examples  # keeps `--help` quick
    from xinka.engines.textguard.pack_files import PackError
    from xinka.engines.textguard.packs import load_packs, with_ids_once
    from xinka.engines.textguard.termlists import read_pack_file

    try:
        packs = with_ids_once(tuple(read_pack_file(file) for file in files)) if files else load_packs()
    except PackError as error:
        raise Unusable(str(error)) from None
    n_examples, failures = check_examples(packs)
    for failure in failures:
        click.echo(f"✗ {failure}")
    rules = sum(len(p.rules) for p in packs)
    click.echo(
        f"{len(packs)} packs, {rules} rules, {n_examples} examples, {len(failures)} failed / 失败 {len(failures)} 条"
    )
    sys.exit(1 if failures else 0)
