"""``xinka guard``: the engines that look at texts, prices, accounts, names, domains and pictures."""

from __future__ import annotations

import click

from xinka.engines.commands import LazyGroup

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


@click.group(cls=LazyGroup, places=_PLACES)
def guard() -> None:
    """Judge texts, prices, accounts, names, domains and pictures; reads and writes JSON lines.

    审核文本、价格、账号、名称、域名与图片；逐行读写 JSON。
    """
