"""Preparing a shop is done once, by one of several that start together, and costs nothing the second time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.timeout(700)

_COMMAND = [sys.executable, "-m", "xinka.config.prepare"]


def _prepare(database: str, data_dir: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "DATABASE_URL": database, "XINKA_DATA_DIR": str(data_dir)}
    return subprocess.Popen(_COMMAND, env=environment, stderr=subprocess.PIPE, text=True)


def test_of_two_that_start_together_one_migrates_and_both_come_through(empty_database: str, tmp_path: Path) -> None:
    both = [_prepare(empty_database, tmp_path / name) for name in ("one", "two")]
    said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("tables" in text for text in said) == 1
    with psycopg.connect(empty_database) as connection:
        doubled = connection.execute(
            "SELECT app, name FROM django_migrations GROUP BY app, name HAVING count(*) > 1"
        ).fetchall()
    assert doubled == []


def test_the_second_time_there_is_nothing_to_do(shop_database: str, tmp_path: Path) -> None:
    first = _prepare(shop_database, tmp_path).communicate(timeout=300)[1]
    assert "static files" in first
    assert (tmp_path / "static").is_dir()
    assert _prepare(shop_database, tmp_path).communicate(timeout=300)[1] == ""


def _pretend_applied(database: str, app: str, name: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", [app, name])


@pytest.mark.parametrize("app", ["orders", "procrastinate", "a_room_of_tomorrow"])
def test_tables_that_a_newer_version_has_changed_are_left_alone(shop_database: str, tmp_path: Path, app: str) -> None:
    _pretend_applied(shop_database, app, "0999_tomorrow")
    process = _prepare(shop_database, tmp_path)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 1
    assert f"newer than this version of the shop ({app}.0999_tomorrow)" in said
    assert "数据表比这个版本的程序新" in said
    assert not (tmp_path / "static").exists()


def test_a_migration_that_got_another_name_makes_no_table_newer(shop_database: str, tmp_path: Path) -> None:
    _pretend_applied(shop_database, "orders", "0002_as_it_was_called_first")
    process = _prepare(shop_database, tmp_path)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said


def test_whoever_never_lets_a_table_go_is_named(committed_shop: str) -> None:
    """A step that does not get its lock is tried again, and given up with who had it; what it was to do is not done."""
    from django.db import connection

    from xinka.platform.database.migrating import TablesAreBusy, patiently

    def step() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE orders_order ADD COLUMN late bigint")

    said: list[str] = []
    with psycopg.connect(committed_shop, application_name="somebodys-psql") as reader:
        reader.execute("SELECT count(*) FROM orders_order")
        with pytest.raises(TablesAreBusy, match="somebodys-psql"):
            patiently(step, connection, said.append, patience=2)
    assert len(said) == 1
    patiently(step, connection, said.append)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(late), current_setting('lock_timeout') FROM orders_order")
        assert cursor.fetchall() == [(0, "0")]


def test_static_files_that_were_copied_half_are_copied_anew(shop_database: str, tmp_path: Path) -> None:
    """Also when the checkout is by then again the one that was copied whole before."""
    _prepare(shop_database, tmp_path).communicate(timeout=300)
    whole = sorted(path.name for path in (tmp_path / "static").rglob("*"))
    (tmp_path / "static.mark").write_text("of another checkout", encoding="ascii")
    process = _prepare(shop_database, tmp_path)
    assert process.stderr is not None
    assert "static files" in process.stderr.readline()
    process.kill()
    process.communicate(timeout=300)
    assert not (tmp_path / "static.mark").exists()
    _prepare(shop_database, tmp_path).communicate(timeout=300)
    assert sorted(path.name for path in (tmp_path / "static").rglob("*")) == whole
