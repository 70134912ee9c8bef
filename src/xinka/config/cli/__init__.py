"""The ``xinka`` command. Each module here is one chore, imported when it is called."""

from __future__ import annotations

import click

from xinka import __version__
from xinka.engines.commands import LazyGroup

_PLACES = {
    "run": "xinka.config.cli.running:run",
    "demo": "xinka.config.cli.running:demo",
    "migrate": "xinka.config.cli.database:migrate",
    "backup": "xinka.config.cli.backups:backup",
    "restore": "xinka.config.cli.backups:restore",
    "account": "xinka.config.cli.accounts:account",
    "key": "xinka.config.cli.key:key",
    "check": "xinka.config.cli.audit:check",
    "merchant": "xinka.config.cli.setting_up:merchant",
    "channel": "xinka.config.cli.setting_up:channel",
    "stock": "xinka.config.cli.stock:stock",
    "ledger": "xinka.config.cli.ledger:ledger",
    "guard": "xinka.engines.guard:guard",
    "log": "xinka.engines.merkle.commands:log",
    "bench": "xinka.config.cli.bench:bench",
    "messages": "xinka.config.cli.messages:messages",
    "manage": "xinka.config.cli.database:manage",
}


@click.group(
    cls=LazyGroup, places=_PLACES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(__version__, prog_name="xinka")
def main() -> None:
    """Xinka 信卡: a self-hosted marketplace for digital goods.

    自托管的数字商品交易平台。
    """
