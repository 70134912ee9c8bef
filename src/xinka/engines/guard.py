"""``xinka guard``: the engines that look at texts, prices, accounts, names, domains and pictures."""

from __future__ import annotations

from typing import Any

import click

from xinka.engines.commands import StoppableGroup, give_up_output, told

_PLACES = {
    "text": "xinka.engines.textguard.commands.text:text",
    "pack": "xinka.engines.textguard.commands.pack:pack",
    "prices": "xinka.engines.textguard.commands.prices:prices",
    "accounts": "xinka.engines.textguard.commands.accounts:accounts",
    "images": "xinka.engines.textguard.commands.images:images",
    "names": "xinka.engines.lookalike.commands.names:names",
    "domains": "xinka.engines.lookalike.commands.domains:domains",
    "avatars": "xinka.engines.lookalike.commands.avatars:avatars",
}


_SKIPPED = 1


class _GuardGroup(StoppableGroup):
    """Says in both languages that the answers could not be written, as where the disk is full."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click ends quietly where the reader of the answers went away
        except OSError as error:
            give_up_output()
            click.echo(told(error), err=True)
            ctx.exit(_SKIPPED)


@click.group(cls=_GuardGroup, places=_PLACES)
def guard() -> None:
    """Judge texts, prices, accounts, names, domains and pictures; reads and writes JSON lines.

    审核文本、价格、账号、名称、域名与图片；逐行读写 JSON。

    \b
    Exit codes 退出码:
      0    every line was answered            每一行都有结果
      1    some lines were named and skipped, the reader of the answers went away, or
           they could not be written (disk full)
                                              有的行已指出并跳过，读取结果的一方已关闭，或结果无法写入（磁盘已满）
      2    wrong use or an unusable file; nothing was answered
                                              用法错误或文件不可用，没有任何结果
      130  stopped by Ctrl-C                  被 Ctrl-C 停止
    """  # noqa: D301 - click reads the character
