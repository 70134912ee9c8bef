"""``xinka manage migrate`` is no way round the patient changing of tables."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.timeout(300)

#: What undoes a step, so that there is something to do.
_UNDO = (
    "DELETE FROM django_migrations WHERE app = 'ratelimits'",
    "DROP TABLE ratelimit_counter",
)


def _manage(database: str, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": database, "XINKA_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", "manage", "migrate", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)


def _steps_of_limits(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM django_migrations WHERE app = 'ratelimits'").fetchone()
        assert row is not None
        return int(row[0])


def test_it_waits_its_turn_behind_whoever_changes_the_tables_now(shop_database: str, tmp_path: Path) -> None:
    """Django's own does not ask for the lock by which only one machine changes them."""
    from xinka.platform.database.migrating import _ALONE

    before = _steps_of_limits(shop_database)
    with psycopg.connect(shop_database, autocommit=True) as connection:
        for statement in _UNDO:
            connection.execute(statement.encode())
        connection.execute("SELECT pg_advisory_lock(%s)", [_ALONE])
        came: list[subprocess.CompletedProcess[str]] = []
        thread = threading.Thread(target=lambda: came.append(_manage(shop_database, tmp_path, "--noinput", "-v", "0")))
        thread.start()
        time.sleep(6)
        assert (came, _steps_of_limits(shop_database)) == ([], 0), "it did not wait"
        connection.execute("SELECT pg_advisory_unlock(%s)", [_ALONE])
        thread.join(200)
    assert (came[0].returncode, _steps_of_limits(shop_database)) == (0, before), came[0].stderr
    assert "done / 已完成" in came[0].stdout


@pytest.mark.parametrize("arguments", [("orders", "zero"), ("ratelimits",), ("--fake",), ("-v", "2", "--run-syncdb")])
def test_going_back_or_a_part_is_refused_with_what_to_do(
    shop_database: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    before = _steps_of_limits(shop_database)
    result = _manage(shop_database, tmp_path, *arguments)
    assert result.returncode == 1
    assert "by `xinka migrate`" in result.stderr
    assert "恢复升级之前的备份" in result.stderr
    assert _steps_of_limits(shop_database) == before


def test_looking_at_the_plan_is_left_to_django(shop_database: str, tmp_path: Path) -> None:
    result = _manage(shop_database, tmp_path, "--plan")
    assert (result.returncode, "No planned migration operations" in result.stdout) == (0, True), result.stderr
