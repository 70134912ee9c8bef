"""``xinka check``: prove that no code was sold twice, that what was paid was delivered, and that the books balance."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from xinka.config.cli.shop import WRONG_TABLES, open_database

if TYPE_CHECKING:
    from xinka.flows.audit import Finding

_GROUPS = ("stock", "ledger", "delivery", "escrow", "disputes", "promotions", "payouts", "vault")


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(_GROUPS))
def check(groups: tuple[str, ...]) -> None:
    """Check the shop's invariants (all, or the named groups); the exit status is 1 when one does not hold.

    核对库存、账目与交付是否一致；有问题时退出码为 1。
    """
    with open_database():
        findings = _find(groups or _GROUPS)
    for finding in findings:
        click.echo(f"{'✓' if finding.holds else '✗'} {finding.check.rule_en} / {finding.check.rule_zh}")
        for row in finding.rows:
            click.echo("    " + "  ".join(map(str, row)))
    broken = sum(not finding.holds for finding in findings)
    if broken:
        click.echo(f"{broken} of {len(findings)} rules are broken / 有 {broken} 项不符", err=True)
        sys.exit(1)
    click.echo(f"{len(findings)} rules hold / 全部一致")


def _find(groups: tuple[str, ...]) -> list[Finding]:
    """Run the checks in one snapshot, so that a shop which sells meanwhile looks whole."""
    # Here, because every --help does without the database driver and the progress bar.
    import psycopg
    from rich.console import Console
    from rich.progress import Progress

    from xinka.flows.audit import check_all
    from xinka.platform.database.drive import drive

    found: list[Finding] = []
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as connection,
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            for group in bar.track(groups, description="Checking / 正在核对"):
                found += drive(connection, check_all(group))
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            raise click.ClickException(WRONG_TABLES) from None
    return found
