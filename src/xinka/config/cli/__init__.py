"""The ``xinka`` command. Each module here is one chore; heavy imports wait inside the commands that need them."""

from __future__ import annotations

import click

from xinka import __version__
from xinka.config.cli.audit import check
from xinka.config.cli.bench import bench
from xinka.config.cli.database import manage, migrate
from xinka.config.cli.ledger import ledger
from xinka.config.cli.messages import messages
from xinka.config.cli.running import demo, run
from xinka.config.cli.setting_up import channel, merchant
from xinka.config.cli.stock import stock


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="xinka")
def main() -> None:
    """Xinka 信卡: a self-hosted marketplace for digital goods.

    自托管的数字商品交易平台。
    """


for _command in (run, demo, migrate, check, merchant, channel, stock, ledger, bench, messages, manage):
    main.add_command(_command)
