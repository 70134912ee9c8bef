"""``xinka messages``: the texts of the pages and their translation, without gettext's programs."""

from __future__ import annotations

import sys

import click

from xinka.config import translations
from xinka.engines.commands import BilingualGroup


@click.group(cls=BilingualGroup)
def messages() -> None:
    """Extract, check and compile the translations.

    提取、检查与编译译文。
    """


@messages.command()
def extract() -> None:
    """Bring the .po files in step with the sources, keeping what is translated.

    从代码与模板提取文字，更新 .po 文件。
    """
    for path in translations.update():
        click.echo(str(path.relative_to(translations.PACKAGE.parent)))


@messages.command("compile")
def compile_() -> None:
    """Compile the .po files that changed.

    编译有改动的 .po 文件。
    """
    click.echo(f"{translations.compile_stale()} compiled / 已编译")


@messages.command()
def check() -> None:
    """Fail when a text lacks its translation, or a translation its text.

    检查译文是否齐全。
    """
    found = translations.faults()
    for fault in found:
        click.echo(fault)
    if found:
        click.echo(f"{len(found)} to mend / 处需要补译", err=True)
        sys.exit(1)
