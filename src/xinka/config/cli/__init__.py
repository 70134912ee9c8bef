"""The ``xinka`` command. Each module here is one chore, imported when it is called."""

from __future__ import annotations

from typing import Any

import click

from xinka import __version__
from xinka.engines.commands import LazyGroup, Unusable

_PLACES = {
    "run": "xinka.config.cli.running:run",
    "demo": "xinka.config.cli.running:demo",
    "migrate": "xinka.config.cli.database:migrate",
    "backup": "xinka.config.cli.backups:backup",
    "restore": "xinka.config.cli.backups:restore",
    "account": "xinka.config.cli.accounts:account",
    "key": "xinka.config.cli.key:key",
    "check": "xinka.config.cli.audit:check",
    "maintenance": "xinka.config.cli.maintenance:maintenance",
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


class _Main(LazyGroup):
    """Says what is missing where the engines were installed alone, without the shop."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as missing:
            if (missing.name or "xinka").partition(".")[0] == "xinka" or _is_shop_here():
                raise
            raise Unusable(
                f"this command needs the whole shop, and {missing.name} is not installed: pip install 'xinka[shop]'"
                f" / 此命令需要完整的商店，尚未安装 {missing.name}：pip install 'xinka[shop]'"
            ) from None


def _is_shop_here() -> bool:
    try:
        import django  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        return False
    return True


@click.group(
    cls=_Main, places=_PLACES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(__version__, prog_name="xinka", help="Show the version and exit. / 显示版本")
def main() -> None:
    """Xinka 信卡: a self-hosted marketplace for digital goods.

    自托管的数字商品交易平台。
    """
