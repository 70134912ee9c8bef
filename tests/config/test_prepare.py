"""Preparing a shop is done once, by one of several that start together, and costs nothing the second time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

_COMMAND = [sys.executable, "-m", "xinka.config.prepare"]


def _prepare(database: str, data_dir: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "DATABASE_URL": database, "XINKA_DATA_DIR": str(data_dir)}
    return subprocess.Popen(_COMMAND, env=environment, stderr=subprocess.PIPE, text=True)


def test_of_two_that_start_together_one_migrates_and_both_come_through(empty_database: str, tmp_path: Path) -> None:
    both = [_prepare(empty_database, tmp_path / name) for name in ("one", "two")]
    said = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("tables" in text for text in said) == 1
    with psycopg.connect(empty_database) as connection:
        doubled = connection.execute(
            "SELECT app, name FROM django_migrations GROUP BY app, name HAVING count(*) > 1"
        ).fetchall()
    assert doubled == []


def test_the_second_time_there_is_nothing_to_do(shop_database: str, tmp_path: Path) -> None:
    first = _prepare(shop_database, tmp_path).communicate(timeout=100)[1]
    assert "static files" in first
    assert (tmp_path / "static").is_dir()
    assert _prepare(shop_database, tmp_path).communicate(timeout=100)[1] == ""
