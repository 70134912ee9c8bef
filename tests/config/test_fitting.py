"""A process that finds older tables than it was written for ends with what to do, and touches nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.apps import apps

from xinka.config.fitting import migrations_of, missing_in

pytestmark = pytest.mark.timeout(400)

_PARTS = (["xinka.config.serve", "till"], ["xinka.config.serve", "web"], ["xinka.config.worker"])


def test_every_migration_of_ours_is_found_without_django(shop_database: str) -> None:
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("xinka.")}
    with psycopg.connect(shop_database) as connection:
        applied = connection.execute("SELECT app, name FROM django_migrations WHERE app = ANY(%s)", [list(ours)])
        assert set(applied.fetchall()) == migrations_of()
    assert missing_in(shop_database) == []


@pytest.mark.parametrize("part", _PARTS, ids=" ".join)
def test_a_part_of_a_newer_version_than_the_tables_says_so(shop_database: str, tmp_path: Path, part: list[str]) -> None:
    with psycopg.connect(shop_database) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'orders' AND name LIKE '0004%'")
    environment = {**os.environ, "DATABASE_URL": shop_database, "XINKA_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", *part]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1
    assert "older than the program (orders.0004_title_in_english)" in done.stderr
    assert "数据表比程序旧" in done.stderr


def test_a_database_that_is_away_is_no_matter_of_versions(short_directory: Path) -> None:
    assert missing_in(f"postgresql:///xinka?host={short_directory}") == []


def test_an_empty_database_lacks_everything(empty_database: str) -> None:
    assert len(missing_in(empty_database)) == len(migrations_of())
