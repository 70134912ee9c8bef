"""``xinka check``: prove that no code was sold twice, that what was paid was delivered, and that the books balance."""

from __future__ import annotations

import sys

import click

from xinka.config.cli.shop import open_shop, room

_PARTS = ("stock", "ledger", "delivery")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(_PARTS))
def check(parts: tuple[str, ...]) -> None:
    """Check the shop's invariants (all, or the named parts); the exit status is 1 when one does not hold.

    核对库存、账目与交付是否一致；有问题时退出码为 1。
    """
    with open_shop():
        found = room("xinka.flows.audit").check_all(parts or _PARTS)
    for finding in found:
        click.echo(str(finding))
    if found:
        click.echo(f"{len(found)} wrong / 发现 {len(found)} 处问题", err=True)
        sys.exit(1)
    click.echo(f"{', '.join(parts or _PARTS)}: all in order / 一切正常")
