"""``xinka check`` says which rule holds, and fails when one does not."""

from __future__ import annotations

import psycopg
import pytest
from click.testing import CliRunner

from xinka.config.cli import main
from xinka.flows.audit import CHECKS


def test_an_empty_shop_is_in_order(shop_database: str) -> None:
    result = CliRunner().invoke(main, ["check"], env={"DATABASE_URL": shop_database})
    assert result.exit_code == 0, result.output
    assert result.output.count("✓") == len(CHECKS)


def test_a_row_that_breaks_a_rule_is_shown_and_the_command_fails(shop_database: str) -> None:
    with psycopg.connect(shop_database, autocommit=True) as connection:
        connection.execute("INSERT INTO stock_unsold (sku_id, place, code_id) VALUES (7, 1, 4711)")
    result = CliRunner().invoke(main, ["check", "stock"], env={"DATABASE_URL": shop_database})
    assert result.exit_code == 1
    assert "✗ every row of the queue names a code of that SKU" in result.output
    assert "7  4711" in result.output


def test_a_database_without_tables_is_told_plainly(empty_database: str) -> None:
    result = CliRunner().invoke(main, ["check"], env={"DATABASE_URL": empty_database})
    assert result.exit_code == 1
    assert "xinka migrate" in result.output


def test_only_the_named_groups_are_checked(shop_database: str) -> None:
    result = CliRunner().invoke(main, ["check", "ledger"], env={"DATABASE_URL": shop_database})
    assert result.output.count("✓") == sum(check.group == "ledger" for check in CHECKS)


@pytest.mark.parametrize("group", ["stock", "ledger", "delivery"])
def test_every_group_has_rules(group: str) -> None:
    assert any(check.group == group for check in CHECKS)
