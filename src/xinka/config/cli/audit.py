"""``xinka check``: prove that no code was sold twice, that what was paid was delivered, and that the books balance."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from xinka.config.cli.shop import WRONG_TABLES, open_database

if TYPE_CHECKING:
    from xinka.config.environment import Environment
    from xinka.flows.audit import Finding

_GROUPS = ("stock", "ledger", "delivery", "escrow", "disputes", "promotions", "payouts", "vault")


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(_GROUPS))
@click.option(
    "--rows", default=20, show_default=True, type=click.IntRange(1, 100_000),
    help="Show so many of what breaks a rule. / 每条规则最多列出多少项。",
)  # fmt: skip
def check(groups: tuple[str, ...], rows: int) -> None:
    """Check the shop's invariants (all, or the named groups); the exit status is 1 when one does not hold.

    核对库存、账目与交付是否一致；有问题时退出码为 1。
    """
    with open_database() as environment:
        findings = _find(groups or _GROUPS, environment, rows)
    for finding in findings:
        _tell(finding, rows)
    broken = sum(not finding.holds for finding in findings)
    if broken:
        click.echo(f"{broken} of {len(findings)} rules are broken / 有 {broken} 项不符", err=True)
        sys.exit(1)
    click.echo(f"{len(findings)} rules hold / 全部一致")


def _tell(finding: Finding, most: int) -> None:
    """Say whether a rule holds; where it does not, what breaks it, and what to do about it."""
    click.echo(f"{'✓' if finding.holds else '✗'} {finding.check.rule_en} / {finding.check.rule_zh}")
    for row in finding.rows:
        click.echo("    " + "  ".join(map(str, row)))
    if len(finding.rows) == most:
        click.echo(f"    … there may be more: --rows {most * 10} / 可能还有，用 --rows {most * 10} 查看")
    if finding.rows and finding.check.mend_en:
        click.echo(f"  → {finding.check.mend_en}\n  → {finding.check.mend_zh}")


def _find(groups: tuple[str, ...], environment: Environment, rows: int) -> list[Finding]:
    """Run the checks in one snapshot, so that a shop which sells meanwhile looks whole."""
    # Here, because every --help does without the database driver and the progress bar.
    import psycopg
    from rich.console import Console
    from rich.progress import Progress

    from xinka.flows.audit import check_all
    from xinka.platform.database.drive import drive
    from xinka.platform.vault.envelope import Keyring

    keyring = Keyring(environment.master_key) if environment.has_key else None
    found: list[Finding] = []
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as connection,
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            for group in bar.track(groups, description="Checking / 正在核对"):
                found += drive(connection, check_all(group, keyring=keyring, most=rows))
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            raise click.ClickException(WRONG_TABLES) from None
    return found
